#include "part3_objects/pickle/pickle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "common/text.hpp"
#include "common/unicode.hpp"
#include "part3_objects/pickle/pickle_machine.hpp"

namespace {

struct Opcode {
  unsigned char code;
  std::string_view name;
  void (*run)(PickleMachine& machine);
};

constexpr std::nullptr_t calls_code = nullptr;

// What pickle.dumps() writes at protocols 2 to 5 for the types of Object, then what names or calls code and
// is never run. Lib/pickletools.py has the same codes and names, and tells more about each.
constexpr Opcode opcodes[] = {
    {0x80, "PROTO", [](PickleMachine& m) { m.check_protocol(m.read_unsigned(1)); }},
    {0x95, "FRAME", [](PickleMachine& m) { m.begin_frame(m.read_unsigned(8)); }},
    {'.', "STOP", [](PickleMachine& m) { m.stop(); }},

    {'N', "NONE", [](PickleMachine& m) { m.push(None{}); }},
    {0x88, "NEWTRUE", [](PickleMachine& m) { m.push(true); }},
    {0x89, "NEWFALSE", [](PickleMachine& m) { m.push(false); }},
    {'K', "BININT1", [](PickleMachine& m) { m.push(static_cast<std::int64_t>(m.read_unsigned(1))); }},
    {'M', "BININT2", [](PickleMachine& m) { m.push(static_cast<std::int64_t>(m.read_unsigned(2))); }},
    {'J', "BININT", [](PickleMachine& m) { m.push(m.read_signed(4)); }},
    {0x8a, "LONG1", [](PickleMachine& m) { m.push(m.read_signed(m.read_unsigned(1))); }},
    {0x8b, "LONG4", [](PickleMachine& m) { m.push(m.read_signed(m.read_unsigned(4))); }},
    {'G', "BINFLOAT", [](PickleMachine& m) { m.push(m.read_float()); }},
    {0x8c, "SHORT_BINUNICODE", [](PickleMachine& m) { m.push(m.read_text(m.read_unsigned(1))); }},
    {'X', "BINUNICODE", [](PickleMachine& m) { m.push(m.read_text(m.read_unsigned(4))); }},
    {0x8d, "BINUNICODE8", [](PickleMachine& m) { m.push(m.read_text(m.read_unsigned(8))); }},
    {'C', "SHORT_BINBYTES", [](PickleMachine& m) { m.push(Bytes{std::string(m.read(m.read_unsigned(1)))}); }},
    {'B', "BINBYTES", [](PickleMachine& m) { m.push(Bytes{std::string(m.read(m.read_unsigned(4)))}); }},
    {0x8e, "BINBYTES8", [](PickleMachine& m) { m.push(Bytes{std::string(m.read(m.read_unsigned(8)))}); }},

    {'c', "GLOBAL", [](PickleMachine& m) { m.push_function(); }},  // for bytes at protocol 2, nothing else
    {'R', "REDUCE", [](PickleMachine& m) { m.make_bytes(); }},

    {'(', "MARK", [](PickleMachine& m) { m.push_mark(); }},
    {']', "EMPTY_LIST", [](PickleMachine& m) { m.push(List{}); }},
    {'a', "APPEND", [](PickleMachine& m) { m.append_to_list(m.pop(1)); }},
    {'e', "APPENDS", [](PickleMachine& m) { m.append_to_list(m.pop_to_mark()); }},
    {')', "EMPTY_TUPLE", [](PickleMachine& m) { m.push(Tuple{}); }},
    {0x85, "TUPLE1", [](PickleMachine& m) { m.push_tuple(m.pop(1)); }},
    {0x86, "TUPLE2", [](PickleMachine& m) { m.push_tuple(m.pop(2)); }},
    {0x87, "TUPLE3", [](PickleMachine& m) { m.push_tuple(m.pop(3)); }},
    {'t', "TUPLE", [](PickleMachine& m) { m.push_tuple(m.pop_to_mark()); }},
    {'}', "EMPTY_DICT", [](PickleMachine& m) { m.push(Dict{}); }},
    {'s', "SETITEM", [](PickleMachine& m) { m.append_to_dict(m.pop(2)); }},
    {'u', "SETITEMS", [](PickleMachine& m) { m.append_to_dict(m.pop_to_mark()); }},

    {'q', "BINPUT", [](PickleMachine& m) { m.memoize(m.read_unsigned(1)); }},
    {'r', "LONG_BINPUT", [](PickleMachine& m) { m.memoize(m.read_unsigned(4)); }},
    {0x94, "MEMOIZE", [](PickleMachine& m) { m.memoize(); }},
    {'h', "BINGET", [](PickleMachine& m) { m.recall(m.read_unsigned(1)); }},
    {'j', "LONG_BINGET", [](PickleMachine& m) { m.recall(m.read_unsigned(4)); }},
    {'0', "POP", [](PickleMachine& m) { m.pop(1); }},
    {'1', "POP_MARK", [](PickleMachine& m) { m.pop_to_mark(); }},

    {0x93, "STACK_GLOBAL", calls_code},
    {'b', "BUILD", calls_code},
    {'i', "INST", calls_code},
    {'o', "OBJ", calls_code},
    {0x81, "NEWOBJ", calls_code},
    {0x92, "NEWOBJ_EX", calls_code},
    {0x82, "EXT1", calls_code},
    {0x83, "EXT2", calls_code},
    {0x84, "EXT4", calls_code},
    {'P', "PERSID", calls_code},
    {'Q', "BINPERSID", calls_code},
};

constexpr auto opcodes_by_code = [] {
  std::array<const Opcode*, 256> by_code{};
  for (const Opcode& opcode : opcodes) by_code[opcode.code] = &opcode;
  return by_code;
}();

// The code of an opcode in the table above. The compiler looks it up.
consteval char code(std::string_view name) {
  for (const Opcode& opcode : opcodes) {
    if (opcode.name == name) return static_cast<char>(opcode.code);
  }
  throw "no opcode of that name";
}

// Writes protocol 4 as CPython's Modules/_pickle.c does.
class Pickler {
 public:
  std::string pickle(const Object& object) {
    out_ += {code("PROTO"), 4};
    save(object);
    frame_ += code("STOP");
    end_frame();
    return std::move(out_);
  }

