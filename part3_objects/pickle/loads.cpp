// Reads pickles: the machine that a pickle is a program for.
#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include "common/text.hpp"
#include "common/unicode.hpp"
#include "part3_objects/pickle/opcodes.hpp"
#include "part3_objects/pickle/pickle.hpp"

namespace {

using enum Opcode;
using namespace std::string_view_literals;

// An object that is yet to be made. A number below the pickle's size is the position of the opcode that makes it; from
// there on, it counts the containers. 32 bits, because the stack may hold very many.
using Value = std::uint32_t;
constexpr std::size_t max_pickle_size = 0x7fff'ffff;

enum class Type { list, tuple, dict, bytes };
const char* name_of(Type type) {
  return type == Type::list ? "list" : type == Type::tuple ? "tuple" : "dict";
}

// An object that holds others. A pickle may go on filling one that is inside another already. One of type bytes holds
// a str: each of its characters has the number of one byte.
struct Container {
  Type type;
  bool entered;              // make() is inside it
  std::size_t position;      // the byte of the opcode that made it
  std::vector<Value> items;  // of a dict: key, value, key, value, ...
};

// Protocol 2 has no opcode for bytes. Python writes b'\xff' as the call _codecs.encode('\u00ff', 'latin1'), and b'' as
// the call __builtin__.bytes(). These two are recognized by their text, and the bytes are made here: nothing is called.
constexpr std::string_view encode_function = "c_codecs\nencode\n";
constexpr std::string_view latin1_argument = "X\6\0\0\0latin1"sv;
constexpr std::string_view bytes_function = "c__builtin__\nbytes\n";

// Runs a pickle. Its opcodes push values on a stack, put those on top into a container below them, and keep some in a
// memo to push them again; a mark remembers how high the stack was. Objects are made only at the end, and only those in
// the result: whatever is pushed and thrown away on the way costs no more than its place on the stack.
class Unpickler {
 public:
  explicit Unpickler(std::string_view pickle) : pickle_(pickle), end_(pickle.size()) {}

  Object load() {
    if (pickle_.size() > max_pickle_size) refuse(fmt::format("more than {} bytes", max_pickle_size));
    if (!pickle_.starts_with(static_cast<char>(PROTO)))
      refuse("it does not begin with PROTO, as protocols 2 to 5 do");
    for (Opcode opcode = read_opcode(); opcode != STOP; opcode = read_opcode()) run(opcode);
    if (position_ != pickle_.size())
      refuse(fmt::format("{} bytes are left after STOP", pickle_.size() - position_));
    if (!marks_.empty()) refuse("a MARK is left on the stack");
    if (stack_.size() != 1) refuse(fmt::format("{} objects are left on the stack, not one", stack_.size()));
    running_ = false;
    objects_ = 0;  // from here on, those of the result
    count_objects(1);
    return make(stack_[0]);
  }

 private:
  // clang-format off
  void run(Opcode opcode) {
    switch (opcode) {
      case PROTO: return check_protocol(read_unsigned(1));
      case FRAME: return begin_frame(read_unsigned(8));

      case MARK: return marks_.push_back(stack_.size());
      case EMPTY_LIST: return push_container(Type::list, {});
      case APPEND: return append(Type::list, pop(1));
      case APPENDS: return append(Type::list, pop_to_mark());
      case EMPTY_TUPLE: return push_container(Type::tuple, {});
      case TUPLE1: return push_container(Type::tuple, pop(1));
      case TUPLE2: return push_container(Type::tuple, pop(2));
      case TUPLE3: return push_container(Type::tuple, pop(3));
      case TUPLE: return push_container(Type::tuple, pop_to_mark());
      case EMPTY_DICT: return push_container(Type::dict, {});
      case SETITEM: return append(Type::dict, pop(2));
      case SETITEMS: return append(Type::dict, pop_to_mark());

      case BINPUT: return memoize(read_unsigned(1));
      case LONG_BINPUT: return memoize(read_unsigned(4));
      case MEMOIZE: return memoize(memo_.size());
      case BINGET: return recall(read_unsigned(1));
      case LONG_BINGET: return recall(read_unsigned(4));
      case POP: pop(1); return;
      case POP_MARK: pop_to_mark(); return;

      case GLOBAL: return push_function();
      case REDUCE: return push_bytes();
      case STACK_GLOBAL: refuse_names();
      case EMPTY_SET: case ADDITEMS: refuse("a set is not supported");
      case FROZENSET: refuse("a frozenset is not supported");
      case BYTEARRAY8: refuse("a bytearray is not supported");
      case NEXT_BUFFER: case READONLY_BUFFER: refuse("a buffer outside the pickle is not supported");
      case PERSID: case BINPERSID: refuse("an object outside the pickle is not supported");
      case BUILD: case INST: case OBJ: case NEWOBJ: case NEWOBJ_EX: case EXT1: case EXT2: case EXT4:
        refuse("an object of a class is not supported");
      default: read_atom(opcode); return push(opcode_position_);
    }
  }

