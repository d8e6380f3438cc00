#include "common/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "common/unicode.hpp"

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

bool is_plain(char byte) {
  return byte >= 0x20 && byte <= 0x7e;
}

bool is_in(char32_t character, char32_t first, char32_t last) {
  return first <= character && character <= last;
}

// Arrows, symbols and pictures: the blocks in which the parts of joined emoji are.
bool is_picture(char32_t character) {
  return is_in(character, 0x2190, 0x2bff) || is_in(character, 0x1f000, 0x1faff);
}

// The blocks from Arabic to Sinhala.
bool is_of_a_joining_script(char32_t character) {
  return is_in(character, 0x0600, 0x0dff);
}

// True for U+200C and U+200D, ZERO WIDTH NON-JOINER and JOINER, where they change what is seen of their neighbours.
bool joins(char32_t before, char32_t character, std::string_view after) {
  if (!is_in(character, 0x200c, 0x200d) || after.empty()) return false;
  const char32_t next = take_character(after).value_or(0);
  return is_printable(next) && ((is_of_a_joining_script(before) && is_of_a_joining_script(next)) ||
                                (character == 0x200d && is_picture(before) && is_picture(next)));
}

}  // namespace

std::string printable(std::string_view bytes) {
  constexpr char32_t emoji_style = 0xfe0f;  // belongs to the picture before it
  std::string text;
  text.reserve(bytes.size());
  char32_t before = 0;  // the character that has been shown last
  while (!bytes.empty()) {
    // Most text is plain ASCII: as much of it as there is goes in at once.
    const auto plain_end = std::find_if_not(bytes.begin(), bytes.end(),
                                            [](char byte) { return is_plain(byte) && byte != '\\'; });
    const auto plain = static_cast<std::size_t>(plain_end - bytes.begin());
    text += bytes.substr(0, plain);
    bytes.remove_prefix(plain);
    if (plain > 0) before = 0;
    if (bytes.empty()) break;

    const std::string_view from_here = bytes;
    const char32_t character = take_character(bytes).value_or(0);
    const std::string_view taken = from_here.substr(0, from_here.size() - bytes.size());
    if (character == '\\') {
      text += "\\\\";
      before = 0;
    } else if (is_printable(character) || joins(before, character, bytes)) {
      text += taken;
      if (character != emoji_style) before = character;
    } else {
      for (const char byte : taken) append_escaped(text, byte);
      before = 0;
    }
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