 private:
  static constexpr std::size_t frame_size = 64 * 1024;  // a frame that has grown so large is ended
  static constexpr std::size_t least_frame_size = 4;    // less is written without the opcode FRAME
  static constexpr std::size_t batch_size = 1'000;      // items that one APPENDS or SETITEMS takes

  static void append_number(std::string& out, std::uint64_t number, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(number >> (8 * i));
  }

  void end_frame() {
    if (frame_.size() >= least_frame_size) {
      out_ += code("FRAME");
      append_number(out_, frame_.size(), 8);
    }
    out_ += frame_;
    frame_.clear();
  }

  void save(const Object& object) {
    if (frame_.size() >= frame_size) end_frame();
    std::visit([this](const auto& value) { save(value); }, object.value);
  }

  void save(None) { frame_ += code("NONE"); }
  void save(bool truth) { frame_ += truth ? code("NEWTRUE") : code("NEWFALSE"); }

  void save(std::int64_t number) {
    const auto bits = static_cast<std::uint64_t>(number);
    std::size_t size = 0;
    if (bits <= 0xff) {
      frame_ += code("BININT1");
      size = 1;
    } else if (bits <= 0xffff) {
      frame_ += code("BININT2");
      size = 2;
    } else if (number == static_cast<std::int32_t>(number)) {
      frame_ += code("BININT");
      size = 4;
    } else {
      size = 5;  // or more, until what is left out is the sign only
      while (size < 8 && number >> (8 * size - 1) != number >> 63) ++size;
      frame_ += {code("LONG1"), static_cast<char>(size)};
    }
    append_number(frame_, bits, size);
  }

