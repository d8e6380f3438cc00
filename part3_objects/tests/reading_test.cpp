#include "part3_objects/reading.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "part3_objects/pickle/pickle.hpp"

namespace {

const Reading roof = {"roof", 1'593'672'221, 21.5, {21.25, 21.75}};

std::string error_of(const Object& object) {
  try {
    to_reading(object);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST(Reading, IsADictToOthers) {
  EXPECT_EQ(repr(to_object(roof)),
            "{'sensor': 'roof', 'time': 1593672221, 'celsius': 21.5, 'samples': [21.25, 21.75]}");
}

TEST(Reading, ComesBackAsItWas) {
  EXPECT_EQ(to_reading(loads(dumps(to_object(roof)))), roof);
  EXPECT_EQ(to_reading(to_object(Reading())), Reading());
}

TEST(Reading, MayComeInAnotherOrderAndWithMore) {
  EXPECT_EQ(to_reading(Dict{{"samples", List{{21.25, 21.75}}},
                            {"celsius", 21.5},
                            {"humidity", 40},
                            {"time", 1'593'672'221},
                            {"sensor", "roof"}}),
            roof);
}

TEST(Reading, NamesAFieldThatIsMissing) {
  EXPECT_EQ(error_of(Dict{{"sensor", "roof"}, {"time", 0}}), "reading: field 'celsius' is missing");
}

TEST(Reading, NamesAFieldOfAWrongType) {
  EXPECT_EQ(error_of(Dict{{"sensor", "roof"}, {"time", 0}, {"celsius", "warm"}}),
            "reading: field 'celsius' is of type str, not float");
  EXPECT_EQ(error_of(Dict{{"sensor", "roof"}, {"time", true}}),
            "reading: field 'time' is of type bool, not int");
  EXPECT_EQ(error_of(Dict{{"sensor", "roof"}, {"time", 0}, {"celsius", 1.5}, {"samples", List{{1.0, 2}}}}),
            "reading: a sample is of type int, not float");
  EXPECT_EQ(error_of(List()), "reading: the object is of type list, not dict");
}
