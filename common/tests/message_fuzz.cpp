// For clang's libFuzzer: whatever a stream holds, however it is cut into pieces, and however late its
// messages are taken out, MessageReader returns the same as a plain reading of the whole.
// `cmake --preset fuzz` builds it. https://llvm.org/docs/LibFuzzer.html
//
// An input: how many messages are taken out after each piece; how many sizes follow; the sizes of the pieces,
// each less one, used over and over; the stream.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/message.hpp"
#include "common/text.hpp"

namespace {

// Memory for a length that is only claimed would be over the limit that ctest sets, -malloc_limit_mb.
constexpr std::size_t largest_body = 1'000'000'000;

void must(bool holds) {
  if (!holds) std::abort();
}

struct Stream {
  std::string_view bytes;
  std::vector<std::size_t> begins = {};  // where each whole message begins, and where the last one ends
  std::string error = "";                // what is wrong with the header of the rest
};

// A header that is digits with spaces on either side: its number.
std::optional<std::size_t> number_in(std::string_view header) {
  const std::size_t first = header.find_first_not_of(' ');
  if (first == std::string_view::npos) return std::nullopt;
  std::size_t number = 0;
  for (const char digit : header.substr(first, header.find_last_not_of(' ') + 1 - first)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + static_cast<std::size_t>(digit - '0');
  }
  return number;
}

Stream read_whole(std::string_view bytes) {
  Stream stream{bytes};
  for (std::size_t begin = 0;;) {
    stream.begins.push_back(begin);
    if (bytes.size() - begin < header_size) return stream;
    const std::string_view header = bytes.substr(begin, header_size);
    const auto size = number_in(header);
    if (!size) {
      stream.error = fmt::format("the header {} is not a length", python_bytes(header));
      return stream;
    }
    if (*size > largest_body) {
      stream.error = fmt::format("a message of {} bytes is over the limit of {}", *size, largest_body);
      return stream;
    }
    if (bytes.size() - begin - header_size < *size) return stream;
    begin += header_size + *size;
  }
}

// The reader has been given the first `pushed` bytes of `stream`, and `taken` messages are out. Takes out
// up to `most` more, and compares each answer; true if the reader has refused the stream.
bool take(MessageReader& reader, const Stream& stream, std::size_t pushed, std::size_t& taken,
          std::size_t most) {
  for (std::size_t i = 0;; ++i) {
    const std::size_t begin = stream.begins[taken];
    must(reader.inside_message() == (pushed > begin));
    if (i == most) return false;
    const bool is_last = taken + 1 == stream.begins.size();
    const bool has_header = pushed - begin >= header_size;
    const bool has_body = !is_last && pushed >= stream.begins[taken + 1];
    try {
      const auto header = reader.header();
      must(has_header ? header == stream.bytes.substr(begin, header_size) : !header);
      const auto body = reader.next();
      must(body.has_value() == has_body);
      must(!has_header || !is_last || stream.error.empty());
      if (!body) return false;
      const std::size_t body_begin = begin + header_size;
      must(*body == stream.bytes.substr(body_begin, stream.begins[taken + 1] - body_begin));
      ++taken;
    } catch (const FramingError& error) {
      must(has_header && is_last && error.what() == stream.error);
      return true;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size - 2 < data[1]) return 0;
  const std::size_t most = data[0];
  const std::size_t count = data[1];
  const Stream stream = read_whole({reinterpret_cast<const char*>(data) + 2 + count, size - 2 - count});

  MessageReader reader(largest_body);
  std::size_t taken = 0;
  std::size_t pushed = 0;
  int refused = 0;  // a reader that has refused a stream goes on refusing it, as a few more pieces show
  for (std::size_t i = 0; pushed < stream.bytes.size() && refused < 3; ++i) {
    const std::size_t piece = count == 0 ? stream.bytes.size() : std::size_t{data[2 + i % count]} + 1;
    reader.push(stream.bytes.substr(pushed, piece));
    pushed = std::min(pushed + piece, stream.bytes.size());
    if (take(reader, stream, pushed, taken, most)) ++refused;
  }
  take(reader, stream, pushed, taken, std::numeric_limits<std::size_t>::max());
  must(taken + 1 == stream.begins.size());
  return 0;
}
