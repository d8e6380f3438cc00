// Every page of the tutorial is true: a test a page. docs/check.hpp tells what is checked.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
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
