// Every page of the tutorial is true: a test a page. docs/check/check.hpp says what is checked.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <system_error>

#include "docs/check/check.hpp"

namespace {

const std::filesystem::path root = REPOSITORY;

class PageTest : public testing::TestWithParam<std::string> {};

TEST_P(PageTest, IsTrue) {
  std::filesystem::current_path(root);
  const Page page = read_page(GetParam());
  const Report report = check_page(page, BUILD);
  for (const Problem& problem : report.problems) ADD_FAILURE() << problem.place << ": " << problem.text;
  fmt::print("{}\n", report.summary(page));
  if (!report.lacks.empty()) GTEST_SKIP() << report.lacks;
}

INSTANTIATE_TEST_SUITE_P(Pages, PageTest, testing::ValuesIn(page_paths(root)),
                         [](const auto& page) { return page_name(page.param); });

TEST(Chinese, HasEveryPage) {
  for (const std::filesystem::path folder : {"", "lab"}) {
    std::error_code none;  // a copy of the lab has no bugs in either language
    for (const auto& file : std::filesystem::directory_iterator(root / "docs" / folder, none)) {
      if (file.path().extension() != ".md") continue;
      const std::filesystem::path path = "docs/zh" / folder / file.path().filename();
      EXPECT_TRUE(std::filesystem::exists(root / path)) << "there is no " << path;
    }
  }
}

// docs/hostile.md names the test that proves each promise, `Suite.Name` in backticks.
TEST(Hostile, PromisesAreProvedByTestsThatAreThere) {
  std::string sources;
  for (const char* folder : {"common", "part1_basic", "part2_header", "part3_objects", "part4_chatroom"}) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (!file.path().filename().string().ends_with("_test.cpp")) continue;
      std::ifstream in(file.path());
      sources.append(std::istreambuf_iterator<char>(in), {});
    }
  }
  const std::regex test("`([A-Z][A-Za-z]+)\\.([A-Z][A-Za-z0-9]+)`");
  int named = 0;
  for (const std::string& line : read_page(root / "docs/hostile.md").lines) {
    for (std::sregex_iterator name(line.begin(), line.end(), test), end; name != end; ++name) {
      ++named;
      EXPECT_NE(sources.find(name->format("($1, $2)")), std::string::npos)
          << "no test is named " << name->str();
    }
  }
  EXPECT_GT(named, 20);
}

}  // namespace