  void save(double number) {
    frame_ += code("BINFLOAT");
    const auto bits = std::bit_cast<std::uint64_t>(number);
    for (int shift = 56; shift >= 0; shift -= 8) frame_ += static_cast<char>(bits >> shift);
  }

  void save(const std::string& text) {
    if (!is_utf8(text)) throw PickleError("cannot pickle a str that is not UTF-8");
    save_text(text, code("SHORT_BINUNICODE"), code("BINUNICODE"), code("BINUNICODE8"));
  }

  void save(const Bytes& bytes) {
    save_text(bytes.bytes, code("SHORT_BINBYTES"), code("BINBYTES"), code("BINBYTES8"));
  }

  // The opcodes are for lengths of 1, 4 and 8 bytes. A text that would fill a frame stands between two.
  void save_text(std::string_view text, char short_opcode, char opcode, char long_opcode) {
    const bool between_frames = text.size() >= frame_size;
    if (between_frames) end_frame();
    std::string& out = between_frames ? out_ : frame_;
    const std::size_t length_size = text.size() <= 0xff ? 1 : text.size() <= 0xffff'ffff ? 4 : 8;
    out += length_size == 1 ? short_opcode : length_size == 4 ? opcode : long_opcode;
    append_number(out, text.size(), length_size);
    out += text;
    frame_ += code("MEMOIZE");
  }

  void save(const List& list) {
    frame_ += {code("EMPTY_LIST"), code("MEMOIZE")};
    if (list.items.size() == 1) {
      save(list.items[0]);
      frame_ += code("APPEND");
      return;
    }
    for (std::size_t begin = 0; begin < list.items.size(); begin += batch_size) {
      frame_ += code("MARK");
      const std::size_t end = std::min(list.items.size(), begin + batch_size);
      for (std::size_t i = begin; i < end; ++i) save(list.items[i]);
      frame_ += code("APPENDS");
    }
  }

  void save(const Tuple& tuple) {
    const std::size_t size = tuple.items.size();
    if (size == 0) {
      frame_ += code("EMPTY_TUPLE");  // without MEMOIZE: Python has one empty tuple only
      return;
    }
    if (size > 3) frame_ += code("MARK");
    for (const Object& item : tuple.items) save(item);
    frame_ += size == 1   ? code("TUPLE1")
              : size == 2 ? code("TUPLE2")
              : size == 3 ? code("TUPLE3")
                          : code("TUPLE");
    frame_ += code("MEMOIZE");
  }

  void save(const Dict& dict) {
    const std::vector<Entry>& entries = dict.entries();
    frame_ += {code("EMPTY_DICT"), code("MEMOIZE")};
    if (entries.empty()) return;
    if (entries.size() == 1) {
      save(entries[0]);
      frame_ += code("SETITEM");
      return;
    }
    // Unlike a list's, a dict's full batch is always followed by another, even if that is empty.
    for (std::size_t begin = 0; begin <= entries.size(); begin += batch_size) {
      frame_ += code("MARK");
      const std::size_t end = std::min(entries.size(), begin + batch_size);
      for (std::size_t i = begin; i < end; ++i) save(entries[i]);
      frame_ += code("SETITEMS");
    }
  }

  void save(const Entry& entry) {
    save(entry.first);
    save(entry.second);
  }

  std::string out_;
  std::string frame_;  // what has been written since the last frame
};

}  // namespace

std::string dumps(const Object& object) {
  return Pickler().pickle(object);
}

Object loads(std::string_view pickle) {
  PickleMachine machine(pickle);
  if (!pickle.starts_with(code("PROTO"))) machine.refuse("no PROTO, with which protocols 2 to 5 begin");
  while (!machine.stopped()) {
    const char byte = machine.read_opcode();
    const Opcode* const opcode = opcodes_by_code[static_cast<unsigned char>(byte)];
    if (opcode == nullptr) {
      machine.refuse(fmt::format("{} is no opcode for plain data", python_bytes({&byte, 1})));
    }
    if (opcode->run == calls_code) machine.refuse(fmt::format("{} names or calls code", opcode->name));
    opcode->run(machine);
  }
  return machine.result();
}
