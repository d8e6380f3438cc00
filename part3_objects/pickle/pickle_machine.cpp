#include "part3_objects/pickle/pickle_machine.hpp"

#include <fmt/format.h>

#include <bit>
#include <stdexcept>
#include <utility>
#include <variant>

#include "common/unicode.hpp"
#include "part3_objects/pickle/pickle.hpp"

namespace {

// What GLOBAL may name, as Python writes it at protocol 2.
constexpr std::string_view encode_function = "_codecs.encode";
constexpr std::string_view bytes_function = "__builtin__.bytes";

}  // namespace

void PickleMachine::refuse(std::size_t position, const std::string& why) {
  throw PickleError(fmt::format("pickle refused at byte {}: {}", position, why));
}

char PickleMachine::read_opcode() {
  opcode_position_ = position_;
  if (position_ == pickle_.size()) refuse("it ends without STOP");
  return pickle_[position_++];
}

std::string_view PickleMachine::read(std::uint64_t size) {
  const std::size_t left = pickle_.size() - position_;
  if (size > left) refuse(fmt::format("needs {} bytes, {} are left", size, left));
  const bool in_frame = opcode_position_ < frame_end_;
  if (in_frame && size > frame_end_ - position_) refuse("goes beyond the end of its frame");
  const std::string_view bytes = pickle_.substr(position_, size);
  position_ += bytes.size();
  return bytes;
}

std::uint64_t PickleMachine::read_unsigned(std::size_t size) {
  std::uint64_t number = 0;
  int shift = 0;
  for (const char byte : read(size)) {
    number |= std::uint64_t{static_cast<unsigned char>(byte)} << shift;
    shift += 8;
  }
  return number;
}

std::int64_t PickleMachine::read_signed(std::uint64_t size) {
  if (size > 8) refuse("an int of over 64 bits");
  if (size == 0) return 0;
  const std::uint64_t unused_bits = 64 - 8 * size;
  return static_cast<std::int64_t>(read_unsigned(size) << unused_bits) >> unused_bits;  // copies the sign
}

double PickleMachine::read_float() {
  std::uint64_t bits = 0;
  for (const char byte : read(8)) bits = bits << 8 | static_cast<unsigned char>(byte);
  return std::bit_cast<double>(bits);
}

std::string PickleMachine::read_text(std::uint64_t size) {
  const std::string_view text = read(size);
  if (!is_utf8(text)) refuse("a str that is not UTF-8");
  return std::string(text);
}

std::string_view PickleMachine::read_line() {
  const std::size_t size = pickle_.substr(position_).find('\n');
  if (size == std::string_view::npos) refuse("a line without its end");
  const std::string_view line = read(size);
  read(1);
  return line;
}

void PickleMachine::check_protocol(std::uint64_t protocol) {
  if (opcode_position_ != 0) refuse("PROTO inside the pickle");
  if (protocol < 2 || protocol > 5) refuse(fmt::format("protocol {} is not one of 2 to 5", protocol));
}

void PickleMachine::begin_frame(std::uint64_t size) {
  if (opcode_position_ < frame_end_) refuse("a frame inside a frame");
  read(size);  // refuses a frame that is not all there
  frame_end_ = position_;
  position_ -= size;
}

void PickleMachine::push(Object value) {
  if (nodes_.size() == max_pickle_objects) refuse(fmt::format("more than {} objects", max_pickle_objects));
  stack_.push_back(&nodes_.emplace_back(Node{std::move(value), {}, opcode_position_, {}}));
}

void PickleMachine::push_tuple(std::vector<Node*> items) {
  push(Tuple{});
  stack_.back()->items = std::move(items);
}

void PickleMachine::push_mark() {
  marks_.push_back(stack_.size());
}

void PickleMachine::require(std::size_t count) const {
  const std::size_t out_of_reach = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() - out_of_reach < count) refuse("too few objects on the stack");
}

std::vector<Node*> PickleMachine::pop(std::size_t count) {
  require(count);
  const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
  std::vector<Node*> objects(first, stack_.end());
  stack_.erase(first, stack_.end());
  return objects;
}

std::vector<Node*> PickleMachine::pop_to_mark() {
  if (marks_.empty()) refuse("no MARK on the stack");
  std::vector<Node*> objects = pop(stack_.size() - marks_.back());
  marks_.pop_back();
  return objects;
}

void PickleMachine::append_to_list(const std::vector<Node*>& items) {
  require(1);
  if (!std::holds_alternative<List>(stack_.back()->value.value)) refuse("no list on the stack to append to");
  append(items);
}

