// The check of the pages checks itself: it is given pages with one thing wrong, and has to say where.
#include "docs/check/check.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

// A repository with one small part, in a temporary folder.
class CheckTest : public testing::Test {
 protected:
  CheckTest() {
    std::string path = fs::temp_directory_path() / ("check_test-" + std::string(6, 'X'));
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp");
    root_ = path;
    write("part9_test/server.cpp", "// The server.\nint main() {\n  if (true) {\n    serve();\n  }\n}\n");
    write("part9_test/shared.cpp", "void serve() {}\n");
    write("docs/part8.md", "# Part 8\n\n## The end\n");
    write("build/part9_test/server",
          "#!/bin/sh\n"
          "echo '  --port PORT               the port (default 1234)'\n"
          "echo '  --updates N               how many'\n"
          "echo '  --help                    shows this text'\n");
    fs::permissions(root_ / "build/part9_test/server", fs::perms::owner_all);
    fs::current_path(root_);
  }

  ~CheckTest() override {
    fs::current_path("/");
    fs::remove_all(root_);
  }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  Report check(const std::string& text, const std::string& path = "docs/x.md",
               std::chrono::milliseconds patience = std::chrono::seconds(30)) {
    return check_page(parse_page(path, text), root_ / "build", patience);
  }

  fs::path root_;
};

// What was found, a line each: the place, and the first line of the text.
std::vector<std::string> found(const Report& report) {
  std::vector<std::string> lines;
  for (const Problem& problem : report.problems) {
    lines.push_back(problem.place + ": " + problem.text.substr(0, problem.text.find('\n')));
  }
  return lines;
}

using Found = std::vector<std::string>;

const Found nothing;

// What is found if the output of a program differs from the page first in this line of it.
Found differs_at(int line) {
  return {fmt::format("docs/x.md:{}: the page (-) and the program (+) differ:", line)};
}

constexpr std::chrono::milliseconds little{200};

// A chat client, typed in by the reader: it asks for a name, and repeats each line.
const std::string chat_client = R"(
`my/chat.sh`:

```bash
printf 'Username: '; read -r name
while printf '%s > ' "$name"; read -r line; do
  if [ -n "$line" ]; then echo "you said $line"; fi
done
echo
```
)";

// --- Console blocks

class ConsoleBlock : public CheckTest {};

TEST_F(ConsoleBlock, AcceptsWhatACommandPrints) {
  const Report report = check("```console\n$ echo one; echo two\none\ntwo\n```\n");
  EXPECT_EQ(found(report), nothing);
  ASSERT_EQ(report.blocks.size(), 1U);
  EXPECT_EQ(report.blocks[0].updated, (Lines{"$ echo one; echo two", "one", "two"}));
}

TEST_F(ConsoleBlock, FindsAWrongWord) {
  const Report report = check("```console\n$ echo one; echo two\none\ntoo\n```\n");
  EXPECT_EQ(found(report), differs_at(4));
  EXPECT_EQ(
      report.problems.at(0).text,
      "the page (-) and the program (+) differ:\n    $ echo one; echo two\n    one\n  - too\n  + two\n");
  EXPECT_EQ(report.blocks.at(0).updated, (Lines{"$ echo one; echo two", "one", "two"}));
}

TEST_F(ConsoleBlock, FindsALineThatIsNotPrinted) {
  EXPECT_EQ(found(check("```console\n$ echo one\none\ntwo\n```\n")), differs_at(4));
}

TEST_F(ConsoleBlock, FindsALineThatThePageDoesNotShow) {
  EXPECT_EQ(found(check("```console\n$ echo one; echo two\none\n```\n")), differs_at(3));
  EXPECT_EQ(found(check("```console\n$ echo one\n$ echo two\ntwo\n```\n")), differs_at(3));
}

TEST_F(ConsoleBlock, FindsALineThatAServerPrintsAfterTheLastOneShown) {
  const std::string server = "Terminal 1:\n\n```console\n$ echo listening; echo more; cat\nlistening\n```\n";
  EXPECT_EQ(found(check(server)), differs_at(5));
  EXPECT_EQ(found(check(server + "\n**Terminal 1**, the server:\n\n```console\nmore\n```\n")), nothing);
}

TEST_F(ConsoleBlock, FindsALineThatAServerPrintsWhenItsClientHasEnded) {
  EXPECT_EQ(found(check("Terminal 1:\n```console\n$ mkfifo my/pipe; cat my/pipe; echo bye; cat\n```\n"
                        "Terminal 2:\n```console\n$ echo hello > my/pipe\n```\n"
                        "Terminal 1:\n```console\nhello\n```\n")),
            differs_at(11));
}

