#include "common/text.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace {

// All bytes from `first` to `last`, one after the other.
std::string bytes_from(int first, int last) {
  std::string bytes;
  for (int byte = first; byte <= last; ++byte) bytes += static_cast<char>(byte);
  return bytes;
}

// `bytes` as the escapes \x00 to \xff.
std::string hex_escapes(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  return text;
}

// The bits of `code_point` as UTF-8, also where RFC 3629 forbids them.
std::string utf8(unsigned code_point) {
  const auto continuation = [&](int shift) {
    return static_cast<char>(0x80 | ((code_point >> shift) & 0x3f));
  };
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  if (code_point < 0x800) return {static_cast<char>(0xc0 | (code_point >> 6)), continuation(0)};
  if (code_point < 0x10000) {
    return {static_cast<char>(0xe0 | (code_point >> 12)), continuation(6), continuation(0)};
  }
  return {static_cast<char>(0xf0 | (code_point >> 18)), continuation(12), continuation(6), continuation(0)};
}

TEST(Printable, LeavesValidTextOfEveryScriptAsItIs) {
  for (const std::string_view text :
       {"", "hello, world!", "naïve café", "Привет, мир", "你好，世界", "مرحبا",
        "👩‍👩‍👧 🇩🇪", "e\u0301 Z̸̢a", "'quotes' \"and\" back\\slashes"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, LeavesEveryPrintableAsciiCharacterAsItIs) {
  EXPECT_EQ(printable(bytes_from(0x20, 0x7e)), bytes_from(0x20, 0x7e));
}

TEST(Printable, EscapesEveryAsciiControlCharacter) {
  for (int byte = 0; byte < 0x20; ++byte) {
    const std::string control(1, static_cast<char>(byte));
    const std::string expected = byte == '\n'   ? "\\n"
                                 : byte == '\r' ? "\\r"
                                 : byte == '\t' ? "\\t"
                                                : hex_escapes(control);
    EXPECT_EQ(printable("a" + control + "b"), "a" + expected + "b");
  }
  EXPECT_EQ(printable("a\x7f"), "a\\x7f");
}

TEST(Printable, EscapesTheControlCharactersThatNeedTwoBytes) {
  for (unsigned code_point = 0x80; code_point < 0xa0; ++code_point) {
    EXPECT_EQ(printable(utf8(code_point)), hex_escapes(utf8(code_point)));
  }
  EXPECT_EQ(printable(utf8(0xa0)), utf8(0xa0));  // the first that is no control character
}

TEST(Printable, TakesTheFirstAndTheLastCharacterOfEveryLength) {
  for (const unsigned code_point :
       {0x20U, 0x7eU, 0xa0U, 0x7ffU, 0x800U, 0xfffU, 0x1000U, 0xd7ffU, 0xe000U, 0xfffdU, 0xffffU, 0x10000U,
        0x3ffffU, 0x40000U, 0xfffffU, 0x100000U, 0x10ffffU}) {
    SCOPED_TRACE(fmt::format("U+{:04X}", code_point));
    EXPECT_EQ(printable(utf8(code_point)), utf8(code_point));
  }
}

TEST(Printable, EscapesWhatIsNotUtf8) {
  const std::vector<std::string> not_utf8 = {
      "\x80",
      "\xbf",
      "\xc0",
      "\xc1",
      "\xf5",
      "\xff",  // bytes that begin no character
      "\xc0\x80",
      "\xc1\xbf",  // overlong: U+0000 and U+007F in two bytes
      "\xe0\x80\x80",
      "\xe0\x82\x9b",
      "\xe0\x9f\xbf",  // U+0000, U+009B, U+07FF in three
      "\xf0\x80\x80\x80",
      "\xf0\x8f\xbf\xbf",  // U+0000, U+FFFF in four
      utf8(0xd800),
      utf8(0xdbff),
      utf8(0xdc00),
      utf8(0xdfff),  // surrogates
      utf8(0x110000),
      utf8(0x13ffff),
      utf8(0x140000),  // above U+10FFFF
      "\xf8\x88\x80\x80\x80",
      "\xfc\x84\x80\x80\x80\x80",  // five and six bytes: before RFC 3629
      "\xfe\xff",
      "\xff\xfe",  // byte order marks of UTF-16
  };
  for (const std::string& bytes : not_utf8) EXPECT_EQ(printable(bytes), hex_escapes(bytes));
}

TEST(Printable, EscapesACharacterThatIsCutOffAndNothingElse) {
  for (const std::string& character : {utf8(0xe9), utf8(0x4f60), utf8(0x1f600)}) {
    for (std::size_t size = 1; size < character.size(); ++size) {
      const std::string cut = character.substr(0, size);
      EXPECT_EQ(printable(cut), hex_escapes(cut));
      EXPECT_EQ(printable(std::string_view(character).substr(0, size)),
                hex_escapes(cut));  // the rest is near
      EXPECT_EQ(printable(cut + "a"), hex_escapes(cut) + "a");
      EXPECT_EQ(printable(cut + character), hex_escapes(cut) + character);
      EXPECT_EQ(printable(cut + "\n"), hex_escapes(cut) + "\\n");
      EXPECT_EQ(printable(character.substr(size)), hex_escapes(character.substr(size)));
    }
  }
}

TEST(Printable, NeverShowsAByteThatATerminalObeys) {
  // Every pair of bytes, also those that are half a character and half a command.
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = printable(std::string{static_cast<char>(first), static_cast<char>(second)});
      EXPECT_TRUE(std::none_of(text.begin(), text.end(),
                               [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }))
          << first << ' ' << second;
      EXPECT_FALSE(text.size() == 2 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0);
      EXPECT_EQ(printable(text), text) << first << ' ' << second;
    }
  }
}

TEST(Printable, DisarmsATerminalsCommands) {
  EXPECT_EQ(printable("\x1b[2J\x1b]0;title\x07"), "\\x1b[2J\\x1b]0;title\\x07");
  EXPECT_EQ(printable("hi\r\nadmin > forged"), "hi\\r\\nadmin > forged");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "\\xc2\\x9b2J");  // U+009B is ESC [ in one character
}

TEST(PythonBytes, AreWhatCPythonPrintsForAllBytes) {
  // print(bytes(range(256)))
  EXPECT_EQ(
      python_bytes(bytes_from(0, 255)),
      R"(b'\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19)"
      R"(\x1a\x1b\x1c\x1d\x1e\x1f !"#$%&\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghij)"
      R"(klmnopqrstuvwxyz{|}~\x7f\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92)"
      R"(\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab)"
      R"(\xac\xad\xae\xaf\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf\xc0\xc1\xc2\xc3\xc4)"
      R"(\xc5\xc6\xc7\xc8\xc9\xca\xcb\xcc\xcd\xce\xcf\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xdb\xdc\xdd)"
      R"(\xde\xdf\xe0\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef\xf0\xf1\xf2\xf3\xf4\xf5\xf6)"
      R"(\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff')");
}

TEST(PythonBytes, ChooseTheirQuotesAsCPythonDoes) {
  EXPECT_EQ(python_bytes(""), "b''");
  EXPECT_EQ(python_bytes("22        "), "b'22        '");
  EXPECT_EQ(python_bytes("it's"), R"(b"it's")");
  EXPECT_EQ(python_bytes(R"(say "hi")"), R"(b'say "hi"')");
  EXPECT_EQ(python_bytes(R"(it's "so")"), R"(b'it\'s "so"')");
  EXPECT_EQ(python_bytes(R"(it's \)"), R"(b"it's \\")");
}

}  // namespace