  // Makes the object of an opcode that holds no other. While the machine runs, texts are checked but not copied.
  Object read_atom(Opcode opcode) {
    switch (opcode) {
      case NONE: return None();
      case NEWTRUE: return true;
      case NEWFALSE: return false;
      case BININT1: return static_cast<std::int64_t>(read_unsigned(1));
      case BININT2: return static_cast<std::int64_t>(read_unsigned(2));
      case BININT: return read_signed(4);
      case LONG1: return read_signed(read_unsigned(1));
      case LONG4: return read_signed(read_unsigned(4));
      case BINFLOAT: return read_float();
      case SHORT_BINUNICODE: return read_text(read_unsigned(1));
      case BINUNICODE: return read_text(read_unsigned(4));
      case BINUNICODE8: return read_text(read_unsigned(8));
      case SHORT_BINBYTES: return Bytes{copy(read(read_unsigned(1)))};
      case BINBYTES: return Bytes{copy(read(read_unsigned(4)))};
      case BINBYTES8: return Bytes{copy(read(read_unsigned(8)))};
      case GLOBAL: refuse("a function is not supported");
      default: refuse(fmt::format("{} is not an opcode that Python 3 writes at protocols 2 to 5", python_bytes(pickle_.substr(opcode_position_, 1))));
    }
  }
  // clang-format on

  // --- The pickle, from its first byte to its last. Numbers are little-endian, except BINFLOAT's.

  Opcode read_opcode() {
    opcode_position_ = position_;
    if (position_ == end_) {
      in_frame_ = false;
      end_ = pickle_.size();
      if (position_ == end_) refuse("it ends without STOP");
    }
    return static_cast<Opcode>(pickle_[position_++]);
  }

  std::string_view read(std::uint64_t size) {
    if (size > end_ - position_) {
      const std::size_t left = pickle_.size() - position_;
      if (size <= left) refuse("goes beyond the end of its frame");
      refuse(fmt::format("needs {} bytes, {} are left", size, left));
    }
    const std::string_view bytes = pickle_.substr(position_, static_cast<std::size_t>(size));
    position_ += bytes.size();
    return bytes;
  }

  // `size` is 8 at most.
  std::uint64_t read_unsigned(std::uint64_t size) {
    std::uint64_t number = 0;
    int shift = 0;
    for (const char byte : read(size)) {
      number |= std::uint64_t{static_cast<unsigned char>(byte)} << shift;
      shift += 8;
    }
    return number;
  }

  std::int64_t read_signed(std::uint64_t size) {
    if (size > 8) refuse("an int of over 64 bits is not supported");
    if (size == 0) return 0;
    const std::uint64_t unused_bits = 64 - 8 * size;
    return static_cast<std::int64_t>(read_unsigned(size) << unused_bits) >> unused_bits;  // copies the sign
  }

  double read_float() {
    std::uint64_t bits = 0;
    for (const char byte : read(8)) bits = bits << 8 | static_cast<unsigned char>(byte);
    return std::bit_cast<double>(bits);
  }

  std::string read_text(std::uint64_t size) {
    const std::string_view text = read(size);
    if (running_ && !is_utf8(text)) refuse("a str that is not UTF-8");
    return copy(text);
  }

