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
//   pressed; the program ends at ^D.
// - `...` alone stands for any number of lines left out. Nothing else that is printed may be missing.
// - Ports 1234 and 1235 and the folders build/ and my/ are the reader's; the check has others. Only
//   what differs from run to run is compared by its shape: a port that the kernel chose (127.0.0.1:38848,
//   --port 38848), "The time is 1795334619.3903866", and the length of that message in the header before
//   it.
// - A table whose first head is "option" (option, default, meaning) is the --help, but for that option
//   itself, of the program that the line above names: `build/part1_basic/client`.
// - A page of docs/zh/ says the same as that of docs/ with its name: the same headings, folds, blocks, but for the words
//   in pictures, and options in tables, in the same order. Above each heading stands a mark,
//   `<a id="the-end"></a><!-- 1c2d3e4f -->`: the anchor of the English heading, and a hash of what the English section
//   said when it was translated. Line breaks do not count, nor do blocks. What has changed in English since is named,
//   until it is translated and `./tutorial compare zh_part1 --translated`, or zh_lab_07_a_signal, has renewed the marks.
// - `<!-- not run: REASON -->` right above a block, or above the line that names it: it is left out, and counted. So is
//   a block with a tool that this machine lacks, and all below it.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "docs/check/likeness.hpp"
#include "docs/check/page.hpp"

/// The pages of the repository at `root`: README.md, docs/*.md, part*/README.md, and those in Chinese. The bugs of the
/// lab are not among them in English, where their blocks are true only in a copy with the bug: lab_test looks at those.
std::vector<std::string> page_paths(const std::filesystem::path& root);

/// What a page is called: "part1" for docs/part1.md, "zh_part1" for docs/zh/part1.md, "zh_lab_07_a_signal" for
/// docs/zh/lab/07_a_signal.md, "README" for README.md, "part1_basic_README" for part1_basic/README.md.
std::string page_name(const std::string& path);

/// Reads a page and takes it apart.
Page read_page(const std::string& path);

/// A block that has been compared.
struct Shown {
  const Block* block = nullptr;
  bool same = true;
  std::string diff;  // of a console block, and of any that is not the same
  Lines updated;     // what the block should be; as it is if that cannot be said
};

/// What came of the check of a page.
struct Report {
  std::vector<Problem> problems;
  std::vector<Shown> blocks;
  std::map<std::string, int> skipped;  // how many blocks for which reason
  std::string lacks;                   // "no nc", if that is why some were not run

  /// `docs/part1.md: 23 code blocks, 14 console blocks, 9 links checked; 1 skipped: installs packages`
  std::string summary(const Page& page) const;
};

/// Checks a page of the repository that is the current directory and whose programs have been built in `build`.
/// `patience` is how long a program is waited for that waits for something itself; one that is at work, as a compiler
/// is, has ten minutes.
Report check_page(const Page& page, const std::filesystem::path& build,
                  std::chrono::milliseconds patience = std::chrono::seconds(30));

/// The part of check_page() that runs the console blocks in their order, which is the order in time: before each thing
/// that the reader does, all programs have come to rest. Commands are run by bash, in the current directory, each on a
/// terminal of its own; what the reader types into files of my/ is there for them. What comes of it is added to the
/// report.
void run_consoles(const Page& page, const std::filesystem::path& build, std::chrono::milliseconds patience,
                  Report& report);

/// "docs/part1.md" for docs/zh/part1.md, "docs/lab/07_a_signal.md" for docs/zh/lab/07_a_signal.md, "README.md" for
/// README.zh.md; empty for a page that is not a translation.
std::string english_of(const std::string& path);

/// Where the two part first, or, if they do not, all marks that are not as they should be.
std::vector<Problem> translation_faults(const Page& english, const Page& chinese);

/// The text of the Chinese page with marks of the English one as it is now. Throws std::runtime_error if the
/// headings are not the same.
std::string with_new_marks(const Page& english, const Page& chinese);

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
