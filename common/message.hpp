// Messages out of a stream of bytes: each is a header of ten bytes with the length of the body, then the
// body.
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

/// How many bytes a header has: the length of the body in ASCII digits, padded with spaces.
inline constexpr std::size_t header_size = 10;

/// `body` as a message, its header before it: `5         hello`.
std::string with_header(std::string_view body);

/// What arrived is not a message of this protocol. Where the next one starts cannot be known any more, so
/// the connection is of no further use.
class FramingError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Bytes go in as they arrive, in pieces of any size; whole messages come out. The time it takes grows with the
/// number of bytes, not of pieces. The memory it takes grows with what has arrived, whatever a header claims.
class MessageReader {
 public:
  /// A header that claims a body of more than `largest_body` bytes is refused.
  explicit MessageReader(std::size_t largest_body) : largest_body_(largest_body) {}

  /// Takes in what recv() returned.
  void push(std::string_view bytes);

  /// The header of the message that next() returns next, all ten bytes as they came, once they are there.
  /// Throws FramingError if it is not digits with spaces on either side, or claims too much.
  std::optional<std::string_view> header();

  /// The body of the next message, once all of it is there; nothing until then. The view holds until the next
  /// push(). Throws FramingError as header() does.
  std::optional<std::string_view> next();

  /// True if a message has begun and not ended: a connection that is closed now has lost a part of it.
  bool inside_message() const { return begin_ < bytes_.size(); }

  /// How many bytes of memory it holds. That grows with the bytes that wait in it, to about four times as many at
  /// most, and does not shrink when they are returned.
  std::size_t memory() const { return bytes_.capacity(); }

 private:
  std::string bytes_;          // what arrived, from the first message that has not been returned whole
  std::size_t begin_ = 0;      // where in bytes_ that message begins
  std::size_t body_size_ = 0;  // what its header says, once that has been read
  bool header_read_ = false;
  std::size_t largest_body_;
};