  std::string copy(std::string_view text) {
    if (running_) return {};
    text_ += text.size();
    if (text_ > max_pickle_text) refuse(fmt::format("more than {} bytes of text", max_pickle_text));
    return std::string(text);
  }

  std::string_view read_line() {
    const std::size_t size = pickle_.substr(position_).find('\n');
    if (size == std::string_view::npos) refuse("a line without its end");
    const std::string_view line = read(size);
    read(1);
    return line;
  }

  void check_protocol(std::uint64_t protocol) const {
    if (opcode_position_ != 0) refuse("PROTO inside the pickle");
    if (protocol < 2 || protocol > 5) refuse(fmt::format("protocol {} is not one of 2 to 5", protocol));
  }

  void begin_frame(std::uint64_t size) {
    if (in_frame_) refuse("a frame inside a frame");
    const std::size_t begin = position_;
    read(size);  // refuses a frame that is not all there
    end_ = std::exchange(position_, begin);
    in_frame_ = true;
  }

  // --- The stack and the memo

  void push(std::size_t value) {
    count_objects(1);
    stack_.push_back(static_cast<Value>(value));
  }

  // Refuses unless `count` values are there. Those below the last mark are out of reach.
  void require(std::size_t count) const {
    const std::size_t out_of_reach = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() - out_of_reach < count) refuse("too few objects on the stack");
  }

  std::vector<Value> pop(std::size_t count) {
    require(count);
    const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<Value> values(first, stack_.end());
    stack_.erase(first, stack_.end());
    return values;
  }

  std::vector<Value> pop_to_mark() {
    if (marks_.empty()) refuse("no MARK on the stack");
    std::vector<Value> values = pop(stack_.size() - marks_.back());
    marks_.pop_back();
    return values;
  }

  void push_container(Type type, std::vector<Value> items) {
    containers_.push_back({type, false, opcode_position_, std::move(items)});
    push(pickle_.size() + containers_.size() - 1);
  }

  Container* container_of(Value value) {
    return value < pickle_.size() ? nullptr : &containers_[value - pickle_.size()];
  }

  // Puts values into the container on top of the stack, which has to be of this type.
  void append(Type type, std::vector<Value> items) {
    require(1);
    Container* const container = container_of(stack_.back());
    if (container == nullptr || container->type != type) {
      refuse(fmt::format("no {} on the stack to append to", name_of(type)));
    }
    if (type == Type::dict && items.size() % 2 != 0) refuse("a key without a value");
    if (container->items.empty()) {
      container->items = std::move(items);
    } else {
      container->items.insert(container->items.end(), items.begin(), items.end());
    }
  }

  void memoize(std::uint64_t index) {
    require(1);
    // Python counts up from 0. A memo that took any index would make room for as many as the pickle says.
    if (index != memo_.size()) refuse(fmt::format("memo {} where {} is the next", index, memo_.size()));
    if (index == max_pickle_objects) refuse(fmt::format("more than {} objects in the memo", index));
    memo_.push_back(stack_.back());
  }

  void recall(std::uint64_t index) {
    if (index >= memo_.size()) refuse(fmt::format("memo {} has not been written", index));
    push(memo_[static_cast<std::size_t>(index)]);
  }

  // --- Bytes at protocol 2

  bool stands_at(std::size_t position, std::string_view opcodes) const {
    return position < pickle_.size() && pickle_.substr(position).starts_with(opcodes);
  }

  void push_function() {
    const std::string_view module = read_line();
    const std::string_view name = read_line();
    const bool is_known =
        stands_at(opcode_position_, encode_function) || stands_at(opcode_position_, bytes_function);
    if (!is_known) refuse_name(module, name);
    push(opcode_position_);
  }

  void push_bytes() {
    const std::vector<Value> call = pop(2);
    const Container* const tuple = container_of(call[1]);
    if (tuple == nullptr || tuple->type != Type::tuple) refuse("a call is not supported");
    const std::vector<Value>& arguments = tuple->items;
    const bool is_empty = stands_at(call[0], bytes_function) && arguments.empty();
    const bool is_encoded = stands_at(call[0], encode_function) && arguments.size() == 2 &&
                            stands_at(arguments[0], "X") && stands_at(arguments[1], latin1_argument);
    if (!is_empty && !is_encoded) refuse("a call is not supported");
    push_container(Type::bytes, {arguments.begin(), arguments.end() - (is_encoded ? 1 : 0)});
  }

