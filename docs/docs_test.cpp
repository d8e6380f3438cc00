// Every page of the tutorial is true: a test a page. docs/check.hpp tells what is checked.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "docs/check.hpp"

namespace {

const Repository repository = {REPOSITORY, BUILD};

class PageIsTrue : public testing::Test {
 public:
  explicit PageIsTrue(std::string path) : path_(std::move(path)) {}

  void TestBody() override {
    const Page page = read_page(repository, path_);
    const Report report = check_page(page, repository);
    for (const Problem& problem : report.problems) ADD_FAILURE() << problem.place << ": " << problem.text;
    fmt::print("{}\n", report.summary(page));
  }

 private:
  std::string path_;
};

// docs/hostile.md names the test that proves each promise, `Suite.Name` in backticks.
TEST(Hostile, PromisesAreProvedByTestsThatAreThere) {
  std::string sources;
  for (const char* folder : {"common", "part1_basic", "part2_header", "part3_objects", "part4_chatroom"}) {
    for (const auto& file : std::filesystem::directory_iterator(repository.root / folder)) {
      if (!file.path().filename().string().ends_with("_test.cpp")) continue;
      std::ifstream in(file.path());
      sources.append(std::istreambuf_iterator<char>(in), {});
    }
  }
  const std::regex test("[A-Z][A-Za-z]+\\.[A-Z][A-Za-z0-9]+");
  int named = 0;
  for (const std::string& line : read_page(repository, "docs/hostile.md").lines) {
    for (std::string name : code_spans(line)) {
      if (!std::regex_match(name, test)) continue;
      ++named;
      name.replace(name.find('.'), 1, ", ");
      EXPECT_NE(sources.find('(' + name + ')'), std::string::npos) << "no test is named " << name;
    }
  }
  EXPECT_GT(named, 20);
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::filesystem::current_path(repository.root);
  for (const std::string& path : page_paths(repository)) {
    testing::RegisterTest(
        "Pages", page_name(path).c_str(), nullptr, nullptr, __FILE__, __LINE__,
        [path]() -> testing::Test* { return new PageIsTrue(path); });  // GoogleTest deletes it
  }
  return RUN_ALL_TESTS();
}
