#include "part3_objects/pickle/object.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <iterator>
#include <optional>
#include <random>
#include <stdexcept>
#include <string_view>

#include "common/text.hpp"
#include "common/unicode.hpp"

namespace {

// Turns an object into bytes that are the same for two objects if they are equal in Python: 1, 1.0 and True are, and a
// NaN is equal to nothing.
struct EqualWriter {
  std::string& out;
  bool is_key;  // of a dict: neither it nor what it holds may be changeable

  void operator()(None) const { out += 'N'; }
  void operator()(bool truth) const { write('i', std::int64_t{truth}); }
  void operator()(std::int64_t number) const { write('i', number); }
  void operator()(double number) const {
    static std::atomic<std::uint64_t> nans = 0;
    if (std::isnan(number)) return write('n', ++nans);
    const bool is_int = number == std::trunc(number) && number >= -0x1p63 && number < 0x1p63;
    is_int ? write('i', static_cast<std::int64_t>(number)) : write('f', number);
  }
  void operator()(const std::string& text) const {
    write('s', text.size());
    out += text;
  }
  void operator()(const Bytes& bytes) const {
    write('b', bytes.bytes.size());
    out += bytes.bytes;
  }
  void operator()(const Tuple& tuple) const {
    write('t', tuple.items.size());
    for (const Object& item : tuple.items) std::visit(*this, item.value);
  }
  void operator()(const List& list) const {
    if (is_key) throw std::invalid_argument("unhashable type: 'list'");
    write('l', list.items.size());
    for (const Object& item : list.items) std::visit(*this, item.value);
  }
  void operator()(const Dict& dict) const {
    if (is_key) throw std::invalid_argument("unhashable type: 'dict'");
    std::vector<std::string> entries;
    for (const auto& [key, value] : dict.entries()) {
      EqualWriter writer{entries.emplace_back(), false};
      std::visit(writer, key.value);
      std::visit(writer, value.value);
    }
    std::sort(entries.begin(), entries.end());  // the order of a dict does not matter
    write('d', entries.size());
    for (const std::string& entry : entries) out += entry;
  }

  template <typename T>
  void write(char type, const T& value) const {
    out += type;
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
};

std::string equal_text(const Object& object) {
  std::string text;
  std::visit(EqualWriter{text, false}, object.value);
  return text;
}

// A polynomial of the bytes, modulo the prime 2^31 - 1, at a random point. Strangers do not know the point, so they
// cannot choose keys that share a hash and so make a dict slow.
std::uint64_t hash_of(std::string_view bytes) {
  constexpr std::uint64_t prime = 0x7fff'ffff;
  static const std::uint64_t point = std::random_device()() % (prime / 2);
  std::uint64_t hash = bytes.size();
  for (const char byte : bytes) {
    hash = hash * point + static_cast<unsigned char>(byte);
    hash = (hash & prime) + (hash >> 31);  // under 2^32 and, since 2^31 is 1 modulo the prime, the same
  }
  return hash;
}

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
    // fmt finds the same digits as Python, the fewest that give the number back. But it writes 1.0 as 1, and a
    // NaN with its sign.
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

Dict::Dict(std::vector<Entry> entries) : entries_(std::move(entries)) {
  // A hash table of places. Each slot leads to an entry, and each entry to the next one with the same slot.
  constexpr std::uint32_t none = 0xffff'ffff;
  const std::size_t size = entries_.size();
  std::vector<std::uint32_t> slots(2 * size, none);
  std::uint32_t* const next = slots.data() + size;
  std::uint32_t end = 0;  // of the entries that stay; they are moved to the front
  std::string text;
  for (Entry& entry : entries_) {
    const auto* str = std::get_if<std::string>(&entry.first.value);
    text.clear();
    if (str == nullptr) std::visit(EqualWriter{text, true}, entry.first.value);
    std::uint32_t& slot = slots[static_cast<std::size_t>(hash_of(str != nullptr ? *str : text) % size)];
    std::uint32_t place = slot;
    while (place != none && !(entries_[place].first == entry.first)) place = next[place];
    if (place != none) {
      entries_[place].second = std::move(entry.second);
      continue;
    }
    if (&entries_[end] != &entry) entries_[end] = std::move(entry);
    next[end] = std::exchange(slot, end);
    ++end;
  }
  entries_.resize(end);
}

const Object* Dict::find(const Object& key) const {
  const auto entry =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.first == key; });
  return entry == entries_.end() ? nullptr : &entry->second;
}

bool operator==(const Object& left, const Object& right) {
  const auto* left_str = std::get_if<std::string>(&left.value);
  const auto* right_str = std::get_if<std::string>(&right.value);
  if (left_str != nullptr && right_str != nullptr) return *left_str == *right_str;
  return equal_text(left) == equal_text(right);
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
