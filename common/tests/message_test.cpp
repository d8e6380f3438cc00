#include "common/message.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::size_t allocated = 0;  // bytes, by every operator new of this program

}  // namespace

// Counts what is allocated: memory that a peer only claims to need must not be taken.
void* operator new(std::size_t size) {
  allocated += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

std::string stream_of(const std::vector<std::string>& bodies) {
  std::string stream;
  for (const std::string& body : bodies) stream += with_header(body);
  return stream;
}

// All whole messages that the reader has.
std::vector<std::string> messages_of(MessageReader& reader) {
  std::vector<std::string> bodies;
  while (const auto body = reader.next()) bodies.emplace_back(*body);
  return bodies;
}

// Gives `stream` to a new reader, cut before each of the positions in `cuts`, and returns the messages.
std::vector<std::string> read_in_pieces(std::string_view stream, const std::vector<std::size_t>& cuts) {
  MessageReader reader(mebibyte);
  std::vector<std::string> bodies;
  std::size_t begin = 0;
  const auto give = [&](std::size_t end) {
    reader.push(stream.substr(begin, end - begin));
    begin = end;
    for (std::string& body : messages_of(reader)) bodies.push_back(std::move(body));
  };
  for (const std::size_t cut : cuts) give(cut);
  give(stream.size());
  EXPECT_FALSE(reader.inside_message());
  return bodies;
}

// Bodies that look like headers, that hold every byte, and that are empty.
const std::vector<std::string> bodies = {
    "Welcome to the server!", "", "5         hello", std::string("\0\n\xff ", 4), "你好", "", "x"};

TEST(WithHeader, WritesTheLengthInTenBytesAsPythonDoes) {
  EXPECT_EQ(with_header(""), "0         ");
  EXPECT_EQ(with_header("hello"), "5         hello");
  EXPECT_EQ(with_header("Welcome to the server!"), "22        Welcome to the server!");
  EXPECT_EQ(with_header(std::string(mebibyte, 'x')).substr(0, header_size + 1), "1048576   x");
}

TEST(WithHeader, CountsBytesAndNotCharacters) {
  EXPECT_EQ(with_header("naïve"), "6         naïve");
  EXPECT_EQ(with_header("你好"), "6         你好");
}

TEST(WithHeader, TakesTheBodyAsItIs) {
  EXPECT_EQ(with_header("{} %s \\"), "7         {} %s \\");
  EXPECT_EQ(with_header(std::string_view("\0", 1)), std::string("1         \0", 11));
}

TEST(MessageReader, FindsTheSameMessagesWhereverTheStreamIsCutInThree) {
  const std::string stream = stream_of(bodies);
  for (std::size_t first = 0; first <= stream.size(); ++first) {
    for (std::size_t second = first; second <= stream.size(); ++second) {
      ASSERT_EQ(read_in_pieces(stream, {first, second}), bodies) << first << ", " << second;
    }
  }
}

TEST(MessageReader, FindsTheSameMessagesOneByteAtATime) {
  const std::string stream = stream_of(bodies);
  std::vector<std::size_t> cuts;
  for (std::size_t cut = 0; cut < stream.size(); ++cut) cuts.push_back(cut);
  EXPECT_EQ(read_in_pieces(stream, cuts), bodies);
}

TEST(MessageReader, FindsRandomMessagesInRandomPieces) {
  std::mt19937 random(1234);
  const auto up_to = [&](std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most)(random);
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> random_bodies(up_to(20));
    for (std::string& body : random_bodies) {
      body.resize(up_to(round % 10 == 0 ? 20'000 : 40));
      std::generate(body.begin(), body.end(), [&] { return static_cast<char>(random()); });
    }
    const std::string stream = stream_of(random_bodies);
    std::vector<std::size_t> cuts(up_to(50));
    std::generate(cuts.begin(), cuts.end(), [&] { return up_to(stream.size()); });
    std::sort(cuts.begin(), cuts.end());
    ASSERT_EQ(read_in_pieces(stream, cuts), random_bodies) << "round " << round;
  }
}

TEST(MessageReader, ShowsTheHeaderAsItCameOnceItIsWhole) {
  MessageReader reader(mebibyte);
  for (const char byte : std::string_view(" 5       ")) {
    reader.push({&byte, 1});
    EXPECT_EQ(reader.header(), std::nullopt);
    EXPECT_EQ(reader.next(), std::nullopt);
  }
  reader.push(" ");
  EXPECT_EQ(reader.header(), " 5        ");
  reader.push("hell");
  EXPECT_EQ(reader.header(), " 5        ");  // the same when asked again
  EXPECT_EQ(reader.next(), std::nullopt);
  reader.push("o7");
  EXPECT_EQ(reader.next(), "hello");
  EXPECT_EQ(reader.header(), std::nullopt);
}

TEST(MessageReader, KnowsWhetherAMessageHasBegun) {
  MessageReader reader(mebibyte);
  EXPECT_FALSE(reader.inside_message());
  const std::string stream = with_header("hello");
  for (std::size_t i = 0; i < stream.size(); ++i) {
    reader.push(stream.substr(i, 1));
    EXPECT_TRUE(reader.inside_message()) << "after byte " << i;
    EXPECT_EQ(reader.next().has_value(), i + 1 == stream.size());
  }
  EXPECT_FALSE(reader.inside_message());
  reader.push("");
  EXPECT_FALSE(reader.inside_message());
  reader.push(with_header(""));
  EXPECT_EQ(reader.next(), "");
  EXPECT_FALSE(reader.inside_message());
}

TEST(MessageReader, TakesDigitsWithSpacesOnEitherSide) {
  for (const std::string_view header :
       {"5         ", "         5", " 5        ", "    5     ", "0000000005", "  00005   ", "05        "}) {
    MessageReader reader(mebibyte);
    reader.push(header);
    EXPECT_EQ(reader.header(), header);
    reader.push("hello");
    EXPECT_EQ(reader.next(), "hello") << header;
  }
}

TEST(MessageReader, RefusesWhatIsNotALength) {
  const std::vector<std::string> headers = {
      "          ",  // no digits
      "-1        ",
      "-0        ",
      "+5        ",
      " -5       ",  // a sign
      "1_000     ",
      "_5        ",
      "5_        ",  // Python's int() also takes these
      "0x5       ",
      "0b1       ",
      "0o7       ",
      "5e3       ",
      "5.0       ",
      "5L        ",
      "5,000     ",
      "5'000     ",
      "abcdefghij",
      "5a        ",
      "a5        ",
      "0x        ",
      "\t5        ",
      "5\t        ",
      "5\n        ",
      "\n5        ",
      "5\r\n       ",
      "5\v        ",
      "\f5        ",
      "5 5       ",
      "1 0       ",
      "        -1",
      std::string("5\0        ", 10),
      std::string(10, '\0'),
      std::string("\0        5", 10),
      "\xa0"
      "5        ",
      "5\xa0        ",
      "\xc2\xa0"
      "5       ",  // a space, but not ASCII
      "\xd9\xa5        ",
      "\xef\xbc\x95       ",  // a five, but not ASCII
      "\xb2         ",
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
      "GET / HTTP",
  };
  for (const std::string& header : headers) {
    SCOPED_TRACE(testing::PrintToString(header));
    ASSERT_EQ(header.size(), header_size);
    MessageReader reader(mebibyte);
    reader.push(header);
    EXPECT_THROW(reader.header(), FramingError);
    EXPECT_THROW(reader.next(), FramingError);
    reader.push("hello");  // there is no way back into the stream
    EXPECT_THROW(reader.next(), FramingError);
  }
}

TEST(MessageReader, RefusesOneByteOverItsLimit) {
  for (const std::size_t limit : {std::size_t{0}, std::size_t{5}, 64 * std::size_t{1024}, mebibyte}) {
    MessageReader reader(limit);
    const std::string largest(limit, 'x');
    reader.push(with_header(largest));
    EXPECT_EQ(reader.next(), largest);
    reader.push(fmt::format("{:<10}", limit + 1));
    EXPECT_THROW(reader.header(), FramingError);
  }
}

TEST(MessageReader, NamesTheHeaderOrTheLimitInItsError) {
  const auto error_of = [](std::string_view header) -> std::string {
    MessageReader reader(mebibyte);
    reader.push(header);
    try {
      reader.next();
    } catch (const FramingError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_of("\x1b[2J\n     "), R"(the header b'\x1b[2J\n     ' is not a length)");
  EXPECT_EQ(error_of("1048577   "), "a message of 1048577 bytes is over the limit of 1048576");
  EXPECT_EQ(error_of("9999999999"), "a message of 9999999999 bytes is over the limit of 1048576");
}

TEST(MessageReader, GivesTheMessagesBeforeABadHeader) {
  MessageReader reader(mebibyte);
  reader.push(with_header("hello") + with_header("") + "not a size");
  EXPECT_EQ(reader.next(), "hello");
  EXPECT_EQ(reader.next(), "");
  EXPECT_THROW(reader.next(), FramingError);
}

TEST(MessageReader, TakesNoMemoryForALengthThatIsOnlyClaimed) {
  MessageReader reader(1'000 * mebibyte);
  reader.push("1048576000");
  const std::size_t before = allocated;
  EXPECT_EQ(reader.next(), std::nullopt);
  reader.push("x");
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_LT(allocated - before, 1'000U);
}

TEST(MessageReader, TakesMemoryForWhatWaitsAndNotForWhatHasPassed) {
  MessageReader reader(mebibyte);
  const std::string message = with_header(std::string(100, 'x'));
  std::size_t before = 0;
  for (int i = 0; i < 100'000; ++i) {
    if (i == 10) before = allocated;
    reader.push(message);
    while (reader.next()) continue;
  }
  EXPECT_EQ(allocated - before, 0U);  // 11 MB have passed through the memory of one message
}

// A reader's work is to take in each byte once and to move bytes inside its memory. The views show how many it
// has moved: a byte that still waits to be read is at another place than before.
class CountedReader {
 public:
  void push(std::string_view bytes) {
    const char* before = position();
    reader_.push(bytes);
    if (before != nullptr && position() != before) moved_ += waiting_;
    waiting_ += bytes.size();
  }

  bool next() {
    const char* before = position();
    const auto body = reader_.next();
    if (!body) return false;
    if (body->data() != before + header_size) moved_ += waiting_;
    waiting_ -= header_size + body->size();
    return true;
  }

  std::size_t moved() const { return moved_; }

 private:
  const char* position() {
    const auto header = reader_.header();
    return header ? header->data() : nullptr;
  }

  MessageReader reader_{mebibyte};
  std::size_t waiting_ = 0;
  std::size_t moved_ = 0;
};

TEST(MessageReader, MovesNothingWhileItReadsThousandsOfMessagesInOnePiece) {
  std::string stream;
  for (int i = 0; i < 100'000; ++i) stream += with_header("hi");
  CountedReader reader;
  reader.push(stream);
  for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(reader.next());
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.moved(), 0U);
}

TEST(MessageReader, MovesAsManyBytesAsArriveWhenTheyComeOneByOne) {
  const std::string stream = with_header(std::string(200'000, 'x'));
  CountedReader reader;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    reader.push(std::string_view(stream).substr(i, 1));
    ASSERT_EQ(reader.next(), i + 1 == stream.size());
  }
  EXPECT_LE(reader.moved(), 2 * stream.size());
}

TEST(MessageReader, MovesAsManyBytesAsArriveWhileABacklogIsReadSlowly) {
  // A thousand messages wait all the time: each piece brings one more, and one is read.
  const std::string message = with_header("hello");
  CountedReader reader;
  for (int i = 0; i < 1'000; ++i) reader.push(message);
  const std::size_t before = reader.moved();
  for (int i = 0; i < 10'000; ++i) {
    reader.push(message);
    ASSERT_TRUE(reader.next());
  }
  EXPECT_LE(reader.moved() - before, 2 * 10'000 * message.size());
}

}  // namespace
