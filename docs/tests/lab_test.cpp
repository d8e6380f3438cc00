// Every bug of the lab can be seen and is found, and what its page calls the solution fixes it: a test for
// each page of docs/lab/. docs/lab.md explains what the lab is. lab_bugs, a target of CMake, has built the programs.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "docs/check/check.hpp"

namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Result {
  int exit_code;
  std::string output;
};

class LabTest : public testing::Test {
 protected:
  LabTest() {
    std::string path = fs::temp_directory_path() / ("lab_test-" + std::string(6, 'X'));
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp");
    my_ = fs::canonical(path);
  }

  ~LabTest() override {
    fs::current_path("/");
    fs::remove_all(my_);
  }

  // Runs a command with bash. A compiler prints nothing for longer than a Process waits for a line, so its output goes
  // into a file first.
  Result run(const std::string& command) const {
    std::ofstream(my_ / "command") << command;
    const int status =
        std::system(("cd '" + my_.string() + "' && bash command >output 2>&1 </dev/null").c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(my_ / "output")};
  }

  Result lab(const std::string& arguments) const {
    return run(REPOSITORY "/tutorial --build-dir " BUILD " --my-dir " + my_.string() + " lab " + arguments);
  }

  // What has not been committed yet is tested too. With an index of its own: git locks the one of the repository, for
  // which other tests may ask at the same moment.
  void copy_the_uncommitted() const {
    const std::string index = my_ / "index";
    std::string commit = run("cd " REPOSITORY " && cp \"$(git rev-parse --git-dir)/index\" " + index +
                             " && GIT_INDEX_FILE=" + index + " git stash create")
                             .output;
    commit.erase(commit.find_last_not_of('\n') + 1);
    setenv("LAB_COMMIT", commit.c_str(), 1);
  }

  fs::path my_;
};

