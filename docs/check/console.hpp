// The console blocks of a page, run on terminals as its reader would.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/testing/process.hpp"
#include "docs/check/likeness.hpp"
#include "docs/check/page.hpp"
#include "docs/check/screen.hpp"
#include "docs/check/stand_ins.hpp"

/// A block that has been compared.
struct Shown {
  const Block* block = nullptr;
  bool same = true;
  bool whole = true;  // it could be run to its end; its file has lines that are like it
  std::string diff;   // of a console block, and of any that is not the same
  Lines updated;      // what the block should be
};

/// What came of the check of a page.
struct Report {
  std::vector<Problem> problems;
  std::vector<Shown> blocks;
  std::size_t links = 0;
  std::map<std::string, int> skipped;  // how many blocks for which reason
  std::string lacks;                   // "no nc", if that is why some were not run

  /// `docs/part1.md: 23 code blocks, 14 console blocks, 9 links checked; 1 skipped: installs packages`
  std::string summary(const Page& page) const;
};

/// Runs the blocks of one page in their order, which is the order in time: before each thing that the reader
/// does, all programs have come to rest. Commands are run by bash, in the current directory, each on a
/// terminal of its own.
class Console {
 public:
  /// What comes of the blocks is added to the report. `patience` is how long a program is waited for that waits for
  /// something itself; one that is at work, as a compiler is, has ten minutes.
  Console(const Page& page, const std::filesystem::path& build, std::chrono::milliseconds patience,
          Report& report);

  /// Puts a file of the reader's own, `my/loop.py`, into the folder that stands in for my/.
  void write_file(const std::string& path, const Lines& lines);

  void run(const Block& block);

  /// The end of the page: no program may have printed anything that the page does not show. Ends them all.
  void finish();

 private:
  struct Terminal {
    std::unique_ptr<Process> program;
    Screen screen;             // with the commands, as the page has them
    std::size_t shown = 0;     // how many of the screen's lines the page has shown
    std::string shown_prompt;  // what the page has shown of the line that the cursor is in
    std::string user;          // who is asked at `NAME > `
    bool running = false;
    bool failed = false;  // a block has ended early: those that go on cannot be run
    bool interrupted = false;
    int exit_code = 0;
    std::size_t command_line = 0;  // where its command stands on the page
    std::size_t last = 0;          // which of report_.blocks it has shown last
  };

  // What the reader types at a prompt: `$ `, `alice > `, or, for ^C and ^D, nothing in particular.
  struct Input {
    std::string prompt;
    std::string keys;
  };

  bool skip(const Block& block);
  static std::optional<Input> input_in(const Block& block, std::size_t line, const std::string& user);
  bool is_at(const Terminal& terminal, const std::string& prompt) const;
  void wait_for(Terminal& terminal, Lines page, const std::optional<std::string>& prompt, Lines& printed);
  void type(Terminal& terminal, const Input& input, std::size_t line);
  void start(Terminal& terminal, const std::string& command, std::size_t line);
  void judge(Shown& shown, const Lines& printed, std::size_t endless);
  void check_exit_code(const Terminal& terminal);
  Lines unshown(Terminal& terminal) const;
  Lines take(Terminal& terminal, std::size_t count) const;
  std::string visible(const std::string& line) const;
  bool at_rest();
  void problem(std::size_t line, std::string text) {
    report_.problems.push_back({page_.place(line), std::move(text)});
  }

  const Page& page_;
  StandIns stand_ins_;
  std::chrono::milliseconds patience_;
  Report& report_;
  std::map<std::string, Terminal> terminals_;  // by the name that the page gives them
};
