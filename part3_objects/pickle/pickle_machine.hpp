// The machine that a pickle is a program for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "part3_objects/pickle/object.hpp"

/// An object that the machine has made. What a container holds is known by its address: the pickle may go on
/// filling an object that is in a container already, and may put one object into two.
struct Node {
  Object value;              // of a list, tuple or dict: an empty one
  std::vector<Node*> items;  // of a dict: key, value, key, value, ...
  std::size_t position;      // the byte of the opcode that made it
  std::string function;      // what GLOBAL has named; such a node stands for no object
  bool entered = false;      // unfold() is inside it
};

/// What the opcodes of a pickle work on. They push objects on a stack, put those on top into a container
/// below, and keep some in a memo to push them again; a mark remembers how high the stack is. loads() in
/// pickle.cpp runs it. Every method throws PickleError if the pickle does not allow what is asked.
class PickleMachine {
 public:
  explicit PickleMachine(std::string_view pickle) : pickle_(pickle) {}

  /// The pickle, from its first byte to its last. Numbers are little-endian, except BINFLOAT's.
  char read_opcode();
  std::string_view read(std::uint64_t size);
  std::uint64_t read_unsigned(std::size_t size);  // `size` is 8 at most
  std::int64_t read_signed(std::uint64_t size);
  double read_float();
  std::string read_text(std::uint64_t size);
  std::string_view read_line();
  void check_protocol(std::uint64_t protocol);
  void begin_frame(std::uint64_t size);

  /// The stack. pop() returns the topmost objects, the lowest first; what is below the last mark is out of
  /// reach.
  void push(Object value);
  void push_tuple(std::vector<Node*> items);
  void push_mark();
  std::vector<Node*> pop(std::size_t count);
  std::vector<Node*> pop_to_mark();

  /// Puts `items` into the container on top of the stack, which has to be of the type named.
  void append_to_list(const std::vector<Node*>& items);
  void append_to_dict(const std::vector<Node*>& items);

  /// Bytes as Python writes them at protocol 2, which has no opcode for them: as a call of _codecs.encode(), or
  /// of bytes() for none. These two are known by sight, and the bytes made here; nothing is called, and every
  /// other name is refused.
  void push_function();
  void make_bytes();

  /// The memo. memoize() keeps what is on top of the stack as the next number, which `index` has to be.
  void memoize();
  void memoize(std::uint64_t index);
  void recall(std::uint64_t index);

  /// The end of the pickle, and the one object that is left on the stack then.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }
  Object result();

  /// Throws PickleError for the opcode read last.
  [[noreturn]] void refuse(const std::string& why) const { refuse(opcode_position_, why); }

 private:
  [[noreturn]] static void refuse(std::size_t position, const std::string& why);
  void require(std::size_t count) const;
  void append(const std::vector<Node*>& items);
  std::string latin1(std::string_view text) const;
  Object unfold(Node& node, std::size_t depth);

  std::string_view pickle_;
  std::size_t position_ = 0;
  std::size_t opcode_position_ = 0;
  std::size_t frame_end_ = 0;
  bool stopped_ = false;

  std::deque<Node> nodes_;  // a deque does not move them
  std::vector<Node*> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Node*> memo_;

  std::size_t objects_ = 0;  // that unfold() has made,
  std::size_t text_ = 0;     // and the bytes of text in them
};
