#include "common/message.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <system_error>

#include "common/text.hpp"

namespace {

std::size_t body_size(std::string_view header, std::size_t largest_body) {
  std::string_view digits = header;
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  while (digits.ends_with(' ')) digits.remove_suffix(1);
  // Unlike Python's int(), from_chars takes no sign, no space and no `_`. Ten digits always fit into 64 bits.
  std::uint64_t size = 0;
  const char* end = digits.data() + digits.size();
  if (const auto [stop, error] = std::from_chars(digits.data(), end, size);
      error != std::errc() || stop != end) {
    throw FramingError(fmt::format("the header {} is not a length", python_bytes(header)));
  }
  if (size > largest_body) {
    throw FramingError(fmt::format("a message of {} bytes is over the limit of {}", size, largest_body));
  }
  return static_cast<std::size_t>(size);
}

}  // namespace

std::string with_header(std::string_view body) {
  // Python: f'{len(msg):<{HEADERSIZE}}' + msg
  return fmt::format("{:<{}}{}", body.size(), header_size, body);
}

void MessageReader::push(std::string_view bytes) {
  // The messages that have been returned make room for the new bytes. Moving the rest to the front costs its
  // length, so it is done only when at least as much has been freed: in all, no more is moved than arrives.
  if (begin_ >= bytes_.size() - begin_) {
    bytes_.erase(0, begin_);
    begin_ = 0;
  }
  bytes_ += bytes;
}

std::optional<std::string_view> MessageReader::header() {
  if (bytes_.size() - begin_ < header_size) return std::nullopt;
  const std::string_view header = std::string_view(bytes_).substr(begin_, header_size);
  if (!header_read_) {
    body_size_ = body_size(header, largest_body_);
    header_read_ = true;
  }
  return header;
}

std::optional<std::string_view> MessageReader::next() {
  if (!header() || bytes_.size() - begin_ - header_size < body_size_) return std::nullopt;
  const std::string_view body = std::string_view(bytes_).substr(begin_ + header_size, body_size_);
  begin_ += header_size + body_size_;
  header_read_ = false;
  return body;
}
