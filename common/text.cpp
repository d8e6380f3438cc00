#include "common/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace {

void append_escaped(std::string& text, char byte) {
  switch (byte) {
    case '\n':
      text += "\\n";
      break;
    case '\r':
      text += "\\r";
      break;
    case '\t':
      text += "\\t";
      break;
    default:
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", static_cast<unsigned char>(byte));
  }
}

bool in_range(char byte, unsigned char first, unsigned char last) {
  return static_cast<unsigned char>(byte) >= first && static_cast<unsigned char>(byte) <= last;
}

bool is_plain(char byte) {
  return in_range(byte, 0x20, 0x7e);
}

// The length of the UTF-8 character at the front of `bytes`, 1 to 4; 0 if none is there.
// The ranges are the table in RFC 3629, section 4.
std::size_t utf8_length(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (bytes.size() < length) return 0;
  const unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (!in_range(bytes[1], least, most)) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!in_range(bytes[i], 0x80, 0xbf)) return 0;
  }
  return length;
}

bool is_control(std::string_view character) {
  if (character.size() == 1) return in_range(character[0], 0x00, 0x1f) || character[0] == '\x7f';
  return character.size() == 2 && character[0] == '\xc2' && in_range(character[1], 0x80, 0x9f);
}

}  // namespace

std::string printable(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    // Most text is plain ASCII: as much of it as there is goes in at once.
    const auto plain_end = std::find_if_not(bytes.begin(), bytes.end(), is_plain);
    const auto plain = static_cast<std::size_t>(plain_end - bytes.begin());
    text += bytes.substr(0, plain);
    bytes.remove_prefix(plain);
    if (bytes.empty()) break;

    const std::size_t length = utf8_length(bytes);
    const std::string_view character = bytes.substr(0, length == 0 ? 1 : length);
    if (length == 0 || is_control(character)) {
      for (const char byte : character) append_escaped(text, byte);
    } else {
      text += character;
    }
    bytes.remove_prefix(character.size());
  }
  return text;
}

std::string python_bytes(std::string_view bytes) {
  // Python quotes with ' unless that would have to be escaped and " would not.
  const bool has_single = bytes.find('\'') != std::string_view::npos;
  const char quote = has_single && bytes.find('"') == std::string_view::npos ? '"' : '\'';
  std::string text = {'b', quote};
  for (const char byte : bytes) {
    if (byte == quote || byte == '\\') {
      text += {'\\', byte};
    } else if (is_plain(byte)) {
      text += byte;
    } else {
      append_escaped(text, byte);
    }
  }
  return text += quote;
}
