// Every defect of the lab can be put in, seen, found, and mended: a test for each page of docs/lab/. docs/lab.md
// tells what the lab is.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "common/testing/process.hpp"
#include "docs/check/check.hpp"

namespace {

namespace fs = std::filesystem;

struct Outcome {
  int exit_code;
  std::string output;
};

// Runs a command with bash. Compilers and checks print nothing for longer than a Process waits for a line, so
// its output goes into a file first.
Outcome run(const fs::path& scratch, const std::string& command) {
  const fs::path output = scratch / "output";
  const int status =
      std::system(("bash -c '" + command + "' >'" + output.string() + "' 2>&1 </dev/null").c_str());
  std::ifstream file(output);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, {std::istreambuf_iterator<char>(file), {}}};
}

std::vector<std::string> defects() {
  std::vector<std::string> names;
  std::error_code none;  // a copy of the lab's has no lab
  for (const auto& file : fs::directory_iterator(REPOSITORY "/docs/lab", none))
    names.push_back(file.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

class Lab : public testing::TestWithParam<std::string> {
 protected:
  Lab() : number_(GetParam().substr(0, 2)) {
    std::string path = fs::temp_directory_path() / ("lab_test-" + std::string(6, 'X'));
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp");
    my_ = fs::canonical(path);
    // What has not been committed yet is tested too.
    commit_ = run(my_, "git -C " REPOSITORY " stash create").output;
    commit_.erase(std::remove(commit_.begin(), commit_.end(), '\n'), commit_.end());
  }

  ~Lab() override {
    fs::current_path("/");
    fs::remove_all(my_);
  }

  Outcome lab(const std::string& arguments) {
    return run(my_, "LAB_COMMIT=" + commit_ + " " REPOSITORY "/tutorial --build-dir " BUILD " --my-dir " +
                        my_.string() + " lab " + arguments);
  }

  fs::path copy() const { return my_ / "lab" / number_; }

  // The page without the patch, in which the check of the pages would look for links.
  Page page() const {
    std::ifstream file(REPOSITORY "/docs/lab/" + GetParam() + ".md");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    return parse_page("docs/lab/" + GetParam() + ".md", text.substr(0, text.find("\n```diff\n")));
  }

  std::string number_;
  fs::path my_;
  std::string commit_;
};

TEST_P(Lab, DefectShowsIsFoundAndCanBeMended) {
  const Outcome begun = lab(number_);
  ASSERT_EQ(begun.exit_code, 0) << begun.output;

  fs::current_path(copy());
  const Page shown = page();
  const Report report = check_page(shown, {copy(), copy() / "build"});
  for (const Problem& problem : report.problems) ADD_FAILURE() << problem.place << ": " << problem.text;

  const Outcome found = lab(number_ + " --check");
  EXPECT_EQ(found.exit_code, 1) << found.output;
  EXPECT_NE(found.output.find("FAIL"), std::string::npos) << found.output;

  for (const std::string hint : {"Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Hint 3 of 3"}) {
    EXPECT_TRUE(lab(number_ + " --hint").output.starts_with(hint + ":\n\n"));
  }

  const Outcome solution = lab(number_ + " --solution");
  std::ofstream(my_ / "solution") << solution.output;
  const Outcome applied =
      run(my_, "cd " + copy().string() + " && GIT_CEILING_DIRECTORIES=" + copy().parent_path().string() +
                   " git apply " + (my_ / "solution").string());
  ASSERT_EQ(applied.exit_code, 0) << applied.output << solution.output;
  const Outcome mended = lab(number_ + " --check");
  EXPECT_EQ(mended.exit_code, 0) << mended.output;
  EXPECT_NE(lab("").output.find("[x] " + std::to_string(std::stoi(number_)) + ". "), std::string::npos);
  if (!report.lacks.empty()) GTEST_SKIP() << report.lacks;
}

INSTANTIATE_TEST_SUITE_P(Of, Lab, testing::ValuesIn(defects()),
                         [](const auto& defect) { return defect.param; });

}  // namespace