  // --- The objects

  // The pickle's net of references becomes a tree here. This is where it could grow without end.
  Object make(Value value) {
    Container* const container = container_of(value);
    if (container == nullptr) {
      position_ = value;
      return read_atom(read_opcode());
    }
    opcode_position_ = container->position;
    if (container->entered) refuse(fmt::format("a {} that holds itself", name_of(container->type)));
    if (depth_ == max_pickle_depth) refuse(fmt::format("more than {} objects deep", max_pickle_depth));
    count_objects(container->items.size());

    container->entered = true;
    ++depth_;
    Object object = container->type == Type::dict ? make_dict(*container) : make_row(*container);
    --depth_;
    container->entered = false;
    return object;
  }

  Object make_dict(const Container& container) {
    std::vector<Entry> entries;
    entries.reserve(container.items.size() / 2);
    for (std::size_t i = 0; i < container.items.size(); i += 2) {
      Object key = make(container.items[i]);
      entries.emplace_back(std::move(key), make(container.items[i + 1]));
    }
    opcode_position_ = container.position;
    try {
      return Dict(std::move(entries));
    } catch (const std::invalid_argument& error) {
      refuse(fmt::format("a dict with an {}", error.what()));
    }
  }

  Object make_row(const Container& container) {
    std::vector<Object> items;
    items.reserve(container.items.size());
    for (const Value item : container.items) items.push_back(make(item));
    if (container.type == Type::list) return List{std::move(items)};
    if (container.type == Type::tuple) return Tuple{std::move(items)};
    opcode_position_ = container.position;
    return make_bytes(items);
  }

  // The bytes that have the numbers of the characters.
  Object make_bytes(const std::vector<Object>& items) const {
    std::string bytes;
    std::string_view text;
    if (!items.empty()) text = std::get<std::string>(items[0].value);
    while (!text.empty()) {
      const char32_t character = *take_character(text);
      if (character > 0xff) refuse("a character over U+00FF among bytes");
      bytes += static_cast<char>(character);
    }
    return Bytes{std::move(bytes)};
  }

  // --- Refusals

  void count_objects(std::size_t count) {
    objects_ += count;
    if (objects_ > max_pickle_objects) refuse(fmt::format("more than {} objects", max_pickle_objects));
  }

  // STACK_GLOBAL finds its two names on the stack.
  [[noreturn]] void refuse_names() {
    const std::size_t position = opcode_position_;
    const std::vector<Value> names = pop(2);
    running_ = false;
    const auto text = [this](Value value) { return container_of(value) ? "" : str(make(value)); };
    const std::string module = text(names[0]);
    const std::string name = text(names[1]);
    opcode_position_ = position;
    refuse_name(module, name);
  }

  [[noreturn]] void refuse_name(std::string_view module, std::string_view name) const {
    const bool is_builtin = module == "builtins" || module == "__builtin__";
    if (is_builtin && (name == "set" || name == "frozenset" || name == "bytearray" || name == "complex")) {
      refuse(fmt::format("a {} is not supported", name));
    }
    refuse(fmt::format("{:.100}.{:.100}, a class or a function, is not supported", printable(module),
                       printable(name)));
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw PickleError(fmt::format("pickle refused at byte {}: {}", opcode_position_, why));
  }

  std::string_view pickle_;
  std::size_t position_ = 0;
  std::size_t opcode_position_ = 0;  // of the opcode that a refusal names
  std::size_t end_;                  // of the frame or, outside a frame, of the pickle
  bool in_frame_ = false;
  bool running_ = true;

  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Value> memo_;
  std::deque<Container> containers_;

  std::size_t objects_ = 0;
  std::size_t text_ = 0;   // bytes of text in the result
  std::size_t depth_ = 0;  // of make()
};

}  // namespace

Object loads(std::string_view pickle) {
  return Unpickler(pickle).load();
}
