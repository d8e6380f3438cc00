#include "common/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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
    case '\\':
      text += "\\\\";
      break;
    default:
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", static_cast<unsigned char>(byte));
  }
}

// ASCII that stands for itself.
bool is_plain(char byte) {
  return byte >= 0x20 && byte <= 0x7e && byte != '\\';
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

// Chooses among the shapes of the character before it: an emoji in colour, an ideograph of a name, a Mongolian letter.
bool is_variation_selector(char32_t character) {
  return is_in(character, 0x180b, 0x180d) || character == 0x180f || is_in(character, 0xfe00, 0xfe0f) ||
         is_in(character, 0xe0100, 0xe01ef);
}

// Below U+2000 only Myanmar and Mongolian letters have them, two signs, and what is put on a keycap, U+20E3.
bool has_variants(char32_t character, char32_t next) {
  if (character < 0x80) return next == 0x20e3;
  return character == 0xa9 || character == 0xae || is_in(character, 0x1000, 0x109f) ||
         is_in(character, 0x1820, 0x18aa) || (character >= 0x2000 && !is_variation_selector(character));
}

// Blank, though they count as letters, marks and symbols: fillers, U+034F, vowels without a sound, no dots in Braille.
bool is_blank(char32_t character) {
  constexpr std::array<char32_t, 8> blank = {0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x3164, 0xffa0};
  return std::find(blank.begin(), blank.end(), character) != blank.end();
}

// True if the character can be seen after `last`, or changes what is seen: of `last`, or, as U+200C and U+200D, ZERO
// WIDTH NON-JOINER and JOINER, do, of `base`, which is `last` without variation selectors, and the next one.
bool is_seen(char32_t base, char32_t last, char32_t character, std::string_view after) {
  const char32_t next = after.empty() ? 0 : take_character(after).value_or(0);
  if (is_in(character, 0x200c, 0x200d)) {
    return is_printable(next) && ((is_of_a_joining_script(base) && is_of_a_joining_script(next)) ||
                                  (character == 0x200d && is_picture(base) && is_picture(next)));
  }
  if (is_variation_selector(character)) return has_variants(last, next);
  return is_printable(character) && !is_blank(character);
}

}  // namespace

std::string printable(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  char32_t base = 0;
  char32_t last = 0;
  while (!bytes.empty()) {
    // Most text is plain ASCII: as much of it as there is goes in at once.
    const auto plain_end = std::find_if_not(bytes.begin(), bytes.end(), is_plain);
    const auto plain = static_cast<std::size_t>(plain_end - bytes.begin());
    text += bytes.substr(0, plain);
    if (plain > 0) base = last = static_cast<unsigned char>(bytes[plain - 1]);
    bytes.remove_prefix(plain);
    if (bytes.empty()) break;

    const std::string_view from_here = bytes;
    const char32_t character = take_character(bytes).value_or(0);
    const std::string_view taken = from_here.substr(0, from_here.size() - bytes.size());
    if (character != '\\' && is_seen(base, last, character, bytes)) {
      text += taken;
      last = character;
      if (!is_variation_selector(character)) base = character;
    } else {
      for (const char byte : taken) append_escaped(text, byte);
      base = last = 0;
    }
  }
  return text;
}

std::string printable_name(std::string_view name) {
  const std::string shown = printable(name);
  std::string text;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const bool at_an_end = shown[i] == ' ' && (i == 0 || i + 1 == shown.size());
    const bool separates = (shown[i] == ':' || shown[i] == '>') && i > 0 && shown[i - 1] == ' ';
    if (at_an_end || separates) {
      append_escaped(text, shown[i]);
    } else {
      text += shown[i];
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
    if (byte == quote) {
      text += {'\\', byte};
    } else if (is_plain(byte)) {
      text += byte;
    } else {
      append_escaped(text, byte);
    }
  }
  return text += quote;
}
