#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <system_error>
#include <utility>

#include "common/testing/port.hpp"
#include "common/testing/process.hpp"
#include "common/text.hpp"
#include "docs/check/check.hpp"
#include "docs/check/screen.hpp"

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes patience_at_work{10};
constexpr std::chrono::milliseconds patience_after_failure{2'000};

const std::string interrupt = "\x03";
const std::string end_of_input = "\x04";
const std::string ask_for_name = "Username: ";
const std::string shell_prompt = "$ ";

bool is_command(const std::string& line) {
  return line.starts_with(shell_prompt);
}

// Another netcat than OpenBSD's lacks -N. CMake needs make, unless it is set to use something else.
bool is_there(const std::string& tool) {
  const std::string look = tool == "nc"      ? "nc -h 2>&1 | grep -q -e -N"
                           : tool == "cmake" ? "test -n \"$CMAKE_GENERATOR\" || command -v make"
                                             : "command -v " + tool;
  return std::system(("{ " + look + "; } >/dev/null 2>&1").c_str()) == 0;
}

// A tool that one of the block's commands needs and this machine lacks; empty if it has them all.
std::string missing_tool(const Block& block) {
  static const std::regex tool(R"([\s"'(](cmake|curl|nc|patch|python3|ss|strace)(?=\s|$))");
  for (const std::string& line : block.lines) {
    if (!is_command(line)) continue;
    for (std::sregex_iterator i(line.begin(), line.end(), tool), end; i != end; ++i) {
      const std::string name = (*i)[1];
      if (!is_there(name)) return name == "cmake" ? "make" : name;
    }
  }
  return {};
}

// "Terminal 1" of a caption such as `**Terminal 1** (the server):`; empty for any other.
std::string terminal_of(const std::string& caption) {
  static const std::regex terminal(R"(^\**(Terminal [0-9]+)\b)");
  return found_in(caption, terminal);
}

std::string replaced(const std::string& text, const std::string& from, const std::string& to) {
  return std::regex_replace(text, std::regex(from), to);
}

std::string replaced_path(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// Where it is not part of a longer number, nor the fraction of one.
std::string replaced_number(const std::string& text, const std::string& from, const std::string& to) {
  if (text.find(from) == std::string::npos) return text;  // a regex is slow
  return replaced(text, "(^|[^0-9.])" + from + "(?![0-9])", "$01" + to);
}

// What stands in for the reader's ports 1234 and 1235 and folders build/ and my/: each page has others, so that pages
// are checked at the same time, and beside a server that runs.
class StandIns {
 public:
  explicit StandIns(fs::path build) : build_(std::move(build)) {
    std::string path = fs::temp_directory_path() / ("tutorial-" + std::string(6, 'X'));
    if (mkdtemp(path.data()) == nullptr) throw std::system_error(errno, std::system_category(), "mkdtemp");
    temporary_ = fs::canonical(path);
    fs::create_directory(file("my"));
  }

  ~StandIns() {
    std::error_code ignored;
    fs::remove_all(temporary_, ignored);
  }

  // A command of a page as it is run. The tutorial's own programs get `--port 1234` if they have no --port.
  // `cmake -B build` prepares a temporary folder; what has been built already is not built once more.
  std::string in_command(std::string command) const {
    const std::string build = build_.string();
    const std::string my = file("my").string();
    const std::string before = R"((^|[\s"'=(<>@]))";  // a path
    const std::string after = R"((?=[/\s"')]|$))";
    command = replaced(command, "(cmake .*-B) build" + after, "$1 " + file("build").string());

    // A program of ours that is not given a port would take the reader's; ./tutorial would use his folders.
    const std::string program = R"((^|\s)(\./)?build/part[^/\s]*/(server|client\w*|steps/\w+)(?![\w/.-]))";
    command = replaced(command, program + "(?![^|;&]*--port)", "$& --port 1234");
    command = replaced(command, R"(^\./tutorial\b)", "$& --build-dir " + build + " --my-dir " + my);

    command = replaced(command, before + "(\\./)?build/", "$01" + build + '/');
    command = replaced(command, "(--build|--test-dir|-C) build" + after, "$01 " + build);
    return in_input(replaced(command, before + "my" + after, "$01" + my));
  }

  // What a page types into a program, or into a file of my/.
  std::string in_input(std::string text) const {
    for (const auto& [port, ours] : ports_) text = replaced_number(text, port, std::to_string(ours.number()));
    return text;
  }

  // The other way: what a program prints, as the reader's own would print it.
  std::string in_output(std::string text) const {
    for (const auto& [port, ours] : ports_) text = replaced_number(text, std::to_string(ours.number()), port);
    text = replaced_path(text, build_.string(), "build");
    return replaced_path(text, file("my").string(), "my");
  }

  // Where a file of the reader's is.
  fs::path file(const std::string& path) const { return temporary_ / path; }

 private:
  const std::array<std::pair<std::string, ReservedPort>, 2> ports_{
      {{"1234", ReservedPort()}, {"1235", ReservedPort()}}};
  fs::path build_;
  fs::path temporary_;
};

// False on a system without /proc, such as macOS.
const bool can_see_sleep = fs::exists("/proc/self/stat");

// How often each of the threads in these sessions (setsid(2)) has fallen asleep; nothing if one of them is awake. If it
// is the same a moment later, none has done anything in between: proc(5). Empty where can_see_sleep is false.
std::optional<std::string> all_asleep(const std::set<pid_t>& sessions) try {
  std::string record;
  if (sessions.empty() || !can_see_sleep) return record;
  for (const auto& process : fs::directory_iterator("/proc")) {
    const pid_t id = std::atoi(process.path().filename().c_str());
    // A child that has just been forked is not in its session yet.
    if (id == 0 || (!sessions.contains(id) && !sessions.contains(getsid(id)))) continue;
    for (const auto& thread : fs::directory_iterator(process.path() / "task")) {
      std::ifstream status(thread.path() / "status");
      std::string state;
      std::string switches;
      for (std::string line; std::getline(status, line);) {
        if (line.starts_with("State:")) state = line;
        if (line.starts_with("voluntary_ctxt_switches:")) switches = line;
      }
      if (state.starts_with("State:\tZ")) continue;  // has ended
      if (state.find_first_of("STt", 7) != 7) return std::nullopt;
      record += thread.path().filename().string() + ' ' + switches + '\n';
    }
  }
  return record;
} catch (const fs::filesystem_error&) {
  return std::nullopt;  // a process has ended while its threads were listed
}

class Console {
 public:
  Console(const Page& page, const fs::path& build, std::chrono::milliseconds patience, Report& report)
      : page_(page), stand_ins_(build), patience_(patience), report_(report) {}

  void run() {
    for (const Block& block : page_.blocks) {
      if (block.language == "console")
        console(block);
      else if (!block.own_file.empty())
        write_file(block);
    }
    finish();
  }

 private:
  struct Terminal {
    std::unique_ptr<Process> program;
    Screen screen;             // with the commands, as the page has them
    Lines lines;               // those of the screen that have ended, as the page has them
    std::size_t shown = 0;     // how many of them the page has shown
    std::string shown_prompt;  // what the page has shown of the line that the cursor is in
    std::string user;          // who is asked at `NAME > `
    bool running = false;
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

  void write_file(const Block& block) {
    const fs::path file = stand_ins_.file(block.own_file);
    fs::create_directories(file.parent_path());
    std::ofstream out(file);
    for (const std::string& line : block.lines) out << stand_ins_.in_input(line) << '\n';
  }

  void console(const Block& block) {
    if (skip(block)) return;
    const std::string name = terminal_of(block.caption);
    Terminal& terminal = terminals_[name];
    if (!terminal.program && (block.lines.empty() || !is_command(block.lines[0]))) {
      problem(block.line, "no program runs in this terminal: `$ ` starts one");
      return;
    }
    terminal.last = report_.blocks.size();
    report_.blocks.emplace_back().block = &block;
    Lines page;                // what the block shows since the reader has typed something
    bool ends = name.empty();  // whether the program ends in the block
    for (std::size_t i = 0; i < block.lines.size(); ++i) {
      if (const auto input = input_in(block, i, terminal.user)) {
        if (i == 0) terminal.shown_prompt.clear();  // the page shows its line once more
        if (!wait_for(terminal, page, input->prompt)) return;
        type(terminal, *input, block.line + 1 + i);
        ends = name.empty() || input->keys == end_of_input;
        page.clear();
      }
      page.push_back(block.lines[i]);
    }
    if (!wait_for(terminal, page, ends ? std::optional(shell_prompt) : std::nullopt)) return;
    judge(report_.blocks.back());
    if (name.empty()) {
      check_exit_code(terminal);
      terminals_.erase(name);
    }
  }

  // Whether the block is what has been printed.
  void judge(Shown& shown) {
    const Lines& page = shown.block->lines;
    const Comparison comparison = compare(page, shown.updated);
    shown.diff = comparison.diff;
    shown.updated = comparison.updated;
    if (!comparison.first_difference) return;
    shown.same = false;
    problem(shown.block->line + std::min(*comparison.first_difference + 1, page.size()),
            "the page (-) and the program (+) differ:\n" + shown.diff);
  }

  void finish() {
    const Clock::time_point deadline = Clock::now() + patience_;
    while (!at_rest() && Clock::now() < deadline) continue;
    for (auto& [name, terminal] : terminals_) {
      if (!terminal.program) continue;
      Shown& shown = report_.blocks[terminal.last];
      const Lines more = unshown(terminal);
      shown.updated.insert(shown.updated.end(), more.begin(), more.end());
      if (!more.empty()) judge(shown);
      check_exit_code(terminal);
    }
    terminals_.clear();
  }

  // Counts the block and returns true if it is not to be run.
  bool skip(const Block& block) {
    if (over_.empty() && block.not_run.empty()) {
      if (const std::string tool = missing_tool(block); !tool.empty()) end_here(report_.lacks = "no " + tool);
    }
    const std::string& reason = block.not_run.empty() ? over_ : block.not_run;
    if (!reason.empty()) ++report_.skipped[reason];
    return !reason.empty();
  }

  // Nobody can say what the programs would go on to print: everybody goes home.
  void end_here(const std::string& reason) {
    over_ = reason;
    terminals_.clear();
  }

  // What the reader types in this line of the block; nothing if it is a line that is printed.
  static std::optional<Input> input_in(const Block& block, std::size_t number, const std::string& user) {
    const std::string& line = block.lines[number];
    if (is_command(line)) return Input{shell_prompt, line.substr(shell_prompt.size())};
    if (line.ends_with("^C")) return Input{line.substr(0, line.size() - 2), interrupt};
    if (line.ends_with("^D")) return Input{line.substr(0, line.size() - 2), end_of_input};
    for (const std::string& prompt : {ask_for_name, user.empty() ? ask_for_name : user + " > "}) {
      const bool is_alone = line == prompt || line == trimmed(prompt);
      if (is_alone && number + 1 < block.lines.size()) return Input{prompt, "\n"};
      if (!is_alone && line.starts_with(prompt)) return Input{prompt, line.substr(prompt.size()) + '\n'};
    }
    return std::nullopt;
  }

  bool is_at(const Terminal& terminal, const std::string& prompt) const {
    if (prompt == shell_prompt) return !terminal.running;
    return terminal.running && (prompt.empty() || visible(terminal.screen.current()) == prompt);
  }

  // Waits until the terminal shows these lines of the page and then the prompt, or, without one, until all programs have
  // come to rest. What it shows, whatever that is, has been shown then. Returns false if it does not come to the prompt:
  // the page ends here.
  bool wait_for(Terminal& terminal, Lines page, const std::optional<std::string>& prompt) {
    const bool leaves_out = std::ranges::find(page, left_out) != page.end();
    const bool at_any_time = prompt && !page.empty() && page.back() == left_out;  // for ^C while it prints
    const bool is_end = prompt == shell_prompt;
    if (prompt && !is_end && !prompt->empty()) page.push_back(*prompt);
    const Clock::time_point begin = Clock::now();
    Clock::time_point asleep_since = begin;
    std::optional<std::size_t> count;
    std::size_t complete = 0;
    while (true) {
      const bool rest = at_rest();
      if (!rest) asleep_since = Clock::now();
      const Lines lines = unshown(terminal);
      complete = terminal.lines.size() - terminal.shown;
      count = match(page, lines, prompt || !terminal.running);
      const bool is_there = count && (!prompt || is_at(terminal, *prompt));
      if (is_there && (rest || at_any_time)) break;
      if (!is_there && !terminal.running) break;
      if (!count && rest && !is_end && !leaves_out && complete >= page.size()) break;
      if (Clock::now() > asleep_since + patience_ || Clock::now() > begin + patience_at_work) {
        patience_ = std::min(patience_, patience_after_failure);
        break;
      }
    }

    Shown& shown = report_.blocks[terminal.last];
    const bool goes_on = !prompt || is_at(terminal, *prompt);
    // The prompt's line comes once more, with what is typed. Where the two differ, the rest may be for a later block.
    if (prompt && goes_on)
      count = complete;
    else if (!count)
      count = prompt || !terminal.running ? std::string::npos : page.size();
    for (std::string& line : take(terminal, *count)) shown.updated.push_back(std::move(line));
    if (goes_on) return true;

    if (is_end) problem(terminal.command_line, "this command does not end");
    judge(shown);
    shown.same = false;
    shown.updated = shown.block->lines;  // who knows
    end_here("below what cannot go on");
    return false;
  }

  void type(Terminal& terminal, const Input& input, std::size_t line) {
    if (input.prompt == shell_prompt) {
      start(terminal, input.keys, line);
      return;
    }
    terminal.shown_prompt.clear();
    if (input.prompt == ask_for_name) terminal.user = input.keys.substr(0, input.keys.size() - 1);
    if (input.keys == interrupt) terminal.interrupted = true;
    if (input.keys == end_of_input) terminal.screen.show("^D");  // the terminal itself shows nothing
    terminal.program->type(stand_ins_.in_input(input.keys));
  }

  void start(Terminal& terminal, const std::string& command, std::size_t line) {
    static const std::regex name(R"(--name[= ](\S+))");
    const bool shows_code = command.find("$?") != std::string::npos;
    if (!shows_code) check_exit_code(terminal);
    std::string run = stand_ins_.in_command(command);
    if (shows_code) run = fmt::format("(exit {}); {}", terminal.exit_code, run);

    terminal.screen.show(shell_prompt + command + '\n');
    terminal.user = found_in(command, name);
    terminal.interrupted = false;
    terminal.exit_code = 0;
    terminal.command_line = line;
    terminal.program.reset();
    terminal.program = std::make_unique<Process>(
        std::vector<std::string>{"env", "TERM=dumb", "NO_COLOR=1", "LC_ALL=C", "bash", "-c", run},
        Process::Stdio::terminal);
    terminal.running = true;
  }

  void check_exit_code(const Terminal& terminal) {
    const bool expected =
        terminal.exit_code == 0 || (terminal.interrupted && terminal.exit_code == 128 + SIGINT);
    if (expected || terminal.running) return;
    problem(terminal.command_line,
            fmt::format("this command fails with exit code {}; if it should, the page shows it: `$ echo $?`",
                        terminal.exit_code));
  }

  // The lines on the screen that the page has not shown yet, with the one that the cursor is in.
  Lines unshown(Terminal& terminal) const {
    const Lines& all = terminal.lines;
    if (terminal.shown < all.size() && !terminal.shown_prompt.empty() &&
        all[terminal.shown] == terminal.shown_prompt) {
      ++terminal.shown;  // a prompt has ended as it was
      terminal.shown_prompt.clear();
    }
    Lines lines(all.begin() + static_cast<std::ptrdiff_t>(terminal.shown), all.end());
    const std::string current = visible(terminal.screen.current());
    if (!current.empty() && (!lines.empty() || current != terminal.shown_prompt)) lines.push_back(current);
    return lines;
  }

  // The next lines on the screen, or as many as there are: the page has shown them now.
  Lines take(Terminal& terminal, std::size_t count) const {
    Lines lines = unshown(terminal);
    lines.resize(std::min(count, lines.size()));
    const std::size_t complete = std::min(lines.size(), terminal.lines.size() - terminal.shown);
    if (!lines.empty()) terminal.shown_prompt = complete < lines.size() ? lines.back() : "";
    terminal.shown += complete;
    return lines;
  }

  // A line of the screen as the page has it. With control characters it is not: a reader cannot see those. A backslash,
  // which printable() escapes as well, stands on a page as it is.
  std::string visible(const std::string& line) const {
    std::string text = line;
    std::ranges::replace(text, '\\', '/');
    return stand_ins_.in_output(printable(text) == text ? line
                                                        : "(with control characters) " + printable(line));
  }

  // Takes a moment to see whether any program prints or has done something since this was called last.
  bool at_rest() {
    std::set<pid_t> sessions;
    for (const auto& [name, terminal] : terminals_) {
      if (terminal.running) sessions.insert(terminal.program->id());
    }
    poll(nullptr, 0, can_see_sleep ? 20 : 300);
    bool something_came = false;
    for (auto& [name, terminal] : terminals_) {
      if (!terminal.running) continue;
      if (const auto bytes = terminal.program->read(std::chrono::milliseconds(0))) {
        something_came = something_came || !bytes->empty();
        terminal.screen.show(*bytes);
      } else {
        something_came = true;
        if (!terminal.screen.current().empty()) terminal.screen.show("\n");
        terminal.running = false;
        terminal.exit_code = terminal.program->wait();
      }
      while (terminal.lines.size() < terminal.screen.lines().size())
        terminal.lines.push_back(visible(terminal.screen.lines()[terminal.lines.size()]));
    }
    const auto before = std::exchange(asleep_, something_came ? std::nullopt : all_asleep(sessions));
    return asleep_ && asleep_ == before;
  }

  void problem(std::size_t line, std::string text) {
    report_.problems.push_back({page_.place(line), std::move(text)});
  }

  const Page& page_;
  StandIns stand_ins_;
  std::chrono::milliseconds patience_;
  Report& report_;
  std::map<std::string, Terminal> terminals_;  // by the name that the page gives them
  std::optional<std::string> asleep_;          // what all_asleep() has last said
  std::string over_;                           // why nothing below is run
};

}  // namespace

void run_consoles(const Page& page, const fs::path& build, std::chrono::milliseconds patience,
                  Report& report) {
  Console(page, build, patience, report).run();
}