TEST_F(ConsoleBlock, LooksIntoTheOtherTerminalsInTheOrderOfThePage) {
  EXPECT_EQ(
      found(check("Terminal 1:\n```console\n$ mkfifo my/pipe; echo ready; cat my/pipe; cat\nready\n```\n"
                  "Terminal 2:\n```console\n$ echo hello > my/pipe\n```\n"
                  "Terminal 1:\n```console\nhello\n^C\n$ echo $?\n130\n```\n")),
      nothing);
}

TEST_F(ConsoleBlock, FindsACommandThatHangs) {
  EXPECT_EQ(found(check("```console\n$ echo one; cat\none\n$ echo two\ntwo\n```\n", "docs/x.md", little)),
            (Found{"docs/x.md:2: this command does not end",
                   "docs/x.md:4: the page (-) and the program (+) differ:"}));
  EXPECT_EQ(found(check("Terminal 1:\n```console\n$ cat\n```\nTerminal 1:\n```console\n$ true\n```\n",
                        "docs/x.md", little)),
            (Found{"docs/x.md:3: this command does not end",
                   "docs/x.md:7: the page (-) and the program (+) differ:"}));
}

TEST_F(ConsoleBlock, FindsALineThatDoesNotCome) {
  EXPECT_EQ(found(check("Terminal 1:\n```console\n$ echo one; cat\none\ntwo\n```\n", "docs/x.md", little)),
            differs_at(5));
}

TEST_F(ConsoleBlock, FindsACommandThatFails) {
  const Found failure = {
      "docs/x.md:2: this command fails with exit code 3; if it should, the page shows it: "
      "`$ echo $?`"};
  EXPECT_EQ(found(check("```console\n$ (exit 3)\n$ true\n```\n")), failure);
  EXPECT_EQ(found(check("```console\n$ (exit 3)\n```\n")), failure);
  EXPECT_EQ(found(check("```console\n$ (exit 3)\n$ echo $?\n3\n```\n")), nothing);
  EXPECT_EQ(found(check("```console\n$ (exit 3)\n$ echo $?\n0\n```\n")), differs_at(4));
}

TEST_F(ConsoleBlock, FindsControlCharacters) {
  EXPECT_EQ(found(check("```console\n$ printf '\\033[1mred\\n'\n\\x1b[1mred\n```\n")), differs_at(3));
}

TEST_F(ConsoleBlock, ShowsLinesAsATerminalDoes) {
  EXPECT_EQ(found(check(
                "```console\n$ printf 'alice > \\r\\033[Kbob > hi\\nabc\\b\\bBC\\n'\nbob > hi\naBC\n```\n")),
            nothing);
}

TEST_F(ConsoleBlock, LeavesOutLinesWhereThePageDoes) {
  EXPECT_EQ(found(check("```console\n$ seq 9\n1\n...\n8\n9\n$ true\n...\n```\n")), nothing);
  EXPECT_EQ(found(check("```console\n$ seq 9\n1\n...\n7\n9\n```\n")), differs_at(6));
}

TEST_F(ConsoleBlock, StopsAProgramThatPrintsForEver) {
  EXPECT_EQ(found(check("```console\n$ yes\ny\n...\n^C\n```\n")), nothing);
  // Without a program besides: bash goes on after a ^C that finds it waiting for one that has just ended well.
  const std::string half_a_line = "```console\n$ printf '%d\\n' {1..9}; printf 10; read\n1\n";
  EXPECT_EQ(found(check(half_a_line + "...\n^C\n```\n")), nothing);
  EXPECT_EQ(found(check(half_a_line + "2\n^C\n```\n")).size(), 1);
}

TEST_F(ConsoleBlock, TypesAfterThePrompts) {
  EXPECT_EQ(found(check(
                chat_client +
                "\n**Terminal 2**, alice:\n\n```console\n$ bash my/chat.sh\nUsername: alice\nalice > hello\n"
                "you said hello\nalice >\nalice >\n```\n"
                "Terminal 2:\n```console\nalice > bye\nyou said bye\nalice > ^D\n```\n")),
            nothing);
}

TEST_F(ConsoleBlock, WaitsForTheEndOfAProgramWhoseInputEnds) {
  EXPECT_EQ(found(check("Terminal 1:\n```console\n$ printf 'bob > '; cat; sleep 0.3\nbob > ^D\n```\n"
                        "Terminal 1:\n```console\n$ echo next\nnext\n```\n")),
            nothing);
}

