#include "common/text.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/unicode.hpp"

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

// The bits of `code_point` as UTF-8, even where RFC 3629 forbids them.
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
        "👩‍👩‍👧 🇩🇪", "e\u0301 Z̸̢a", "'quotes' \"and\" /slashes/", "ﷺ ½ ≠ ₿ ﬁ"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, LeavesEveryPrintableAsciiCharacterButTheBackslashAsItIs) {
  EXPECT_EQ(printable(bytes_from(0x20, 0x7e)), bytes_from(0x20, '\\') + "\\" + bytes_from('\\' + 1, 0x7e));
}

TEST(Printable, KeepsAnEscapeApartFromOneTypedByHand) {
  EXPECT_EQ(printable("a\nb"), R"(a\nb)");
  EXPECT_EQ(printable(R"(a\nb)"), R"(a\\nb)");
  EXPECT_EQ(printable("\\\n\\"), R"(\\\n\\)");
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
  EXPECT_EQ(printable(utf8(0xa1)), utf8(0xa1));  // the first one after them, which is printable
}

TEST(Printable, TakesTheFirstAndTheLastCharacterOfEveryLength) {
  for (const unsigned code_point : {0x20U, 0x7eU, 0xa1U, 0x7ffU, 0x800U, 0xfdaU, 0x1000U, 0xd7fbU, 0xf900U,
                                    0xfffdU, 0x10000U, 0x3134aU}) {
    SCOPED_TRACE(fmt::format("U+{:04X}", code_point));
    EXPECT_EQ(printable(utf8(code_point)), utf8(code_point));
  }
  for (const unsigned code_point :
       {0x7ffU, 0xfffU, 0xffffU, 0x3ffffU, 0x40000U, 0xfffffU, 0x100000U, 0x10ffffU}) {
    const std::string character = utf8(code_point);
    std::string_view rest = character;
    EXPECT_EQ(take_character(rest), char32_t{code_point});
  }
}

TEST(Printable, EscapesInvisibleCharactersAndThoseThatMoveOthers) {
  // One or more of each category: Cc, Cf, Zl, Zp, Zs, Co, Cn, Cs.
  for (const unsigned code_point :
       {0x85U,   0xadU,   0x200bU, 0x200eU,  0x202aU,   0x202eU,  0x2060U,  0x2066U,  0x2069U,
        0xfeffU, 0x61cU,  0xfff9U, 0x1d173U, 0xe0001U,  0xe0041U, 0xe007fU, 0x2028U,  0x2029U,
        0xa0U,   0x1680U, 0x2003U, 0x202fU,  0x205fU,   0x3000U,  0xe000U,  0xf0000U, 0x10fffdU,
        0x378U,  0xfdd0U, 0xffffU, 0xe0fffU, 0x10ffffU, 0xd800U}) {
    const std::string character = utf8(code_point);
    EXPECT_EQ(printable("qa" + character + "b"), "qa" + hex_escapes(character) + "b")
        << fmt::format("U+{:04X}", code_point);
  }
}

TEST(Printable, LeavesJoinersWherePeopleWriteThem) {
  for (const std::string_view text :
       {"👩‍🚀", "👩🏽‍🚀", "🏳️‍🌈", "🏴‍☠️", "❤️‍🔥", "🧔‍♂️",
        "👁️‍🗨️", "👨‍👩‍👧‍👦", "1️⃣ ✌🏿 ☎︎", "می‌خواهم",
        "क्‍ष", "ශ්‍රී"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, EscapesWhatIsBlankWhateverItsCategory) {
  for (const unsigned code_point : {0x34fU, 0x115fU, 0x1160U, 0x17b4U, 0x17b5U, 0x2800U, 0x3164U, 0xffa0U}) {
    EXPECT_EQ(printable("a" + utf8(code_point)), "a" + hex_escapes(utf8(code_point)));
  }
}

TEST(Printable, LeavesAVariationSelectorOnlyAfterWhatHasVariants) {
  for (const std::string_view text :
       {"❤️", "☎︎", "©️", "1️⃣ #️⃣ *️⃣", "葛󠄀", "ᠠ᠋", "≨︀"})
    EXPECT_EQ(printable(text), text);
  const std::string emoji_style = utf8(0xfe0f);
  for (const std::string before : {"", "qa", "qa1", "я", "é", "م", "❤️", "\n", "\xff"}) {
    EXPECT_EQ(printable(before + emoji_style), printable(before) + hex_escapes(emoji_style)) << before;
  }
  EXPECT_EQ(printable("qa" + utf8(0xe0100)), "qa" + hex_escapes(utf8(0xe0100)));
}

TEST(Printable, EscapesJoinersThatJoinNothing) {
  const std::string joiner = utf8(0x200d);
  const std::string non_joiner = utf8(0x200c);
  const std::string girl = "👧";
  const std::string woman = "👩";
  const std::vector<std::pair<std::string, std::string>> before_and_after = {{"", ""},
                                                                             {"a", "b"},
                                                                             {"a", girl},
                                                                             {girl, "a"},
                                                                             {girl, ""},
                                                                             {"", girl},
                                                                             {girl, "\xff"},
                                                                             {"\n", girl},
                                                                             {"م", girl},
                                                                             {girl, "م"},
                                                                             {girl, utf8(0x1f000 + 0xaff)},
                                                                             {girl + "\\", girl}};
  for (const auto& [before, after] : before_and_after) {
    for (const std::string& character : {joiner, non_joiner}) {
      EXPECT_EQ(printable(before + character + after),
                printable(before) + hex_escapes(character) + printable(after));
    }
  }
  EXPECT_EQ(printable(girl + non_joiner + woman), girl + hex_escapes(non_joiner) + woman);
  EXPECT_EQ(printable(girl + joiner + joiner + woman),
            girl + hex_escapes(joiner) + hex_escapes(joiner) + woman);
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
                hex_escapes(cut));  // the rest follows
      EXPECT_EQ(printable(cut + "a"), hex_escapes(cut) + "a");
      EXPECT_EQ(printable(cut + character), hex_escapes(cut) + character);
      EXPECT_EQ(printable(cut + "\n"), hex_escapes(cut) + "\\n");
      EXPECT_EQ(printable(character.substr(size)), hex_escapes(character.substr(size)));
    }
  }
}

TEST(Printable, NeverShowsAByteThatATerminalObeysNorTwoTextsAlike) {
  // Every pair of bytes, including those that are half a character and half a command.
  std::set<std::string> texts;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = printable(std::string{static_cast<char>(first), static_cast<char>(second)});
      EXPECT_TRUE(std::none_of(text.begin(), text.end(),
                               [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }))
          << first << ' ' << second;
      EXPECT_FALSE(text.size() == 2 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0);
      EXPECT_TRUE(texts.insert(text).second) << text << " stands for two";
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

TEST(PrintableName, EndsForCertain) {
  EXPECT_EQ(printable_name("alice"), "alice");
  EXPECT_EQ(printable_name("Alice B: 3>2"), "Alice B: 3>2");
  EXPECT_EQ(printable_name("qa : hi"), R"(qa \x3a hi)");
  EXPECT_EQ(printable_name("A > B > C"), R"(A \x3e B \x3e C)");
  EXPECT_EQ(printable_name(" alice "), R"(\x20alice\x20)");
  EXPECT_EQ(printable_name(" "), R"(\x20)");
  EXPECT_EQ(printable_name(R"(\x3a)"), R"(\\x3a)");
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