void PickleMachine::append_to_dict(const std::vector<Node*>& items) {
  require(1);
  if (!std::holds_alternative<Dict>(stack_.back()->value.value)) refuse("no dict on the stack to append to");
  if (items.size() % 2 != 0) refuse("a key without a value");
  append(items);
}

void PickleMachine::append(const std::vector<Node*>& items) {
  std::vector<Node*>& held = stack_.back()->items;
  held.insert(held.end(), items.begin(), items.end());
}

void PickleMachine::push_function() {
  const std::string module(read_line());
  const std::string function = module + '.' + std::string(read_line());
  if (function != encode_function && function != bytes_function) refuse("GLOBAL names or calls code");
  push(None{});
  stack_.back()->function = function;
}

void PickleMachine::make_bytes() {
  const std::vector<Node*> call = pop(2);
  const std::vector<Node*>& arguments = call[1]->items;
  const auto text = [&](std::size_t i) { return std::get_if<std::string>(&arguments[i]->value.value); };
  if (call[0]->function == bytes_function && std::holds_alternative<Tuple>(call[1]->value.value) &&
      arguments.empty()) {
    push(Bytes{});
    return;
  }
  if (call[0]->function == encode_function && std::holds_alternative<Tuple>(call[1]->value.value) &&
      arguments.size() == 2 && text(0) != nullptr && text(1) != nullptr && *text(1) == "latin1") {
    push(Bytes{latin1(*text(0))});
    return;
  }
  refuse("REDUCE names or calls code");
}

// The bytes whose numbers are those of the characters.
std::string PickleMachine::latin1(std::string_view text) const {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte > 0xc3) refuse("a character over U+00FF among bytes");
    // Two bytes of UTF-8 with the first of them 0xc2 or 0xc3 are U+0080 to U+00FF.
    made += byte < 0x80 ? text[i] : static_cast<char>((byte & 0x03) << 6 | (text[++i] & 0x3f));
  }
  return made;
}

void PickleMachine::memoize() {
  memoize(memo_.size());
}

void PickleMachine::memoize(std::uint64_t index) {
  require(1);
  // Python counts up from 0. A memo that takes any index would make room for as many as the pickle says.
  if (index != memo_.size()) refuse(fmt::format("memo {} where {} is the next", index, memo_.size()));
  memo_.push_back(stack_.back());
}

void PickleMachine::recall(std::uint64_t index) {
  if (index >= memo_.size()) refuse(fmt::format("memo {} has not been written", index));
  stack_.push_back(memo_[index]);
}

Object PickleMachine::result() {
  if (position_ != pickle_.size())
    refuse(fmt::format("{} bytes are left behind STOP", pickle_.size() - position_));
  if (!marks_.empty()) refuse("a MARK is left on the stack");
  if (stack_.size() != 1) refuse(fmt::format("{} objects are left on the stack, not one", stack_.size()));
  return unfold(*stack_.front(), 1);
}

// The object that `node` stands for, with copies of all that it holds: the pickle's net of references becomes a
// tree here, and here it would never end or explode.
Object PickleMachine::unfold(Node& node, std::size_t depth) {
  const auto too_much = [&](std::size_t limit, const char* of_what) {
    refuse(node.position, fmt::format("more than {} {}", limit, of_what));
  };
  if (!node.function.empty()) refuse(node.position, "GLOBAL names or calls code");
  if (node.entered) refuse(node.position, fmt::format("a {} that holds itself", type_name(node.value)));
  if (depth > max_pickle_depth) too_much(max_pickle_depth, "objects deep");
  if (++objects_ > max_pickle_objects) too_much(max_pickle_objects, "objects");
  if (const auto* text = std::get_if<std::string>(&node.value.value)) text_ += text->size();
  if (const auto* some = std::get_if<Bytes>(&node.value.value)) text_ += some->bytes.size();
  if (text_ > max_pickle_text) too_much(max_pickle_text, "bytes of text");

  node.entered = true;
  std::vector<Object> items;
  items.reserve(node.items.size());
  for (Node* const item : node.items) items.push_back(unfold(*item, depth + 1));
  node.entered = false;

  if (std::holds_alternative<List>(node.value.value)) return List{std::move(items)};
  if (std::holds_alternative<Tuple>(node.value.value)) return Tuple{std::move(items)};
  if (!std::holds_alternative<Dict>(node.value.value)) return node.value;
  std::vector<Entry> entries;
  entries.reserve(items.size() / 2);
  for (std::size_t i = 0; i < items.size(); i += 2) {
    entries.emplace_back(std::move(items[i]), std::move(items[i + 1]));
  }
  try {
    return Dict(std::move(entries));
  } catch (const std::invalid_argument& error) {
    refuse(node.position, fmt::format("a dict with an {}", error.what()));
  }
}