TEST_F(ConsoleBlock, FindsAWrongPrompt) {
  // The chat client above has 10 lines.
  EXPECT_EQ(found(check(chat_client + "```console\n$ bash my/chat.sh\nWhat? alice\nalice > ^D\n```\n",
                        "docs/x.md", little)),
            differs_at(13));
  EXPECT_EQ(
      found(check(chat_client + "Terminal 1:\n```console\n$ bash my/chat.sh\nUsername: alice\nbob > \n```\n",
                  "docs/x.md", little)),
      differs_at(15));
  EXPECT_EQ(found(check(chat_client + "Terminal 1:\n```console\n$ bash my/chat.sh\nUsername: alice\n```\n")),
            differs_at(14));
}

TEST_F(ConsoleBlock, ComparesByShapeWhatDiffersFromRunToRun) {
  const std::string now = "$(date +%s).5";
  EXPECT_EQ(
      found(check(
          "```console\n$ echo 'from 127.0.0.1:45678, [::1]:45679'\nfrom 127.0.0.1:38848, [::1]:38849\n"
          "$ echo \"('127.0.0.1', 45678)\"\n('127.0.0.1', 38848)\n"
          "$ echo \"new message length: b'24        '\"; echo full message received; echo The time is " +
          now +
          "\nnew message length: b'30        '\nfull message received\nThe time is 1795334619.3903866\n"
          "```\n")),
      nothing);
  EXPECT_EQ(found(check("```console\n$ echo 127.0.0.1:45678\n127.0.0.1:1234\n```\n")), differs_at(3));
  EXPECT_EQ(found(check("```console\n$ echo The time is 5.5\nThe time is 1795334619.3903866\n```\n")),
            differs_at(3));
  EXPECT_EQ(found(check(
                "```console\n$ echo \"new message length: b'25        '\"; echo full message received; echo "
                "The time is " +
                now +
                "\nnew message length: b'30        '\nfull message received\nThe time is 1795334619.3903866\n"
                "```\n")),
            differs_at(3));
}

// As a solution of an exercise stands on a page.
TEST_F(ConsoleBlock, RunsWhatIsFoldedAway) {
  const std::string solution =
      "<details>\n<summary>Solution</summary>\n\n`my/x.diff`:\n\n```diff\n-one\n+two\n```\n\n"
      "```console\n$ cat my/x.diff\n-one\n";
  const std::string end = "```\n\n</details>\n";
  EXPECT_EQ(found(check(solution + "+two\n" + end)), nothing);
  EXPECT_EQ(found(check(solution + end)), differs_at(13));
}

TEST_F(ConsoleBlock, HasAPortAndFoldersOfItsOwn) {
  const Report report = check(
      "```console\n$ echo 1234 1235 build/x @build/x my/x; echo 1234 build/x > my/y\n"
      "1234 1235 build/x @build/x my/x\n$ wc -c < my/y\n13\n```\n");
  EXPECT_EQ(found(report), differs_at(5));
  EXPECT_EQ(report.blocks.at(0).updated.at(1), "1234 1235 build/x @build/x my/x");
  EXPECT_NE(report.blocks.at(0).updated.at(3), "13");
}

TEST_F(ConsoleBlock, GivesOurProgramsItsPort) {
  write("build/part9_test/client", "#!/bin/sh\necho $*\n");
  fs::permissions(root_ / "build/part9_test/client", fs::perms::owner_all);
  EXPECT_EQ(found(check("```console\n$ build/part9_test/client --read loop\n--port 1234 --read loop\n"
                        "$ build/part9_test/client --port 1235 | cat\n--port 1235\n```\n")),
            nothing);
}

TEST_F(ConsoleBlock, SkipsWithAReasonAndCounts) {
  const std::string block = "To install:\n\n```console\n$ false\n```\n";
  const Report report = check("<!-- not run: installs packages -->\n" + block);
  EXPECT_EQ(found(report), nothing);
  EXPECT_EQ(report.skipped, (std::map<std::string, int>{{"installs packages", 1}}));
}

TEST_F(ConsoleBlock, SkipsWhatNeedsAToolThatIsNotThere) {
  const char* const before = std::getenv("PATH");
  ASSERT_NE(before, nullptr);
  const std::string path = before;
  write("bin/empty", "");
  setenv("PATH", (root_ / "bin").c_str(), 1);
  for (const char* tool : {"bash", "env", "sh", "cat", "echo"}) {
    for (const char* folder : {"/bin/", "/usr/bin/"}) {
      std::error_code there;
      fs::create_symlink(std::string(folder) + tool, root_ / "bin" / tool, there);
    }
  }
  const Report report = check(
      "Terminal 1:\n```console\n$ cat\n```\n```console\n$ echo x | nc localhost 1234\n```\n"
      "Terminal 1:\n```console\nx\n```\n");
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(found(report), nothing);
  EXPECT_EQ(report.skipped, (std::map<std::string, int>{{"no nc", 2}}));
}