std::vector<std::string> bugs() {
  std::vector<std::string> names;
  std::error_code none;  // a copy of the lab's has no lab
  for (const auto& file : fs::directory_iterator(REPOSITORY "/docs/lab", none))
    names.push_back(file.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

class Bug : public LabTest, public testing::WithParamInterface<std::string> {
 protected:
  // A sanitizer needs all that a program is made of, and the page says how to build that: in a copy of everything.
  // What has been built there before is kept.
  void make_whole_copy() {
    const Result made = run("mkdir -p " + copy_.string() + " && cd " + copy_.string() +
                            " && rm -rf CMake* common docs part* && cp -Rp " REPOSITORY
                            "/{CMake*,common,docs,part*} ."
                            " && rm -r docs/lab docs/zh/lab && cp -Rp ../common ../part* .");
    EXPECT_EQ(made.output.find("part4"), std::string::npos) << made.output;
  }

  const std::string number_ = GetParam().substr(0, 2);
  const std::string page_path_ = "docs/lab/" + GetParam() + ".md";
  const std::string text_ = content(fs::path(REPOSITORY) / page_path_);
  const fs::path folder_ = fs::path(BUILD "/docs/tests/lab") / number_;
  const fs::path copy_ = folder_ / "copy";
};

TEST_P(Bug, ShowsAndIsFound) {
  ASSERT_EQ(content(folder_ / "rejected"), "") << "the patch of " << page_path_ << " does not fit any more";
  for (const std::string part : {"Hint 1", "Hint 2", "Hint 3", "Solution"})
    EXPECT_NE(text_.find("<details><summary>" + part + "</summary>\n\n"), std::string::npos) << "no " << part;
  static const std::regex check_line(
      R"re(<!-- check: (part.) (--\w+) ("(build\S*)/(part\S+)/\S+ .*") -->)re");
  std::smatch check;
  ASSERT_TRUE(std::regex_search(text_, check, check_line));
  fs::path here = folder_;
  if (check[4] != "build") {
    make_whole_copy();
    here = copy_;
  }

  // The page without the patch, whose lines are in no file.
  fs::current_path(here);
  const Page page = parse_page(page_path_, text_.substr(0, text_.find("\n```diff\n")));
  const Report report = check_page(page, here / "build");
  for (const Problem& problem : report.problems) ADD_FAILURE() << problem.place << ": " << problem.text;

  const Result found = run("cd " + here.string() + " && TSAN_OPTIONS=halt_on_error=1 " BUILD "/" +
                           check[5].str() + "/check " + check[2].str() + " " + check[3].str());
  EXPECT_EQ(found.exit_code, 1) << found.output;
  EXPECT_NE(found.output.find("FAIL"), std::string::npos) << found.output;
  if (!report.lacks.empty()) GTEST_SKIP() << report.lacks;
}

// The check of the program itself is a test of its part.
TEST_P(Bug, IsFixedByItsSolution) {
  run("cp -R " + folder_.string() + "/{common,part*} .");
  std::ofstream(my_ / "solution") << lab(number_ + " --solution").output;
  const Result applied = run("GIT_CEILING_DIRECTORIES=" + my_.parent_path().string() + " git apply solution");
  EXPECT_EQ(applied.exit_code, 0) << applied.output << content(my_ / "solution");
  int files = 0;
  for (const auto& file : fs::recursive_directory_iterator(my_)) {
    if (file.path().extension() != ".cpp" && file.path().extension() != ".hpp") continue;
    EXPECT_EQ(content(file), content(REPOSITORY / file.path().lexically_relative(my_)));
    ++files;
  }
  EXPECT_GT(files, 0);
}

INSTANTIATE_TEST_SUITE_P(Lab, Bug, testing::ValuesIn(bugs()), [](const auto& bug) { return bug.param; });

// Where there is no compiler, and none may be installed, `lab 14` makes the copy and stops.
class LabState : public LabTest {
 protected:
  LabState() { copy_the_uncommitted(); }

  std::string begin() const {
    return "CXX=none " REPOSITORY "/tutorial --no-install --build-dir " + my_.string() +
           "/unbuilt --my-dir " + my_.string() + " lab 14";
  }

  // Begins with the bug in an empty folder, and keeps the copy.
  void keep_a_whole_one() {
    const Result begun = run(begin());
    ASSERT_NE(begun.output.find("nothing was installed"), std::string::npos) << begun.output;
    fs::rename(copy_, my_ / "whole");
    fs::remove_all(my_ / "lab");
  }

  void expect_whole() {
    const Result difference = run("diff -r whole lab/14");
    EXPECT_EQ(difference.exit_code, 0) << difference.output.substr(0, 1'000);
    EXPECT_FALSE(fs::exists(my_ / "lab/14.new"));
  }

  const fs::path copy_ = my_ / "lab/14";
};

TEST_F(LabState, StartsAtTheSameTimeMakeOneWholeCopy) {
  keep_a_whole_one();
  for (int race = 0; race < 5; ++race) {
    const Result raced = run("for i in {1..10}; do " + begin() + " & done; wait");
    std::size_t starts = 0;
    for (std::size_t at = 0; (at = raced.output.find("nothing was installed", at)) != std::string::npos; ++at)
      ++starts;
    ASSERT_EQ(starts, 10) << raced.output;
    expect_whole();
    fs::remove_all(my_ / "lab");
  }
}

TEST_F(LabState, AKilledStartDoesNotCountAsBegun) {
  keep_a_whole_one();
  fs::create_directories(my_ / "lab/14.new/part1_basic");
  std::ofstream(my_ / "lab/14.new/CMakeLists.txt") << "half of i";
  fs::create_directories(copy_);  // neither does an empty folder
  run(begin());
  expect_whole();
}

TEST_F(LabState, AnythingElseInThePlaceOfTheCopyIsNamedAndKept) {
  fs::create_directories(my_ / "lab");
  std::ofstream(copy_) << "mine";
  for (const bool is_folder : {false, true}) {
    if (is_folder) {
      fs::remove(copy_);
      fs::create_directories(copy_ / "mine");
    }
    const Result begun = run(begin());
    EXPECT_EQ(begun.exit_code, 1);
    EXPECT_NE(begun.output.find("lab/14 is in the way"), std::string::npos) << begun.output;
    EXPECT_EQ(lab("14 --hint").exit_code, 2);
  }
  EXPECT_TRUE(fs::exists(copy_ / "mine"));
}

TEST_F(LabState, HintsComeOneByOneAndBeginAgainWhenTheLastOneIsUnknown) {
  run(begin());
  for (const std::string hint : {"Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Hint 3 of 3"})
    EXPECT_TRUE(lab("14 --hint").output.starts_with(hint + ":\n\n"));
  for (const std::string last : {"abc", "", "08", "-5", "1 2", "12345678901234567890", "\n\n", "\xff*"}) {
    std::ofstream(my_ / "lab/14.hints") << last;
    const Result hint = lab("14 --hint");
    EXPECT_EQ(hint.exit_code, 0);
    EXPECT_TRUE(hint.output.starts_with("Hint 1 of 3:\n\n")) << last << ": " << hint.output;
  }
}

}  // namespace
