// For clang's libFuzzer: whatever bytes arrive, printable() shows what a plain reading of the standard shows, and
// python_bytes() can be read back. `cmake --preset fuzz` builds it. https://llvm.org/docs/LibFuzzer.html
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "common/text.hpp"
#include "common/unicode.hpp"

namespace {

// RFC 3629, section 3: the one form that a character has.
std::string utf8(std::uint32_t character) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  const auto next = [&](int shift) { return byte(0x80 | (character >> shift & 0x3f)); };
  if (character < 0x80) return {byte(character)};
  if (character < 0x800) return {byte(0xc0 | character >> 6), next(0)};
  if (character < 0x10000) return {byte(0xe0 | character >> 12), next(6), next(0)};
  return {byte(0xf0 | character >> 18), next(12), next(6), next(0)};
}

// The one at the front of `bytes`, whatever it is worth: its bits, taken to be `length` bytes long.
std::uint32_t bits(std::string_view bytes, std::size_t length) {
  std::uint32_t character =
      static_cast<unsigned char>(bytes[0]) & (length == 1 ? 0x7fU : 0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i)
    character = character << 6 | (static_cast<unsigned char>(bytes[i]) & 0x3fU);
  return character;
}

bool is_picture(std::uint32_t character) {
  return (character >= 0x2190 && character < 0x2c00) || (character >= 0x1f000 && character < 0x1fb00);
}

bool is_of_a_joining_script(std::uint32_t character) {
  return character >= 0x600 && character < 0xe00;
}

std::string escaped(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    if (byte == '\n') {
      text += "\\n";
    } else if (byte == '\r') {
      text += "\\r";
    } else if (byte == '\t') {
      text += "\\t";
    } else {
      text += {'\\', 'x', "0123456789abcdef"[value / 16], "0123456789abcdef"[value % 16]};
    }
  }
  return text;
}

// The character at the front of `bytes`: its length in bytes, and what it is; 1 and U+0000 if none is there.
std::pair<std::size_t, std::uint32_t> front(std::string_view bytes) {
  for (std::size_t length = 1; length <= 4 && length <= bytes.size(); ++length) {
    const std::uint32_t character = bits(bytes, length);
    const bool is_surrogate = character >= 0xd800 && character < 0xe000;
    if (!is_surrogate && character <= 0x10ffff && utf8(character) == bytes.substr(0, length)) {
      return {length, character};
    }
  }
  return {1, 0};
}

std::string expected(std::string_view bytes) {
  std::string text;
  std::uint32_t before = 0;
  while (!bytes.empty()) {
    const auto [length, character] = front(bytes);
    const std::string_view taken = bytes.substr(0, length);
    bytes.remove_prefix(length);
    const std::uint32_t after = bytes.empty() ? 0 : front(bytes).second;
    const bool joins_letters = is_of_a_joining_script(before) && is_of_a_joining_script(after);
    const bool joins_pictures = character == 0x200d && is_picture(before) && is_picture(after);
    const bool joins = (character == 0x200c || character == 0x200d) && (joins_letters || joins_pictures);
    if (character == '\\') {
      text += "\\\\";
      before = 0;
    } else if (is_printable(character) || (joins && is_printable(after))) {
      text += taken;
      if (character != 0xfe0f) before = character;
    } else {
      text += escaped(taken);
      before = 0;
    }
  }
  return text;
}

// The bytes that a bytes object of Python stands for: "String and Bytes literals" in its language reference.
std::string bytes_of(std::string_view literal) {
  std::string bytes;
  literal = literal.substr(2, literal.size() - 3);
  while (!literal.empty()) {
    std::size_t taken = literal[0] == '\\' ? 2 : 1;
    char byte = literal[taken - 1];
    if (taken == 2) {
      if (byte == 'n') byte = '\n';
      if (byte == 'r') byte = '\r';
      if (byte == 't') byte = '\t';
      if (byte == 'x') {
        taken = 4;
        byte = static_cast<char>(std::stoi(std::string(literal.substr(2, 2)), nullptr, 16));
      }
    }
    bytes += byte;
    literal.remove_prefix(taken);
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (printable(bytes) != expected(bytes)) std::abort();
  if (bytes_of("b'" + printable(bytes) + "'") != bytes) std::abort();
  if (bytes_of(python_bytes(bytes)) != bytes) std::abort();
  return 0;
}