// --- Code blocks

class CodeBlock : public CheckTest {};

const std::string named = "[`part9_test/server.cpp`](../part9_test/server.cpp):\n\n";

TEST_F(CodeBlock, AcceptsLinesOfAFileWhateverTheirIndentation) {
  EXPECT_EQ(found(check("See `main` in `part9_test/server.cpp`:\n```cpp\nif (true) {\n  serve();\n}\n```\n")),
            nothing);
  EXPECT_EQ(found(check("`part9_test/server.cpp`:\n```cpp\n      serve();\n    }\n```\n")), nothing);
}

TEST_F(CodeBlock, FindsStaleLines) {
  const Report report = check("`part9_test/server.cpp`:\n```cpp\nif (true) {\n  listen();\n}\n```\n");
  EXPECT_EQ(found(report), Found{"docs/x.md:4: the page (-) and part9_test/server.cpp (+) differ:"});
  EXPECT_EQ(report.blocks.at(0).updated, (Lines{"if (true) {", "  serve();", "}"}));
  EXPECT_EQ(found(check("`part9_test/server.cpp`:\n```cpp\nif (true) {\n serve();\n}\n```\n")),
            Found{"docs/x.md:4: the page (-) and part9_test/server.cpp (+) differ:"});
  EXPECT_EQ(found(check("`part9_test/server.cpp`:\n```cpp\nwhile (false);\n```\n")),
            Found{"docs/x.md:3: these are not lines of part9_test/server.cpp"});
  EXPECT_EQ(found(check("`part9_test/server.cpp`:\n```cpp\n...\n  serve();\n```\n")),
            Found{"docs/x.md:3: these are not lines of part9_test/server.cpp"});
}

TEST_F(CodeBlock, FindsLinesOfAProgramThatAreNotOnItsPage) {
  const std::string page =
      named + "```cpp\n// The server.\nint main() {\n```\n\n" + named + "```cpp\n    serve();\n  }\n}\n```\n";
  const Report report = check(page, "docs/part9.md");
  EXPECT_EQ(found(report),
            Found{"part9_test/server.cpp:3: lines 3 to 3 are not on the page docs/part9.md; the "
                  "first is:"});
  EXPECT_EQ(found(check(page + "\n" + named + "```cpp\nif (true) {\n```\n", "docs/part9.md")), nothing);
}

TEST_F(CodeBlock, FindsABlockWithoutAFile) {
  const Found no_file = {"docs/x.md:3: the line above this block names no file of the repository"};
  EXPECT_EQ(found(check("Look:\n\n```cpp\nx\n```\n")), no_file);
  EXPECT_EQ(found(check("`part9_test/client.cpp`:\n\n```cpp\nx\n```\n")), no_file);
  EXPECT_EQ(found(check("Look:\n\n```\nx\n```\n")), no_file);
}

TEST_F(CodeBlock, FindsBlocksWithoutABeginOrAnEnd) {
  EXPECT_EQ(found(check("Look:\n\n    indented\n    block\n\nText.\n")),
            Found{"docs/x.md:3: an indented block: write it between ``` and say what it is"});
  EXPECT_EQ(found(check("Look:\n```text\nx\n")), Found{"docs/x.md:2: this block does not end"});
  EXPECT_EQ(found(check("The Python original:\n```python\nx\n```\n")), nothing);
}

// --- Differences

class DiffBlock : public CheckTest {
 protected:
  DiffBlock() {
    write("part9_test/steps/step1_one.cpp",
          "#include <one>\n\nint main() {\n  one();\n  two();\n}\n\nvoid end();\n");
    write("part9_test/steps/step2_two.cpp",
          "#include <one>\n#include <two>\n\nint main() {\n  one();\n  three();\n}\n\nvoid end();\nvoid "
          "more();\n");
  }
};

const std::string from_one_to_two =
    "After `part9_test/server.cpp`, from [`steps/step1_one.cpp`](../part9_test/steps/step1_one.cpp) to\n"
    "[`steps/step2_two.cpp`](../part9_test/steps/step2_two.cpp):\n\n";
const std::string first_hunk = " #include <one>\n+#include <two>\n\n";
const std::string second_hunk = "   one();\n-  two();\n+  three();\n }\n";
const std::string third_hunk = " void end();\n+void more();\n";

