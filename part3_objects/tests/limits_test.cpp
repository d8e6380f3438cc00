// What a stranger's pickle can cost: under 64 MiB and a second for one of up to 1 MiB, whatever is in it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "common/testing/testing.hpp"
#include "part3_objects/pickle/object.hpp"
#include "part3_objects/pickle/pickle.hpp"
#include "part3_objects/tests/memory.hpp"
#include "part3_objects/tests/pickle_examples.hpp"

namespace {

using namespace std::string_literals;

constexpr std::size_t mebibyte = 1024 * 1024;

// True if loads() has made an object of the pickle, and not refused it. Processor time, which no other program takes.
bool loads_within_limits(const std::string& pickle, const std::string& what) {
  bool is_loaded = true;
  const MemoryWatch watch;
  const std::clock_t begin = std::clock();
  try {
    loads(pickle);
  } catch (const PickleError&) {
    is_loaded = false;
  }
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, is_sanitized() ? 10 : 1) << what;
  EXPECT_LT(watch.peak() + pickle.size(), 64 * mebibyte) << what;
  return is_loaded;
}

std::string repeated(std::string_view opcodes, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += opcodes;
  return all;
}

std::string little_endian(std::size_t number, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(number >> (8 * i));
  return bytes;
}

std::string text(const std::string& characters) {
  return "X" + little_endian(characters.size(), 4) + characters;
}

const std::string encode_function = "c_codecs\nencode\n";

// Pickles of opcodes at random that fit together, so that most are not refused at once. First some objects that are
// large, or stand for bytes at protocol 2, go into the memo; then come blocks that use them, each again and again.
class PickleMaker {
 public:
  explicit PickleMaker(unsigned seed) : random_(seed) {}

  std::string pickle() {
    std::string opcodes = "\x80\4("s;
    for (const std::string& object :
         {encode_function, text("latin1"), "c__builtin__\nbytes\n"s, text(std::string(below(300'000), 'a')),
          text(repeated("\u00e9", below(100'000))), "](" + std::string(below(100'000), 'N') + "e"}) {
      opcodes += object + "\x94";
    }
    opcodes += "1(";
    while (below(8) > 0) {
      const std::string some = block(3);
      opcodes += repeated(
          some, std::min(std::size_t{1} << below(19), (mebibyte - 2 - opcodes.size()) / some.size()));
    }
    return opcodes + "t.";
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }

  std::string recall() { return {'h', static_cast<char>(3 + below(4))}; }

  // Opcodes that push one object.
  std::string block(int depth) {
    switch (below(depth == 0 ? 6 : 13)) {
      case 0:
        return "N";
      case 1:
        return "J" + little_endian(random_(), 4);
      case 2:
        return "\x8c\5hello";
      case 3:
        return recall();
      case 4:
        return "h\0h"s + static_cast<char>(3 + below(2)) + "h\1\x86R";
      case 5:
        return "h\2)R";
      case 6:
        return "(" + blocks(depth) + "t";
      case 7:
        return "](" + blocks(depth) + "e";
      case 8:
        return "}" + block(0) + block(depth - 1) + "s";
      case 9:
        return "}" + block(depth - 1) + "\x85\x94" + block(depth - 1) + "s";
      case 10:
        return block(depth - 1) + "\x94";
      case 11:
        return block(depth - 1) + "0" + block(depth - 1);
      default:
        return "(" + blocks(depth) + "1" + block(depth - 1);
    }
  }

  std::string blocks(int depth) {
    std::string all;
    while (below(4) > 0) all += repeated(block(depth - 1), 1 + below(10));
    return all;
  }

  std::mt19937 random_;
};

}  // namespace

TEST(Limits, HoldForPicklesThatAreRefused) {
  for (const auto& [pickle, why] : refused_pickles()) EXPECT_FALSE(loads_within_limits(pickle, why)) << why;
}

// Each would be gigabytes, or take minutes, if everything that it asks for were made.
TEST(Limits, HoldForPicklesThatAskForMuch) {
  const std::string begin = "\x80\4"s;
  const std::string shared_text = text(std::string(5'000, 'a')) + "\x94";
  const std::string call = encode_function + "\x94" + text("latin1") + "\x94" + shared_text;
  const std::string nan = "G\x7f\xf8\0\0\0\0\0\0\x94"s;
  const std::pair<std::string, std::string> pickles[] = {
      {"calls whose bytes are dropped", call + repeated("h\0h\2h\1\x86R0"s, 100'000) + "00."},
      {"calls whose bytes are kept", "(" + call + repeated("h\0h\2h\1\x86R"s, 100'000) + "t."},
      {"calls whose bytes go into the memo", call +
                                                 repeated("h\0h\2h\1\x86R\x94"
                                                          "0"s,
                                                          40'000) +
                                                 "00."},
      {"a str again and again", "(" + shared_text + repeated("h\0"s, 240'000) + "t."},
      {"a str as a key again and again", "}(" + shared_text + "N" + repeated("h\0N"s, 800) + "u."},
      {"a NaN as a key again and again", "}(" + nan + "N" + repeated("h\0N"s, 124'000) + "u."},
      {"a NaN in a key again and again", "}(" + nan + "\x85N" + repeated("h\0\x85N"s, 80'000) + "u."},
      {"a large tuple as a key again and again",
       "}((" + repeated("N", 1'000) + "t\x94N" + repeated("h\0N"s, 240) + "u."},
      {"a large list in a tuple again and again",
       "((" + repeated("N", 120'000) + "t\x94" + repeated("h\0"s, 120'000) + "t."},
      {"one object in the memo again and again", "N" + repeated("\x94", mebibyte - 4) + "."},
      {"lists in the memo", "(" + repeated("]\x94", 240'000) + "t."},
      {"lists of one", "(" + repeated("]Na\x94", 83'000) + "t."},
      {"tuples that are dropped", "N" + repeated("0N\x85", 120'000) + "."},
      {"dicts of one", "(" + repeated("}NNs\x94", 62'000) + "t."},
      {"short texts", "(" +
                          repeated("\x8c\x10"
                                   "0123456789abcdef\x94",
                                   40'000) +
                          repeated("h\0"s, 80'000) + "t."},
      {"frames", repeated("\x95" + little_endian(2, 8) + "N0", 90'000) + "N."},
      {"marks", repeated("(", mebibyte - 3) + "."},
      {"deep lists again and again",
       "(" + repeated("]", 990) + repeated("a", 989) + "\x94" + repeated("h\0"s, 500) + "t."},
      {"a long name",
       "c" + std::string(mebibyte / 2, '\x1b') + "\n" + std::string(mebibyte / 2 - 8, '\xff') + "\n."},
  };
  for (const auto& [what, opcodes] : pickles) {
    EXPECT_LE(begin.size() + opcodes.size(), mebibyte) << what;
    loads_within_limits(begin + opcodes, what);
  }
}

TEST(Limits, HoldForPicklesAtRandom) {
  int loaded = 0;
  for (unsigned seed = 0; seed < 100 && !HasFailure(); ++seed) {
    const std::string pickle = PickleMaker(seed).pickle();
    ASSERT_LE(pickle.size(), mebibyte);
    if (loads_within_limits(pickle, fmt::format("seed {}", seed))) ++loaded;
  }
  EXPECT_GT(loaded, 10);
}
