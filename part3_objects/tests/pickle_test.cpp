#include "part3_objects/pickle/pickle.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "part3_objects/pickle/object.hpp"
#include "part3_objects/tests/pickle_examples.hpp"

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// An object and what pickle.dumps(object, 3) and pickle.dumps(object, 4) of CPython 3.11 return. Protocol 2
// differs from 3 in its second byte, unless there are bytes in the object, and protocol 5 from 4.
struct Fact {
  Object object;
  std::string_view protocol_3;
  std::string_view protocol_4;
};

const std::vector<Fact>& facts() {
  static const std::vector<Fact> all = {
      {None(), R"(\x80\x03N.)", R"(\x80\x04N.)"},
      {true, R"(\x80\x03\x88.)", R"(\x80\x04\x88.)"},
      {false, R"(\x80\x03\x89.)", R"(\x80\x04\x89.)"},
      {0, R"(\x80\x03K\x00.)", R"(\x80\x04K\x00.)"},
      {1, R"(\x80\x03K\x01.)", R"(\x80\x04K\x01.)"},
      {255, R"(\x80\x03K\xff.)", R"(\x80\x04K\xff.)"},
      {256, R"(\x80\x03M\x00\x01.)", R"(\x80\x04\x95\x04\x00\x00\x00\x00\x00\x00\x00M\x00\x01.)"},
      {65535, R"(\x80\x03M\xff\xff.)", R"(\x80\x04\x95\x04\x00\x00\x00\x00\x00\x00\x00M\xff\xff.)"},
      {65536, R"(\x80\x03J\x00\x00\x01\x00.)",
       R"(\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00J\x00\x00\x01\x00.)"},
      {-1, R"(\x80\x03J\xff\xff\xff\xff.)",
       R"(\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00J\xff\xff\xff\xff.)"},
      {2147483647, R"(\x80\x03J\xff\xff\xff\x7f.)",
       R"(\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00J\xff\xff\xff\x7f.)"},
      {-2147483648, R"(\x80\x03J\x00\x00\x00\x80.)",
       R"(\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00J\x00\x00\x00\x80.)"},
      {std::int64_t{2147483648}, R"(\x80\x03\x8a\x05\x00\x00\x00\x80\x00.)",
       R"(\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8a\x05\x00\x00\x00\x80\x00.)"},
      {std::int64_t{-2147483649}, R"(\x80\x03\x8a\x05\xff\xff\xff\x7f\xff.)",
       R"(\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8a\x05\xff\xff\xff\x7f\xff.)"},
      {std::int64_t{549755813887}, R"(\x80\x03\x8a\x05\xff\xff\xff\xff\x7f.)",
       R"(\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8a\x05\xff\xff\xff\xff\x7f.)"},
      {std::int64_t{549755813888}, R"(\x80\x03\x8a\x06\x00\x00\x00\x00\x80\x00.)",
       R"(\x80\x04\x95\t\x00\x00\x00\x00\x00\x00\x00\x8a\x06\x00\x00\x00\x00\x80\x00.)"},
      {std::int64_t{-549755813888}, R"(\x80\x03\x8a\x05\x00\x00\x00\x00\x80.)",
       R"(\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8a\x05\x00\x00\x00\x00\x80.)"},
      {std::int64_t{-549755813889}, R"(\x80\x03\x8a\x06\xff\xff\xff\xff\x7f\xff.)",
       R"(\x80\x04\x95\t\x00\x00\x00\x00\x00\x00\x00\x8a\x06\xff\xff\xff\xff\x7f\xff.)"},
      {std::int64_t{36028797018963968}, R"(\x80\x03\x8a\x08\x00\x00\x00\x00\x00\x00\x80\x00.)",
       R"(\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8a\x08\x00\x00\x00\x00\x00\x00\x80\x00.)"},
      {std::int64_t{-36028797018963968}, R"(\x80\x03\x8a\x07\x00\x00\x00\x00\x00\x00\x80.)",
       R"(\x80\x04\x95\n\x00\x00\x00\x00\x00\x00\x00\x8a\x07\x00\x00\x00\x00\x00\x00\x80.)"},
      {std::int64_t{9223372036854775807}, R"(\x80\x03\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f.)",
       R"(\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f.)"},
      {std::numeric_limits<std::int64_t>::min(), R"(\x80\x03\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80.)",
       R"(\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80.)"},
      {0.0, R"(\x80\x03G\x00\x00\x00\x00\x00\x00\x00\x00.)",
       R"(\x80\x04\x95\n\x00\x00\x00\x00\x00\x00\x00G\x00\x00\x00\x00\x00\x00\x00\x00.)"},
      {-0.0, R"(\x80\x03G\x80\x00\x00\x00\x00\x00\x00\x00.)",
       R"(\x80\x04\x95\n\x00\x00\x00\x00\x00\x00\x00G\x80\x00\x00\x00\x00\x00\x00\x00.)"},
      {1.5, R"(\x80\x03G?\xf8\x00\x00\x00\x00\x00\x00.)",
       R"(\x80\x04\x95\n\x00\x00\x00\x00\x00\x00\x00G?\xf8\x00\x00\x00\x00\x00\x00.)"},
      {0.1, R"(\x80\x03G?\xb9\x99\x99\x99\x99\x99\x9a.)",
       R"(\x80\x04\x95\n\x00\x00\x00\x00\x00\x00\x00G?\xb9\x99\x99\x99\x99\x99\x9a.)"},
      {1e16, R"(\x80\x03GCA\xc3y7\xe0\x80\x00.)",
       R"(\x80\x04\x95\n\x00\x00\x00\x00\x00\x00\x00GCA\xc3y7\xe0\x80\x00.)"},
      {1e-5, R"(\x80\x03G>\xe4\xf8\xb5\x88\xe3h\xf1.)",
       R"(\x80\x04\x95\n\x00\x00\x00\x00\x00\x00\x00G>\xe4\xf8\xb5\x88\xe3h\xf1.)"},
      {5e-324, R"(\x80\x03G\x00\x00\x00\x00\x00\x00\x00\x01.)",
       R"(\x80\x04\x95\n\x00\x00\x00\x00\x00\x00\x00G\x00\x00\x00\x00\x00\x00\x00\x01.)"},
      {infinity, R"(\x80\x03G\x7f\xf0\x00\x00\x00\x00\x00\x00.)",
       R"(\x80\x04\x95\n\x00\x00\x00\x00\x00\x00\x00G\x7f\xf0\x00\x00\x00\x00\x00\x00.)"},
      {-infinity, R"(\x80\x03G\xff\xf0\x00\x00\x00\x00\x00\x00.)",
       R"(\x80\x04\x95\n\x00\x00\x00\x00\x00\x00\x00G\xff\xf0\x00\x00\x00\x00\x00\x00.)"},
      {nan, R"(\x80\x03G\x7f\xf8\x00\x00\x00\x00\x00\x00.)",
       R"(\x80\x04\x95\n\x00\x00\x00\x00\x00\x00\x00G\x7f\xf8\x00\x00\x00\x00\x00\x00.)"},
      {"", R"(\x80\x03X\x00\x00\x00\x00q\x00.)",
       R"(\x80\x04\x95\x04\x00\x00\x00\x00\x00\x00\x00\x8c\x00\x94.)"},
      {"Hey", R"(\x80\x03X\x03\x00\x00\x00Heyq\x00.)",
       R"(\x80\x04\x95\x07\x00\x00\x00\x00\x00\x00\x00\x8c\x03Hey\x94.)"},
      {"\u00e9\u4f60\U0001f642", R"(\x80\x03X\t\x00\x00\x00\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x99\x82q\x00.)",
       R"(\x80\x04\x95\r\x00\x00\x00\x00\x00\x00\x00\x8c\t\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x99\x82\x94.)"},
      {"\xed\xa0\x80", R"(\x80\x03X\x03\x00\x00\x00\xed\xa0\x80q\x00.)",
       R"(\x80\x04\x95\x07\x00\x00\x00\x00\x00\x00\x00\x8c\x03\xed\xa0\x80\x94.)"},
      {Bytes(), R"(\x80\x03C\x00q\x00.)", R"(\x80\x04\x95\x04\x00\x00\x00\x00\x00\x00\x00C\x00\x94.)"},
      {Bytes{"a\xff"}, R"(\x80\x03C\x02a\xffq\x00.)",
       R"(\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00C\x02a\xff\x94.)"},
      {List(), R"(\x80\x03]q\x00.)", R"(\x80\x04]\x94.)"},
      {List{{1}}, R"(\x80\x03]q\x00K\x01a.)", R"(\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00]\x94K\x01a.)"},
      {List{{1, 2}}, R"(\x80\x03]q\x00(K\x01K\x02e.)",
       R"(\x80\x04\x95\t\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01K\x02e.)"},
      {List{{List{{List()}}}}, R"(\x80\x03]q\x00]q\x01]q\x02aa.)",
       R"(\x80\x04\x95\t\x00\x00\x00\x00\x00\x00\x00]\x94]\x94]\x94aa.)"},
      {Tuple(), R"(\x80\x03).)", R"(\x80\x04).)"},
      {Tuple{{1}}, R"(\x80\x03K\x01\x85q\x00.)",
       R"(\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00K\x01\x85\x94.)"},
      {Tuple{{1, 2}}, R"(\x80\x03K\x01K\x02\x86q\x00.)",
       R"(\x80\x04\x95\x07\x00\x00\x00\x00\x00\x00\x00K\x01K\x02\x86\x94.)"},
      {Tuple{{1, 2, 3}}, R"(\x80\x03K\x01K\x02K\x03\x87q\x00.)",
       R"(\x80\x04\x95\t\x00\x00\x00\x00\x00\x00\x00K\x01K\x02K\x03\x87\x94.)"},
      {Tuple{{1, 2, 3, 4}}, R"(\x80\x03(K\x01K\x02K\x03K\x04tq\x00.)",
       R"(\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00(K\x01K\x02K\x03K\x04t\x94.)"},
      {Dict(), R"(\x80\x03}q\x00.)", R"(\x80\x04}\x94.)"},
      {Dict{{1, 2}}, R"(\x80\x03}q\x00K\x01K\x02s.)",
       R"(\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00}\x94K\x01K\x02s.)"},
      {Dict{{1, "Hey"}, {2, "There"}},
       R"(\x80\x03}q\x00(K\x01X\x03\x00\x00\x00Heyq\x01K\x02X\x05\x00\x00\x00Thereq\x02u.)",
       R"(\x80\x04\x95\x17\x00\x00\x00\x00\x00\x00\x00}\x94(K\x01\x8c\x03Hey\x94K\x02\x8c\x05There\x94u.)"},
      {Dict{{Tuple{{1, "a"}}, List{{Tuple()}}}},
       R"(\x80\x03}q\x00K\x01X\x01\x00\x00\x00aq\x01\x86q\x02]q\x03)as.)",
       R"(\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94K\x01\x8c\x01a\x94\x86\x94]\x94)as.)"},
  };
  return all;
}

