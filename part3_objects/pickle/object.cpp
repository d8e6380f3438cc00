#include "part3_objects/pickle/object.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "common/text.hpp"
#include "common/unicode.hpp"

namespace {

// Writes a text for a key, the same for keys that Python takes for one: equal numbers have one text, whatever
// their type.
struct KeyWriter {
  std::string& key;

  void operator()(None) const { key += "None"; }
  void operator()(bool truth) const { key += truth ? "1" : "0"; }
  void operator()(std::int64_t number) const { key += std::to_string(number); }
  void operator()(double number) const {
    const bool fits_int = number == std::trunc(number) && number >= -0x1p63 && number < 0x1p63;
    key += fits_int ? std::to_string(static_cast<std::int64_t>(number)) : fmt::format("{}", number);
  }
  void operator()(const std::string& text) const { key += fmt::format("str {} {}", text.size(), text); }
  void operator()(const Bytes& bytes) const {
    key += fmt::format("bytes {} {}", bytes.bytes.size(), bytes.bytes);
  }
  void operator()(const List&) const { throw std::invalid_argument("unhashable type: 'list'"); }
  void operator()(const Dict&) const { throw std::invalid_argument("unhashable type: 'dict'"); }
  void operator()(const Tuple& tuple) const {
    key += '(';
    for (const Object& item : tuple.items) {
      std::visit(*this, item.value);
      key += ',';
    }
    key += ')';
  }
};

std::string key_text(const Object& object) {
  std::string key;
  std::visit(KeyWriter{key}, object.value);
  return key;
}

bool is_number(const Object& object) {
  return std::holds_alternative<bool>(object.value) || std::holds_alternative<std::int64_t>(object.value) ||
         std::holds_alternative<double>(object.value);
}

bool is_nan(const Object& object) {
  const double* number = std::get_if<double>(&object.value);
  return number != nullptr && std::isnan(*number);
}

// Compares all but numbers.
struct Equal {
  template <typename Left, typename Right>
  bool operator()(const Left&, const Right&) const {
    return false;  // of two types
  }
  bool operator()(None, None) const { return true; }
  bool operator()(const std::string& left, const std::string& right) const { return left == right; }
  bool operator()(const Bytes& left, const Bytes& right) const { return left.bytes == right.bytes; }
  bool operator()(const List& left, const List& right) const { return left.items == right.items; }
  bool operator()(const Tuple& left, const Tuple& right) const { return left.items == right.items; }
  bool operator()(const Dict& left, const Dict& right) const {
    std::map<std::string, const Entry*> by_key;
    for (const Entry& entry : right.entries()) by_key.emplace(key_text(entry.first), &entry);
    return left.entries().size() == right.entries().size() &&
           std::all_of(left.entries().begin(), left.entries().end(), [&](const Entry& entry) {
             const auto other = by_key.find(key_text(entry.first));
             return other != by_key.end() && *other->second == entry;
           });
  }
};

void append_escaped(std::string& out, std::uint32_t code_point) {
  const auto end = std::back_inserter(out);
  if (code_point == '\t') {
    out += "\\t";
  } else if (code_point == '\n') {
    out += "\\n";
  } else if (code_point == '\r') {
    out += "\\r";
  } else if (code_point <= 0xff) {
    fmt::format_to(end, "\\x{:02x}", code_point);
  } else if (code_point <= 0xffff) {
    fmt::format_to(end, "\\u{:04x}", code_point);
  } else {
    fmt::format_to(end, "\\U{:08x}", code_point);
  }
}

struct ReprWriter {
  std::string& out;

  void operator()(None) const { out += "None"; }
  void operator()(bool truth) const { out += truth ? "True" : "False"; }
  void operator()(std::int64_t number) const { out += std::to_string(number); }

  void operator()(double number) const {
    // fmt finds the same digits as Python, the fewest that give the number back. But it writes 1.0 as 1, and
    // the sign of a NaN.
    const std::string digits = std::isnan(number) ? "nan" : fmt::format("{}", number);
    out += digits;
    if (digits.find_first_not_of("-0123456789") == std::string::npos) out += ".0";
  }

  void operator()(const std::string& text) const {
    // Python quotes with ' unless that would have to be escaped and " would not.
    const bool has_single = text.find('\'') != std::string::npos;
    const char quote = has_single && text.find('"') == std::string::npos ? '"' : '\'';
    out += quote;
    for (std::string_view rest = text; !rest.empty();) {
      const std::string_view from_here = rest;
      const std::optional<char32_t> character = take_character(rest);
      const std::string_view bytes = from_here.substr(0, from_here.size() - rest.size());
      if (bytes[0] == quote || bytes[0] == '\\') out += '\\';
      if (character && is_printable(*character)) {
        out += bytes;
      } else {
        append_escaped(out, character ? *character : static_cast<unsigned char>(bytes[0]));
      }
    }
    out += quote;
  }

  void operator()(const Bytes& bytes) const { out += python_bytes(bytes.bytes); }

  void operator()(const List& list) const {
    out += '[';
    write_items(list.items);
    out += ']';
  }

  void operator()(const Tuple& tuple) const {
    out += '(';
    write_items(tuple.items);
    out += tuple.items.size() == 1 ? ",)" : ")";  // (1) would be the number 1 in brackets
  }

  void operator()(const Dict& dict) const {
    out += '{';
    const char* separator = "";
    for (const auto& [key, value] : dict.entries()) {
      out += separator;
      std::visit(*this, key.value);
      out += ": ";
      std::visit(*this, value.value);
      separator = ", ";
    }
    out += '}';
  }

  void write_items(const std::vector<Object>& items) const {
    const char* separator = "";
    for (const Object& item : items) {
      out += separator;
      std::visit(*this, item.value);
      separator = ", ";
    }
  }
};

}  // namespace

Dict::Dict(std::initializer_list<Entry> entries) : Dict(std::vector<Entry>(entries)) {}

Dict::Dict(std::vector<Entry> entries) {
  entries_.reserve(entries.size());
  std::map<std::string, std::size_t> places;  // not a hash table: a stranger could make that one slow
  for (Entry& entry : entries) {
    const auto [place, is_new] = places.try_emplace(key_text(entry.first), entries_.size());
    // A NaN is equal to nothing: each is a key of its own.
    if (is_new || !(entries_[place->second].first == entry.first)) {
      entries_.push_back(std::move(entry));
    } else {
      entries_[place->second].second = std::move(entry.second);
    }
  }
}

const Object* Dict::find(const Object& key) const {
  const auto entry =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.first == key; });
  return entry == entries_.end() ? nullptr : &entry->second;
}

bool operator==(const Object& left, const Object& right) {
  if (is_number(left) && is_number(right)) return !is_nan(left) && key_text(left) == key_text(right);
  return std::visit(Equal(), left.value, right.value);
}

const char* type_name(const Object& object) {
  constexpr std::array names = {"NoneType", "bool", "int", "float", "str", "bytes", "list", "tuple", "dict"};
  return names[object.value.index()];
}

std::string repr(const Object& object) {
  std::string text;
  std::visit(ReprWriter{text}, object.value);
  return text;
}

std::string str(const Object& object) {
  const std::string* text = std::get_if<std::string>(&object.value);
  return text != nullptr ? *text : repr(object);
}
