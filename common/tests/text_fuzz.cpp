// For clang's libFuzzer: whatever bytes arrive, what printable() makes of them is harmless and can be read back, and
// plain text stays as it is; python_bytes() can be read back. `cmake --preset fuzz` builds it. https://llvm.org/docs/LibFuzzer.html
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "common/text.hpp"
#include "common/unicode.hpp"

namespace {

// RFC 3629, section 3: the only form that a character has.
std::string utf8(std::uint32_t character) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  const auto next = [&](int shift) { return byte(0x80 | (character >> shift & 0x3f)); };
  if (character < 0x80) return {byte(character)};
  if (character < 0x800) return {byte(0xc0 | character >> 6), next(0)};
  if (character < 0x10000) return {byte(0xe0 | character >> 12), next(6), next(0)};
  return {byte(0xf0 | character >> 18), next(12), next(6), next(0)};
}

// The bits of what begins `bytes`, read as a character of `length` bytes, valid or not.
std::uint32_t bits(std::string_view bytes, std::size_t length) {
  std::uint32_t character =
      static_cast<unsigned char>(bytes[0]) & (length == 1 ? 0x7fU : 0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i)
    character = character << 6 | (static_cast<unsigned char>(bytes[i]) & 0x3fU);
  return character;
}

// The character at the front of `bytes`: its length in bytes and its code point; 1 and U+0000 if none.
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

// True if nothing in `bytes` may be escaped: it is UTF-8, and all of it is visible. Blocks in which some
// characters are blank or change others are left out.
bool is_plain_text(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto [length, character] = front(bytes);
    const bool is_special =
        character == '\\' || character == 0x34f || (character >= 0x1100 && character < 0x1200) ||
        (character >= 0x1780 && character < 0x1900) || character == 0x2800 || character == 0x3164 ||
        (character >= 0xfe00 && character < 0xfe10) || character == 0xffa0 || character >= 0xe0000;
    if (is_special || !is_printable(character)) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

// True if `text` may go to a screen: it is UTF-8, and all of it is visible except the two joiners.
bool is_harmless(std::string_view text) {
  while (!text.empty()) {
    const auto [length, character] = front(text);
    if (!is_printable(character) && character != 0x200c && character != 0x200d) return false;
    text.remove_prefix(length);
  }
  return true;
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
  if (!is_harmless(printable(bytes))) std::abort();
  if (is_plain_text(bytes) && printable(bytes) != bytes) std::abort();
  if (bytes_of("b'" + printable(bytes) + "'") != bytes) std::abort();
  if (bytes_of(python_bytes(bytes)) != bytes) std::abort();
  return 0;
}
