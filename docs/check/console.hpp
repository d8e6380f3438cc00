// The console blocks of a page, run on terminals as its reader would.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/testing/process.hpp"
#include "docs/check/likeness.hpp"
#include "docs/check/page.hpp"
#include "docs/check/screen.hpp"
#include "docs/check/stand_ins.hpp"

/// How long programs are waited for.
struct Patience {
  std::chrono::milliseconds asleep{30'000};  // for one that waits for something itself
  std::chrono::milliseconds busy{600'000};   // for one that is at work, as a compiler is
};

/// A block that has been compared.
struct Shown {
  const Block* block = nullptr;
  bool same = true;
  bool whole = true;  // it could be run to its end; its file has lines that are like it
  Lines printed;      // the whole block as it should be: a console block with the commands and what was typed
};

/// What came of the check of a page.
struct Report {
  std::vector<Problem> problems;
  std::vector<Shown> quotes;  // code blocks whose file has been found
  std::vector<Shown> shown;   // console blocks that have been run
  std::size_t links = 0;
  std::map<std::string, int> skipped;    // how many blocks for which reason
  std::string lacks;                     // "no nc", if that is why some were not run
  std::map<std::string, int> unchecked;  // how many pictures and the like

  /// `docs/part1.md: 23 code blocks, 14 console blocks, 9 links checked; 1 skipped: installs packages`
  std::string summary(const Page& page) const;
};

/// Runs the blocks of one page in their order, which is the order in time: before each thing that the reader
/// does, all programs have come to rest. Commands are run by bash, in the current directory, each on a
/// terminal of its own.
class Console {
 public:
  /// What comes of the blocks is added to the report.
  Console(const Page& page, const std::filesystem::path& build, Patience patience, Report& report);

  /// Puts a file of the reader's own, `my/loop.py`, into the folder that stands in for my/.
  void write_file(const std::string& path, const Lines& lines);

  void run(const Block& block);

  /// The end of the page: no program may have printed anything that the page does not show. Ends them all.
  void finish();

 private:
  // Something that the reader does, and what the screen shows then.
  struct Step {
    enum class Kind { go_on, command, type, interrupt, end_input };
    Kind kind = Kind::go_on;
    std::string text;       // the command; what is typed
    std::string prompt;     // what stands before the cursor when it is typed, or when ^C or ^D is pressed
    bool anytime = false;   // ^C after `...`: pressed whatever the program is printing
    std::size_t first = 0;  // the number of the page's line that lines[0] is
    Lines lines;
  };

  struct Terminal {
    std::unique_ptr<Process> program;
    Screen screen;
    std::size_t shown = 0;      // how many of the screen's lines the page has shown
    std::string shown_current;  // what the page has shown of the line that the cursor is in
    bool running = false;
    bool failed = false;  // a block has ended early: those that go on cannot be run
    bool interrupted = false;
    bool leaves_out = false;  // the last line that the page has shown is `...`
    int exit_code = 0;
    std::string user;              // who is asked at `NAME > `
    std::string lacks;             // the tool for whose lack the page cannot be followed here any more
    std::size_t command_line = 0;  // where its command stands on the page
    std::size_t last_line = 0;     // where the last line stands that it has shown
    std::size_t last_shown = 0;    // which of report_.shown that is in
  };

  // What a step waits for after its lines.
  enum class Until {
    end,      // of the program
    prompt,   // what the next step types after
    rest,     // all programs have come to rest
    nothing,  // ^C is pressed while it prints
  };

  bool skip(const Block& block, const Terminal& terminal);
  std::vector<Step> steps_of(const Block& block, std::string& user) const;
  void act(Terminal& terminal, const Step& step);
  void start(Terminal& terminal, const Step& step);
  void wait_for_end(Terminal& terminal, std::size_t line);
  std::optional<std::size_t> taken(const Terminal& terminal, const Step& step, Until until,
                                   const std::string& prompt) const;
  void wait_for(Terminal& terminal, const Step& step, Until until, const std::string& prompt);
  void differs(Terminal& terminal, const Step& step, Until until, const std::string& prompt, bool late);
  void record(const Step& step, const Lines& printed);
  void check_exit_code(Terminal& terminal);
  void check_all_shown(Terminal& terminal);
  Lines unshown(const Terminal& terminal) const;
  std::string visible(const std::string& line) const;
  void read_output();
  void show(Terminal& terminal, std::string_view bytes);
  bool at_rest();
  void come_to_rest();
  void problem(std::size_t line, std::string text) {
    report_.problems.push_back({page_.place(line), std::move(text)});
  }

  const Page& page_;
  StandIns stand_ins_;
  Patience patience_;
  Report& report_;
  std::map<std::string, Terminal> terminals_;  // by the name that the page gives them
  bool something_came_ = false;
  bool is_over_ = false;  // for want of a tool, nothing below can be run
};