std::string diff_block(const std::string& hunks) {
  return from_one_to_two + "```diff\n" + hunks + "```\n\n";
}

TEST_F(DiffBlock, OfAFileOfDifferencesIsLinesOfThatFile) {
  write("part9_test/two.diff", "--- one\n+++ two\n@@ -1 +1 @@\n-one\n+two\n");
  EXPECT_EQ(found(check("`part9_test/two.diff`:\n\n```diff\n-one\n+two\n```\n")), nothing);
  EXPECT_EQ(found(check("`part9_test/two.diff`:\n\n```diff\n-one\n+three\n```\n")),
            Found{"docs/x.md:5: the page (-) and part9_test/two.diff (+) differ:"});
}

TEST_F(DiffBlock, AcceptsTheWholeDifferenceInOneBlockOrSeveral) {
  EXPECT_EQ(found(check(diff_block(first_hunk + "...\n" + second_hunk + "...\n" + third_hunk))), nothing);
  EXPECT_EQ(found(check(diff_block(second_hunk) + diff_block(first_hunk + "...\n" + third_hunk))), nothing);
  // What stands around a change may be shown twice, or not at all.
  EXPECT_EQ(found(check(diff_block(first_hunk + " int main() {\n   one();\n") + diff_block(second_hunk) +
                        diff_block("+void more();\n"))),
            nothing);
  EXPECT_EQ(found(check(diff_block(first_hunk + " int main() {\n" + second_hunk + "\n" + third_hunk))),
            nothing);
}

TEST_F(DiffBlock, NamesTheLinesThatAreMissing) {
  const Report report = check(diff_block(first_hunk + "...\n" + third_hunk));
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems[0].place, "docs/x.md:4");
  EXPECT_EQ(report.problems[0].text,
            "the difference from part9_test/steps/step1_one.cpp to part9_test/steps/step2_two.cpp lacks:\n"
            "  -  two();\n  +  three();\n");
}

TEST_F(DiffBlock, NamesWhatIsNotOfTheDifference) {
  const std::string name =
      " the difference from part9_test/steps/step1_one.cpp to part9_test/steps/step2_two.cpp";
  const std::string all = first_hunk + "...\n" + second_hunk + "...\n" + third_hunk;
  EXPECT_EQ(found(check(diff_block(all + "...\n+  zero();\n+  none();\n"))),
            Found{"docs/x.md:17: these are not lines of" + name});
  EXPECT_EQ(found(check(diff_block(all + "...\n   one();\n-  two();\n+  four();\n }\n"))),
            Found{"docs/x.md:19: the page (-) and" + name + " (+) differ:"});
}

TEST_F(DiffBlock, FindsABlockWithoutTwoFiles) {
  EXPECT_EQ(found(check("From `part9_test/server.cpp`:\n\n```diff\n-x\n```\n")),
            Found{"docs/x.md:3: the paragraph above this block does not name two files of the repository"});
}

TEST_F(DiffBlock, ShowsAWholeProgramWithTheOneBefore) {
  const std::string whole =
      named + "```cpp\n// The server.\nint main() {\n  if (true) {\n    serve();\n  }\n}\n```\n\n";
  const std::string first =
      "`part9_test/steps/step1_one.cpp`:\n\n```cpp\n#include <one>\n\nint main() {\n  one();\n"
      "  two();\n}\n\nvoid end();\n```\n\n";
  const std::string second = diff_block(first_hunk + "...\n" + second_hunk + "...\n" + third_hunk);
  EXPECT_EQ(found(check(whole + first + second, "docs/part9.md")), nothing);
  EXPECT_EQ(found(check(whole + first, "docs/part9.md")),
            Found{"part9_test/steps/step2_two.cpp:1: lines 1 to 10 are not on the page docs/part9.md; the "
                  "first is:"});
}

// --- Links and tables

class Reference : public CheckTest {};

TEST_F(Reference, AcceptsFilesAndHeadings) {
  EXPECT_EQ(found(check("# What is `select()`?\n\n[a](part8.md) [b](part8.md#the-end) [c](#what-is-select)\n"
                        "![d](../part9_test/server.cpp) [e](https://example.org/x)\n"
                        "`[not](a link)`\n")),
            nothing);
}

TEST_F(Reference, FindsDeadLinksAnchorsAndImages) {
  EXPECT_EQ(found(check("x\n[a](part7.md)\n")), Found{"docs/x.md:2: a dead link: there is no 'part7.md'"});
  EXPECT_EQ(found(check("[a](part8.md#the-end-2)\n")),
            Found{"docs/x.md:1: a dead link: there is no '#the-end-2' in docs/part8.md"});
  EXPECT_EQ(found(check("[a](#nowhere)\n")),
            Found{"docs/x.md:1: a dead link: there is no '#nowhere' in docs/x.md"});
  EXPECT_EQ(found(check("![a](picture.png)\n")),
            Found{"docs/x.md:1: a dead link: there is no 'picture.png'"});
  EXPECT_EQ(found(check("[a](../../outside)\n")).size(), 1U);
}