std::string error_of(std::string_view pickle) {
  try {
    loads(pickle);
  } catch (const PickleError& error) {
    return error.what();
  }
  return "no error";
}

List numbers(int count) {
  List list;
  for (int i = 0; i < count; ++i) list.items.emplace_back(i);
  return list;
}

Dict squares(int count) {
  std::vector<Entry> entries;
  for (int i = 0; i < count; ++i) entries.emplace_back(i, i * i);
  return Dict(std::move(entries));
}

List texts(int count) {
  List list;
  for (int i = 0; i < count; ++i) list.items.emplace_back(std::string(1'000, 'a') + std::to_string(i));
  return list;
}

// Python: zlib.crc32()
std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xffff'ffff;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc % 2 == 0 ? crc >> 1 : crc >> 1 ^ 0xedb8'8320;
  }
  return ~crc;
}

}  // namespace

TEST(Dumps, WritesWhatCPythonWrites) {
  for (const Fact& fact : facts())
    EXPECT_EQ(dumps(fact.object), from_python(fact.protocol_4)) << repr(fact.object);
}

// The same for what is long or has many items, with frames and batches, as a size and a checksum.
TEST(Dumps, WritesFramesAndBatchesWhereCPythonDoes) {
  struct LargeFact {
    Object object;
    std::size_t size;
    std::uint32_t checksum;
  };
  const LargeFact large_facts[] = {
      {std::string(255, 'x'), 270, 0x8f93b1c1},
      {std::string(256, 'x'), 274, 0xe1d45a47},
      {std::string(65'535, 'x'), 65553, 0xf5cbfed3},
      {std::string(65'536, 'x'), 65545, 0xd768db43},
      {Bytes{std::string(255, 'x')}, 270, 0x478fe512},
      {Bytes{std::string(256, 'x')}, 274, 0xd2d247fd},
      {Bytes{std::string(65'535, 'x')}, 65553, 0x083198b0},
      {Bytes{std::string(65'536, 'x')}, 65545, 0x032e11c7},
      {numbers(999), 2757, 0x09da6f13},
      {numbers(1000), 2760, 0x2c75d3dc},
      {numbers(1001), 2765, 0x23156d71},
      {numbers(2000), 5762, 0xe13720e3},
      {numbers(2001), 5767, 0xf29cc4eb},
      {Tuple{numbers(1001).items}, 2762, 0x6d1ad478},
      {squares(999), 7224, 0xaeb3c215},
      {squares(1000), 7234, 0xf420f7dc},
      {squares(1001), 7242, 0xe6602242},
      {squares(2000), 15236, 0x95e40dfc},
      {texts(300), 302642, 0x232ff4d3},
      {Tuple{{std::string(65'536, 'x'), std::string(65'536, 'y'), 1}}, 131100, 0x97cf0ab9},
  };
  for (const LargeFact& fact : large_facts) {
    const std::string pickle = dumps(fact.object);
    EXPECT_EQ(pickle.size(), fact.size) << type_name(fact.object);
    EXPECT_EQ(crc32(pickle), fact.checksum) << type_name(fact.object) << " as " << fact.size << " bytes";
    EXPECT_EQ(repr(loads(pickle)), repr(fact.object));
  }
}

// docs/part3.md has a table of the greeting's bytes: | byte | bytes | opcode | what the machine does |
TEST(Dumps, WritesTheGreetingAsTheTableOfThePage) {
  std::ifstream page(SOURCES "../docs/part3.md");
  const std::regex row(R"(\| (\d+) \| `([0-9a-f ]+)` \| ([A-Z0-9_]+) \|.*)");
  std::string bytes;
  std::smatch cells;
  for (std::string line; std::getline(page, line);) {
    if (!std::regex_match(line, cells, row)) continue;
    EXPECT_EQ(cells[1].str(), std::to_string(bytes.size())) << line;
    std::istringstream digits(cells[2].str());
    for (int byte = 0; digits >> std::hex >> byte;) bytes += static_cast<char>(byte);
  }
  EXPECT_EQ(bytes, dumps(Dict{{1, "Hey"}, {2, "There"}}));
}

TEST(Dumps, RefusesAStrThatIsNotUtf8) {
  EXPECT_THROW(dumps("\xff"), PickleError);
}

TEST(Dumps, RefusesMoreObjectsInsideOneAnotherThanLoadsReads) {
  const std::string lists = std::string(max_pickle_depth, ']') + std::string(max_pickle_depth - 1, 'a');
  const Object deepest = loads(from_python(R"(\x80\x04)") + lists + '.');
  EXPECT_NO_THROW(dumps(deepest));
  EXPECT_THROW(dumps(List{{deepest}}), PickleError);
}

TEST(Loads, ReadsWhatCPythonWritesAtProtocols2To5) {
  for (const Fact& fact : facts()) {
    std::string pickle = from_python(fact.protocol_3);
    EXPECT_EQ(repr(loads(pickle)), repr(fact.object));
    pickle[1] = 2;
    EXPECT_EQ(repr(loads(pickle)), repr(fact.object));
    pickle = from_python(fact.protocol_4);
    EXPECT_EQ(repr(loads(pickle)), repr(fact.object));
    pickle[1] = 5;
    EXPECT_EQ(repr(loads(pickle)), repr(fact.object));
  }
}

// [b'ab\xff', b'', b'c', b''], where a name and a text are used again.
TEST(Loads, ReadsBytesAsTheCallThatPythonMakesOfThemAtProtocol2) {
  const std::string pickle = from_python(
      R"(\x80\x02]q\x00(c_codecs\nencode\nq\x01X\x04\x00\x00\x00ab\xc3\xbfq\x02X\x06\x00\x00\x00latin1q\x03\x86q\x04Rq\x05)"
      R"(c__builtin__\nbytes\nq\x06)Rq\x07h\x01X\x01\x00\x00\x00cq\x08h\x03\x86q\tRq\nh\x07e.)");
  EXPECT_EQ(repr(loads(pickle)), R"([b'ab\xff', b'', b'c', b''])");
}

TEST(Loads, ReadsAnObjectThatOccursTwice) {
  const auto loaded = [](std::string_view pickle) { return repr(loads(from_python(pickle))); };
  EXPECT_EQ(loaded(R"(\x80\x02]q\x00(]q\x01K\x01ah\x01e.)"), "[[1], [1]]");
  EXPECT_EQ(loaded(R"(\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00]\x94(]\x94K\x01ah\x01e.)"), "[[1], [1]]");
  EXPECT_EQ(loaded(R"(\x80\x03]q\x00K\x01ah\x00}q\x01X\x01\x00\x00\x00kq\x02h\x00s\x87q\x03.)"),
            "([1], [1], {'k': [1]})");
  EXPECT_EQ(loaded(R"(\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00]\x94(\x8c\x02ab\x94h\x01h\x01e.)"),
            "['ab', 'ab', 'ab']");
}

TEST(Loads, ReadsAMemoOfMoreThan256Objects) {
  std::string pickle = from_python(R"(\x80\x02()");
  for (int i = 0; i < 300; ++i) {
    pickle += from_python(R"(K\x07r)") + static_cast<char>(i % 256) + static_cast<char>(i / 256) +
              std::string(2, '\0');
  }
  pickle += from_python(R"(t0K\x00K\x01j\x2b\x01\x00\x00\x87.)");
  EXPECT_EQ(repr(loads(pickle)), "(0, 1, 7)");
}

TEST(Loads, ReadsLengthsOfEightBytes) {
  EXPECT_EQ(loads(from_python(R"(\x80\x04\x8d\x02\x00\x00\x00\x00\x00\x00\x00ab.)")), Object("ab"));
  EXPECT_EQ(loads(from_python(R"(\x80\x04\x8e\x02\x00\x00\x00\x00\x00\x00\x00ab.)")), Object(Bytes{"ab"}));
}

TEST(Loads, FillsADictAsPythonDoes) {
  EXPECT_EQ(repr(loads(from_python(R"(\x80\x04}(K\x01NK\x02N\x88K\x75u.)"))), "{1: 117, 2: None}");
}

TEST(Loads, ReadsUpToItsLimits) {
  const std::string begin = from_python(R"(\x80\x04)");
  EXPECT_NO_THROW(
      loads(begin + std::string(max_pickle_depth, ']') + std::string(max_pickle_depth - 1, 'a') + '.'));
  EXPECT_NO_THROW(loads(begin + '(' + std::string(max_pickle_objects - 1, 'N') + "t."));
  const Object text = std::string(max_pickle_text / 4, 'x');
  EXPECT_NO_THROW(loads(dumps(List{{text, text, text, text}})));
}

TEST(Loads, SaysWhatItRefusesAndAtWhichByte) {
  for (const auto& [pickle, why] : refused_pickles()) {
    const std::string error = error_of(pickle);
    EXPECT_TRUE(error.starts_with("pickle refused at byte ")) << error;
    EXPECT_NE(error.find(why), std::string::npos) << error << "\nand not: " << why;
  }
}

TEST(Loads, RefusesEveryPickleThatIsCutOff) {
  const std::string pickle =
      dumps(Dict{{"a", List{{1, 70'000, 1.5, Bytes{"b"}}}}, {Tuple{{true, None()}}, Dict()}});
  for (std::size_t size = 0; size < pickle.size(); ++size) {
    EXPECT_THROW(loads(pickle.substr(0, size)), PickleError) << size;
  }
}

TEST(Loads, RefusesOrReadsWhateverOneByteIs) {
  const std::string pickle =
      dumps(Dict{{"a", List{{1, 70'000, 1.5, Bytes{"b"}}}}, {Tuple{{true, None()}}, Dict()}});
  int refused = 0;
  for (std::size_t place = 0; place < pickle.size(); ++place) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = pickle;
      changed[place] = static_cast<char>(byte);
      try {
        const Object object = loads(changed);
        EXPECT_EQ(repr(loads(dumps(object))), repr(object));
      } catch (const PickleError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 1'000);
}
