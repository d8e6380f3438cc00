#include "part3_objects/pickle/object.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

// What Python 3.11 prints for the same objects.
TEST(Repr, IsPythonsForNumbers) {
  EXPECT_EQ(repr(None()), "None");
  EXPECT_EQ(repr(true), "True");
  EXPECT_EQ(repr(false), "False");
  EXPECT_EQ(repr(-7), "-7");
  EXPECT_EQ(repr(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(repr(1.0), "1.0");
  EXPECT_EQ(repr(-0.0), "-0.0");
  EXPECT_EQ(repr(0.1), "0.1");
  EXPECT_EQ(repr(1e15), "1000000000000000.0");
  EXPECT_EQ(repr(9999999999999998.0), "9999999999999998.0");
  EXPECT_EQ(repr(1e16), "1e+16");
  EXPECT_EQ(repr(1.5e300), "1.5e+300");
  EXPECT_EQ(repr(0.0001), "0.0001");
  EXPECT_EQ(repr(0.00001), "1e-05");
  EXPECT_EQ(repr(5e-324), "5e-324");
  EXPECT_EQ(repr(1.7976931348623157e308), "1.7976931348623157e+308");
  EXPECT_EQ(repr(infinity), "inf");
  EXPECT_EQ(repr(-infinity), "-inf");
  EXPECT_EQ(repr(not_a_number), "nan");
  EXPECT_EQ(repr(-not_a_number), "nan");
}

TEST(Repr, IsPythonsForText) {
  EXPECT_EQ(repr(""), "''");
  EXPECT_EQ(repr("Hey"), "'Hey'");
  EXPECT_EQ(repr("it's"), R"("it's")");
  EXPECT_EQ(repr(R"("quoted")"), R"('"quoted"')");
  EXPECT_EQ(repr(R"(it's "both")"), R"('it\'s "both"')");
  EXPECT_EQ(repr("a\\b"), R"('a\\b')");
  EXPECT_EQ(repr("\t\n\r\b\x1b\x7f"), R"('\t\n\r\x08\x1b\x7f')");
  EXPECT_EQ(repr(std::string(1, '\0')), R"('\x00')");
  EXPECT_EQ(repr("\u00e9 \u4f60\u597d \U0001f642"), "'\u00e9 \u4f60\u597d \U0001f642'");
  EXPECT_EQ(repr("\u0085\u00a0\u00ad"), R"('\x85\xa0\xad')");
  EXPECT_EQ(repr("\u0378\u200b\u2028\ufeff"), R"('\u0378\u200b\u2028\ufeff')");
  EXPECT_EQ(repr("\U000e0001\U0010ffff"), R"('\U000e0001\U0010ffff')");
  EXPECT_EQ(repr("\xed\xa0\x80"), R"('\ud800')") << "a lone surrogate";
  EXPECT_EQ(repr(Bytes{"it's \xff\n"}), R"(b"it's \xff\n")");
}

TEST(Repr, EscapesWhatIsNotUtf8) {
  EXPECT_EQ(repr("\x80 \xc3"), R"('\x80 \xc3')");
  EXPECT_EQ(repr("\xc0\x80 \xe0\x80\x80"), R"('\xc0\x80 \xe0\x80\x80')") << "longer than needed";
  EXPECT_EQ(repr("\xf4\x90\x80\x80 \xf8\x88\x80\x80\x80"), R"('\xf4\x90\x80\x80 \xf8\x88\x80\x80\x80')")
      << "past U+10FFFF";
}

TEST(Repr, IsPythonsForContainers) {
  EXPECT_EQ(repr(List()), "[]");
  EXPECT_EQ(repr(List{{1, "a", None()}}), "[1, 'a', None]");
  EXPECT_EQ(repr(Tuple()), "()");
  EXPECT_EQ(repr(Tuple{{1}}), "(1,)");
  EXPECT_EQ(repr(Tuple{{1, 2.5}}), "(1, 2.5)");
  EXPECT_EQ(repr(Dict()), "{}");
  EXPECT_EQ(repr(Dict{{1, "Hey"}, {2, "There"}}), "{1: 'Hey', 2: 'There'}");
  EXPECT_EQ(repr(List{{Tuple{{List()}}, Dict{{Tuple{{1, 2}}, Dict()}}}}), "[([],), {(1, 2): {}}]");
}

TEST(Str, IsATextWithoutQuotesAndElseTheRepr) {
  EXPECT_EQ(str("it's\n"), "it's\n");
  EXPECT_EQ(str(List{{"it's\n"}}), R"(["it's\n"])");
}

TEST(Dict, KeepsTheOrderOfItsKeys) {
  EXPECT_EQ(repr(Dict{{"b", 1}, {"a", 2}, {0, 3}}), "{'b': 1, 'a': 2, 0: 3}");
}

TEST(Dict, KeepsTheFirstPlaceAndTheLastValueOfAKey) {
  EXPECT_EQ(repr(Dict{{"a", 1}, {"b", 2}, {"a", 3}}), "{'a': 3, 'b': 2}");
}

TEST(Dict, TakesEqualNumbersForOneKey) {
  EXPECT_EQ(repr(Dict{{1, "int"}, {1.0, "float"}, {true, "bool"}}), "{1: 'bool'}");
  EXPECT_EQ(repr(Dict{{0.0, "zero"}, {-0.0, "minus"}, {false, "bool"}}), "{0.0: 'bool'}");
  EXPECT_EQ(repr(Dict{{Tuple{{1, "x"}}, 1}, {Tuple{{1.0, "x"}}, 2}}), "{(1, 'x'): 2}");
  // 2.0**53 == 2**53, but no float is 2**53 + 1; and 2.0**63 is one more than the largest int here.
  constexpr std::int64_t two_to_53 = std::int64_t{1} << 53;
  EXPECT_EQ(repr(Dict{{two_to_53, 1}, {0x1p53, 2}}), "{9007199254740992: 2}");
  EXPECT_EQ(repr(Dict{{two_to_53 + 1, 1}, {0x1p53, 2}}), "{9007199254740993: 1, 9007199254740992.0: 2}");
  EXPECT_EQ(repr(Dict{{std::numeric_limits<std::int64_t>::max(), 1}, {0x1p63, 2}}),
            "{9223372036854775807: 1, 9.223372036854776e+18: 2}");
  EXPECT_EQ(repr(Dict{{std::numeric_limits<std::int64_t>::min(), 1}, {-0x1p63, 2}}),
            "{-9223372036854775808: 2}");
}

TEST(Dict, TellsOtherKeysApart) {
  EXPECT_EQ(repr(Dict{{"1", 1}, {1, 2}, {Bytes{"1"}, 3}, {Tuple{{1}}, 4}, {None(), 5}, {"None", 6}}),
            "{'1': 1, 1: 2, b'1': 3, (1,): 4, None: 5, 'None': 6}");
  EXPECT_EQ(repr(Dict{{not_a_number, 1}, {not_a_number, 2}}), "{nan: 1, nan: 2}");
  EXPECT_EQ(repr(Dict{{Tuple{{1, Tuple()}}, 1}, {Tuple{{Tuple{{1}}}}, 2}}), "{(1, ()): 1, ((1,),): 2}");
}

TEST(Dict, RefusesKeysThatCanBeChanged) {
  EXPECT_THROW((Dict{{List(), 1}}), std::invalid_argument);
  EXPECT_THROW((Dict{{Dict(), 1}}), std::invalid_argument);
  EXPECT_THROW((Dict{{Tuple{{Tuple{{List()}}}}, 1}}), std::invalid_argument);
}

TEST(Dict, FindsTheValueOfAKey) {
  const Dict dict = {{1, "Hey"}, {"two", 2}};
  ASSERT_NE(dict.find("two"), nullptr);
  EXPECT_EQ(*dict.find("two"), Object(2));
  EXPECT_EQ(*dict.find(1.0), Object("Hey"));
  EXPECT_EQ(dict.find("three"), nullptr);
}

TEST(Object, IsEqualAsInPython) {
  EXPECT_EQ(Object(1), Object(1.0));
  EXPECT_EQ(Object(true), Object(1));
  EXPECT_NE(Object(1), Object(2));
  EXPECT_NE(Object(not_a_number), Object(not_a_number));
  EXPECT_NE(Object("a"), Object(Bytes{"a"}));
  EXPECT_NE(Object(None()), Object(false));
  EXPECT_EQ(Object(List{{1, "a"}}), Object(List{{1.0, "a"}}));
  EXPECT_NE(Object(List{{1}}), Object(Tuple{{1}}));
  EXPECT_NE(Object(Tuple{{1}}), Object(Tuple{{1, 2}}));
  EXPECT_EQ(Object(Dict{{1, "a"}, {2, "b"}}), Object(Dict{{2, "b"}, {1, "a"}}));
  EXPECT_NE(Object(Dict{{1, "a"}}), Object(Dict{{1, "b"}}));
  EXPECT_NE(Object(Dict{{1, "a"}}), Object(Dict{{1, "a"}, {2, "b"}}));
}

TEST(Object, NamesItsTypeAsPythonDoes) {
  EXPECT_STREQ(type_name(None()), "NoneType");
  EXPECT_STREQ(type_name(true), "bool");
  EXPECT_STREQ(type_name(1), "int");
  EXPECT_STREQ(type_name(1.0), "float");
  EXPECT_STREQ(type_name("a"), "str");
  EXPECT_STREQ(type_name(Bytes()), "bytes");
  EXPECT_STREQ(type_name(List()), "list");
  EXPECT_STREQ(type_name(Tuple()), "tuple");
  EXPECT_STREQ(type_name(Dict()), "dict");
}