TEST_F(Reference, ComparesTablesOfOptionsWithHelp) {
  const std::string head =
      "Of `build/part9_test/server`:\n\n| option | default | meaning |\n| --- | --- | --- |\n";
  const std::string last = "| `--updates N` |  | how many |\n";
  EXPECT_EQ(found(check(head + "| `--port PORT` | 1234 | the port |\n" + last)), nothing);
  const Found differ = {"docs/x.md:3: the table (-) and build/part9_test/server --help (+) differ:"};
  EXPECT_EQ(found(check(head + "| `--port PORT` | 1235 | the port |\n" + last)), differ);
  EXPECT_EQ(found(check(head + "| `--port PORT` | 1234 | a port |\n" + last)), differ);
  EXPECT_EQ(found(check(head + "| `--port PORT` | 1234 | the port |\n")), differ);
  EXPECT_EQ(found(check(head)).size(), 1U);
}

// --- Pages in Chinese

class Translation : public CheckTest {
 protected:
  Translation() { write("docs/x.md", english_); }

  std::string marked(const std::string& chinese) {
    return with_new_marks(read_page("docs/x.md"), parse_page("docs/zh/x.md", chinese));
  }

  Found found_in(const std::string& chinese) { return found(check(chinese, "docs/zh/x.md")); }

  const std::string english_ =
      "# Title\n\nOne sentence\nand one more.\n\n```console\n$ false\nprinted\n```\n\n## The end\n\n"
      "```text\na picture\n```\n\n| option | default | meaning |\n| --- | --- | --- |\n"
      "| `--port PORT` | 1234 | the port |\n";
  const std::string chinese_ =
      "# 标题\n\n一句话，再一句。\n\n```console\n$ false\nprinted\n```\n\n## 结束\n\n"
      "```text\n图\n```\n\n[上](#title)\n\n| 选项 | 默认 | 含义 |\n| --- | --- | --- |\n"
      "| `--port PORT` | 1234 | 端口 |\n";
};

// The text with `after` where it had `before`.
std::string with(std::string text, const std::string& before, const std::string& after) {
  return text.replace(text.find(before), before.size(), after);
}

TEST_F(Translation, AcceptsAPageWithMarksAndRunsNothing) {
  const std::string chinese = marked(chinese_);
  EXPECT_EQ(found_in(chinese), nothing);
  EXPECT_EQ(check(chinese, "docs/zh/x.md").blocks.size(), 1U);
  EXPECT_EQ(marked(chinese), chinese);
}

TEST_F(Translation, TakesNoHeadOfATableForAnOption) {
  write("docs/x.md", english_ + "\n| `--host` | who connects |\n| --- | --- |\n");
  EXPECT_EQ(found_in(marked(chinese_ + "\n| `--host` | 谁来连接 |\n| --- | --- |\n")), nothing);
}

TEST_F(Translation, NamesTheSectionThatHasChangedSince) {
  const std::string chinese = marked(chinese_);
  write("docs/x.md", with(english_, "and one more", "and two more"));
  EXPECT_EQ(
      found_in(chinese),
      Found{"docs/zh/x.md:3: the English section, docs/x.md:1, has changed since this one was translated"});
  EXPECT_EQ(found_in(marked(chinese)), nothing);
  write("docs/x.md", with(english_, "One sentence\nand", "One\nsentence and"));
  EXPECT_EQ(found_in(chinese), nothing) << "a line break is no change";
}

TEST_F(Translation, WantsAMarkAboveEachHeading) {
  const Found missing = found_in(chinese_);
  ASSERT_EQ(missing.size(), 3U);
  EXPECT_TRUE(missing[0].starts_with(
      "docs/zh/x.md:1: the mark of its English section is missing: <a id=\"title\"></a><!-- "));
  EXPECT_EQ(missing[2], "docs/zh/x.md:16: a dead link: there is no '#title' in docs/zh/x.md");
  const Found other = found_in(with(marked(chinese_), "the-end", "das-ende"));
  ASSERT_EQ(other.size(), 1U);
  EXPECT_TRUE(other[0].starts_with(
      "docs/zh/x.md:14: the mark of its English section is missing: <a id=\"the-end\"></a><!-- "));
}

