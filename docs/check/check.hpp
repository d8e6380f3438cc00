// Checks that a page of the tutorial is true. How to write one:
//
// - ```python, ```text and ```mermaid: an original in Python, and pictures. They are not checked.
// - ```cpp, and any other language: lines of a file of the repository, one after the other, whatever their
//   indentation; `...` alone stands between two runs of them. The nearest line above names the file in backticks. Every
//   line of a part's server and clients stands on its page.
// - ```diff: the same of the whole difference between the last two files that the paragraph above names, as
//   `git diff --histogram` sees it. Each line that is taken out (`-`) or put in (`+`) stands in a block of the page.
//   The last file counts as shown whole then.
// - A line above that names a file under `my/`: the reader types the block in, whatever its language (a
//   ```diff for patch(1), too), and commands can use the file.
// - ```console is run, in the order of the page. `$ ` starts a command; below it stands all that it
//   prints. "Terminal 1" at the start of the line above, `**Terminal 1** (the server):`, names the
//   terminal. What runs there goes on running, and a later block of the same terminal without `$ ` goes
//   on with it. In a block without a terminal every command ends. A command that fails is
//   followed by `$ echo $?` and its exit code.
// - After the prompts `Username: ` and `alice > ` comes what the reader types; a prompt alone is just
//   Enter, but in the last line of a block it is only shown. `^C` and `^D` at the end of a line are
//   pressed.
// - `...` alone stands for any number of lines left out. Nothing else that is printed may be missing.
// - Ports 1234 and 1235 and the folders build/ and my/ are the reader's; the check has others. Only
//   what differs from run to run is compared by its shape: a port that the kernel chose (127.0.0.1:38848,
//   --port 38848), "The time is 1795334619.3903866", and the length of that message in the header before
//   it.
// - A table whose first head is "option" (option, default, meaning) is the --help, but for that option
//   itself, of the program that the line above names: `build/part1_basic/client`.
// - A page of docs/zh/ says the same as that of docs/ with its name (translation.hpp): the same headings, with the
//   same anchors, the same folds and the same blocks. What has changed in English since is named, until it is
//   translated and `./tutorial compare zh_part1 --translated`, or zh_lab_07_a_signal, has renewed the marks above the
//   headings.
// - `<!-- not run: REASON -->` right above a block, or above the line that names it: it is left out, and counted. So is
//   a block with a tool that this machine lacks, and all below it.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "docs/check/console.hpp"
#include "docs/check/page.hpp"

struct Repository {
  std::filesystem::path root;   // has to be the current directory
  std::filesystem::path build;  // where its programs have been built
};

/// The pages of the repository: README.md, docs/*.md, part*/README.md, and those in Chinese. The bugs of the lab are
/// not among them in English, where their blocks are true only in a copy with the bug; lab_test looks at those.
std::vector<std::string> page_paths(const Repository& repository);

/// What a page is called: "part1" for docs/part1.md, "zh_part1" for docs/zh/part1.md, "zh_lab_07_a_signal" for
/// docs/zh/lab/07_a_signal.md, "README" for README.md, "part1_basic_README" for part1_basic/README.md.
std::string page_name(std::string path);

/// Reads a page and takes it apart.
Page read_page(const Repository& repository, const std::string& path);

/// `patience` is how long a program that waits for something itself is waited for.
Report check_page(const Page& page, const Repository& repository,
                  std::chrono::milliseconds patience = std::chrono::seconds(30));

/// A page made true.
struct Update {
  std::string text;           // of the page
  std::size_t blocks = 0;     // how many have been rewritten
  std::vector<Problem> left;  // blocks that differ and cannot be rewritten
};

/// Rewrites the blocks of a page that differ, and nothing else. A console block gets what the programs
/// printed, but keeps its own lines where they are still true: `...`, ports, times. A code block gets the
/// lines of its file that begin and end as it does: rewritten() in likeness.hpp. Left as they are: blocks that could
/// not be run to their end, and code that the file does not hold any more.
Update updated_page(const Page& page, const Report& report);
