// Writes pickles.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "common/unicode.hpp"
#include "part3_objects/pickle/opcodes.hpp"
#include "part3_objects/pickle/pickle.hpp"

namespace {

using enum Opcode;

// Writes protocol 4 as CPython's Modules/_pickle.c does.
class Pickler {
 public:
  std::string dump(const Object& object) {
    put(out_, PROTO, 4, 1);
    save(object);
    put(STOP);
    end_frame();
    return std::move(out_);
  }

 private:
  static constexpr std::size_t frame_size = 64 * 1024;  // a frame that has reached this size is ended
  static constexpr std::size_t least_frame_size = 4;    // fewer bytes are written without the opcode FRAME
  static constexpr std::size_t batch_size = 1'000;      // items that one APPENDS or SETITEMS takes

  // Appends `size` bytes of the number, the lowest first.
  static void append(std::string& out, std::uint64_t number, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(number >> (8 * i));
  }
  static void put(std::string& out, Opcode opcode, std::uint64_t number, std::size_t size) {
    out += static_cast<char>(opcode);
    append(out, number, size);
  }
  void put(Opcode opcode, std::uint64_t number = 0, std::size_t size = 0) {
    put(frame_, opcode, number, size);
  }

  void end_frame() {
    if (frame_.size() >= least_frame_size) put(out_, FRAME, frame_.size(), 8);
    out_ += frame_;
    frame_.clear();
  }

  void save(const Object& object) {
    if (frame_.size() >= frame_size) end_frame();
    if (++depth_ > max_pickle_depth)
      throw PickleError(
          fmt::format("cannot pickle more than {} objects inside one another", max_pickle_depth));
    std::visit([this](const auto& value) { save(value); }, object.value);
    --depth_;
  }

  void save(None) { put(NONE); }
  void save(bool truth) { put(truth ? NEWTRUE : NEWFALSE); }

  void save(std::int64_t number) {
    const auto bits = static_cast<std::uint64_t>(number);
    if (bits <= 0xff) return put(BININT1, bits, 1);
    if (bits <= 0xffff) return put(BININT2, bits, 2);
    if (number == static_cast<std::int32_t>(number)) return put(BININT, bits, 4);
    std::size_t size = 5;  // or more, until only copies of the sign are left out
    while (size < 8 && number >> (8 * size - 1) != number >> 63) ++size;
    put(LONG1, size, 1);
    append(frame_, bits, size);
  }

  void save(double number) {
    put(BINFLOAT);
    const auto bits = std::bit_cast<std::uint64_t>(number);
    for (int shift = 56; shift >= 0; shift -= 8) frame_ += static_cast<char>(bits >> shift);
  }

  void save(const std::string& text) {
    if (!is_utf8(text)) throw PickleError("cannot pickle a str that is not UTF-8");
    save_text(text, SHORT_BINUNICODE, BINUNICODE, BINUNICODE8);
  }

  void save(const Bytes& bytes) { save_text(bytes.bytes, SHORT_BINBYTES, BINBYTES, BINBYTES8); }

  // The opcodes take lengths of 1, 4 and 8 bytes. A text that would fill a frame is written between two frames.
  void save_text(std::string_view text, Opcode one, Opcode four, Opcode eight) {
    const bool between_frames = text.size() >= frame_size;
    if (between_frames) end_frame();
    std::string& out = between_frames ? out_ : frame_;
    const std::uint64_t size = text.size();
    if (size <= 0xff) {
      put(out, one, size, 1);
    } else if (size <= 0xffff'ffff) {
      put(out, four, size, 4);
    } else {
      put(out, eight, size, 8);
    }
    out += text;
    put(MEMOIZE);
  }

  void save(const List& list) {
    put(EMPTY_LIST);
    put(MEMOIZE);
    save_batches(list.items, APPEND, APPENDS, list.items.size());
  }

  void save(const Tuple& tuple) {
    const std::size_t size = tuple.items.size();
    if (size == 0) return put(EMPTY_TUPLE);  // without MEMOIZE: Python has only one empty tuple
    if (size > 3) put(MARK);
    for (const Object& item : tuple.items) save(item);
    put(size == 1 ? TUPLE1 : size == 2 ? TUPLE2 : size == 3 ? TUPLE3 : TUPLE);
    put(MEMOIZE);
  }

  void save(const Dict& dict) {
    put(EMPTY_DICT);
    put(MEMOIZE);
    // Unlike in a list, a full batch of a dict is always followed by another, even if that is empty.
    if (!dict.entries().empty()) save_batches(dict.entries(), SETITEM, SETITEMS, dict.entries().size() + 1);
  }

  // Writes one batch after the other as long as the next begins before `end`.
  template <typename Item>
  void save_batches(const std::vector<Item>& items, Opcode one, Opcode batch, std::size_t end) {
    if (items.size() == 1) {
      save(items[0]);
      return put(one);
    }
    for (std::size_t begin = 0; begin < end; begin += batch_size) {
      put(MARK);
      for (std::size_t i = begin; i < std::min(items.size(), begin + batch_size); ++i) save(items[i]);
      put(batch);
    }
  }

  void save(const Entry& entry) {
    save(entry.first);
    save(entry.second);
  }

  std::string out_;
  std::string frame_;  // written since the last frame ended
  std::size_t depth_ = 0;
};

}  // namespace

std::string dumps(const Object& object) {
  return Pickler().dump(object);
}