TEST_F(Translation, WantsTheSameHeadings) {
  const std::string chinese = marked(chinese_);
  EXPECT_EQ(found_in(with(chinese, "## 结束", "### 结束")),
            Found{"docs/zh/x.md:14: docs/x.md:11 has here: a heading of level 2"});
  EXPECT_EQ(found_in(with(chinese, "## 结束", "结束")),
            Found{"docs/zh/x.md:16: docs/x.md:11 has here: a heading of level 2"});
  EXPECT_EQ(found_in(chinese + "\n## 多\n"), Found{"docs/zh/x.md:26: docs/x.md has nothing more here"});
  EXPECT_THROW(marked(chinese_ + "\n## 多\n"), std::runtime_error);
}

TEST_F(Translation, WantsTheSameBlocksAndOptions) {
  const std::string chinese = marked(chinese_);
  EXPECT_EQ(found_in(with(chinese, "printed", "打印")),
            Found{"docs/zh/x.md:9: docs/x.md:8 has here: printed"});
  EXPECT_EQ(found_in(with(chinese, "```console\n$ false\nprinted\n```\n", "")),
            Found{"docs/zh/x.md:10: docs/x.md:6 has here: ```console"});
  EXPECT_EQ(found_in(with(chinese, "```text", "```console")),
            Found{"docs/zh/x.md:16: docs/x.md:13 has here: ```text"});
  EXPECT_EQ(found_in(with(chinese, "1234", "4321")),
            Found{"docs/zh/x.md:24: docs/x.md:19 has here: --port PORT | 1234"});
  const Page page = parse_page("docs/zh/x.md", with(chinese, "printed", "打印"));
  EXPECT_EQ(updated_page(page, check_page(page, root_ / "build")).text, chinese);
}

TEST_F(Translation, WantsTheSameFolds) {
  const std::string hints =
      "\n<details><summary>Hint "
      "1</summary>\n\nOne.\n\n</details>\n\n<details>\n<summary>Solution</summary>\n\nTwo.\n\n"
      "</details>\n\n<details><summary>The patch</summary>\n\nThree.\n\n</details>\n";
  write("docs/x.md", english_ + hints);
  const std::string chinese = marked(chinese_ +
                                     "\n<details><summary>提示 1</summary>\n\n一。\n\n</details>\n\n"
                                     "<details>\n<summary>解答</summary>\n\n二。\n\n</details>\n\n"
                                     "<details><summary>补丁</summary>\n\n三。\n\n</details>\n");
  EXPECT_EQ(found_in(chinese), nothing);
  EXPECT_EQ(found_in(with(chinese, "提示 1", "提示 2")),
            Found{"docs/zh/x.md:26: docs/x.md:21 has here: a fold: Hint 1"});
  EXPECT_EQ(found_in(with(chinese, "解答", "答案")),
            Found{"docs/zh/x.md:33: docs/x.md:28 has here: a fold: Solution"});
  EXPECT_EQ(found_in(with(chinese, "补丁", "提示 2")),
            Found{"docs/zh/x.md:39: docs/x.md:34 has here: a fold"});
  EXPECT_EQ(found_in(with(chinese, "</details>\n", "")),
            Found{"docs/zh/x.md:32: docs/x.md:25 has here: the end of a fold"});
}

TEST_F(Translation, OfABugHasTheSameCheck) {
  const std::string check = "<!-- check: part1 --server \"build/part1_basic/server\" -->\n\n";
  write("docs/lab/07_x.md", "# 7. Title\n\n" + check + "Words.\n");
  write("docs/zh/lab/07_x.md", "# 7. 标题\n\n" + check + "话。\n");
  const Page english = read_page("docs/lab/07_x.md");
  const std::string chinese = with_new_marks(english, read_page("docs/zh/lab/07_x.md"));
  EXPECT_EQ(found(check_page(parse_page("docs/zh/lab/07_x.md", chinese), root_ / "build")), nothing);
  EXPECT_EQ(
      found(check_page(parse_page("docs/zh/lab/07_x.md", with(chinese, "part1", "part2")), root_ / "build")),
      Found{"docs/zh/lab/07_x.md:5: docs/lab/07_x.md:3 has here: " +
            trimmed(check.substr(0, check.size() - 2))});
  EXPECT_EQ(english_of("docs/zh/lab/07_x.md"), "docs/lab/07_x.md");
  EXPECT_EQ(page_name("docs/zh/lab/07_x.md"), "zh_lab_07_x");
  const std::vector<std::string> paths = page_paths(root_);
  EXPECT_EQ(std::count(paths.begin(), paths.end(), "docs/zh/lab/07_x.md"), 1);
  EXPECT_EQ(std::count(paths.begin(), paths.end(), "docs/lab/07_x.md"), 0);
}

TEST_F(Translation, HasAnEnglishPage) {
  EXPECT_EQ(found(check("# 标题\n", "docs/zh/y.md")), Found{"docs/zh/y.md: there is no docs/y.md"});
  write("docs/zh/x.md", chinese_);
  write("README.zh.md", chinese_);
  const std::vector<std::string> paths = page_paths(root_);
  EXPECT_EQ(std::count(paths.begin(), paths.end(), "docs/zh/x.md"), 1);
  EXPECT_EQ(std::count(paths.begin(), paths.end(), "README.zh.md"), 1);
  EXPECT_EQ(english_of("README.zh.md"), "README.md");
  EXPECT_EQ(page_name("docs/zh/x.md"), "zh_x");
}

// --- compare --------------------------------------------------------------------------------------------------

class Compare : public CheckTest {
 protected:
  Update update(const std::string& text) {
    const Page page = parse_page("docs/x.md", text);
    return updated_page(page, check_page(page, root_ / "build", little));
  }
};

TEST_F(Compare, UpdatesOutputsAndKeepsWhatIsStillTrue) {
  const std::string before = "# Title\n\n```console\n$ seq 4; echo 127.0.0.1:45678; echo new\n";
  const Update result = update(before + "1\n...\n4\n127.0.0.1:38848\nold\n```\n\nThe end.\n");
  EXPECT_EQ(result.text, before + "1\n...\n4\n127.0.0.1:38848\nnew\n```\n\nThe end.\n");
  EXPECT_EQ(result.blocks, 1U);
}

TEST_F(Compare, UpdatesWhatIsPrintedAfterTheLastLineShown) {
  const std::string page = "Terminal 1:\n```console\n$ echo one; echo two; cat\none\n";
  EXPECT_EQ(update(page + "```\n").text, page + "two\n```\n");
}

TEST_F(Compare, UpdatesWhatIsPrintedAfterWhatIsTyped) {
  const std::string session = chat_client + "```console\n$ bash my/chat.sh\nUsername: alice\nalice > hello\n";
  EXPECT_EQ(update(session + "you say hello\nalice > ^D\n```\n").text,
            session + "you said hello\nalice > ^D\n```\n");
}

TEST_F(Compare, UpdatesCodeThatBeginsAndEndsAsInItsFile) {
  const std::string caption = "`part9_test/server.cpp`:\n```cpp\n";
  EXPECT_EQ(update(caption + "    int main() {\n      serve();\n    }\n  }\n```\n").text,
            caption + "  int main() {\n    if (true) {\n      serve();\n    }\n  }\n```\n");
  EXPECT_EQ(update(caption + "if (false) {\n  serve();\n}\n```\n").text,
            caption + "if (true) {\n  serve();\n}\n```\n");
}

TEST_F(Compare, UpdatesEachHunkOfADifference) {
  write("a.cpp", "1\n2\n3\n4\n5\n6\n\n7\n8\n9\n");
  write("b.cpp", "1\nzwei\n3\nvier\n5\n6\n\n7\n8\nneun\n");
  const std::string begin = "From `a.cpp` to `b.cpp`:\n```diff\n";
  EXPECT_EQ(update(begin + " 1\n-2\n+two\n 3\n-4\n+vier\n 5\n...\n 8\n-9\n+nine\n```\n").text,
            begin + " 1\n-2\n+zwei\n 3\n-4\n+vier\n 5\n...\n 8\n-9\n+neun\n```\n");
}

TEST_F(Compare, LeavesAPageThatIsTrueAsItIs) {
  const std::string page = chat_client +
                           "```console\n$ seq 3; echo 127.0.0.1:45678\n1\n...\n127.0.0.1:38848\n"
                           "$ bash my/chat.sh\nUsername: alice\nalice > ^D\n```\n";
  const Update result = update(page);
  EXPECT_EQ(result.blocks, 0U);
  EXPECT_EQ(result.text, page);
}

TEST_F(Compare, LeavesWhatItCannotUpdateAndSaysSo) {
  const Update result =
      update("```console\n$ echo one; cat\ntwo\n```\n`part9_test/server.cpp`:\n```cpp\nx\n```\n");
  EXPECT_EQ(result.blocks, 0U);
  ASSERT_EQ(result.left.size(), 2U);
  EXPECT_EQ(result.left[0].place, "docs/x.md:1");
  EXPECT_EQ(result.left[1].place, "docs/x.md:6");
}

}  // namespace
