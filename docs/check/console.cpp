#include "docs/check/console.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <regex>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "common/text.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds patience_after_failure{2'000};

bool is_command(const std::string& line) {
  return line.starts_with("$ ");
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

// The other tools only look at the programs.
bool plays(const std::string& tool) {
  return tool == "nc" || tool == "patch" || tool == "python3";
}

bool leaves_out_lines(const Lines& lines) {
  return std::find(lines.begin(), lines.end(), left_out) != lines.end();
}

std::string without_trailing_spaces(std::string line) {
  return line.erase(line.find_last_not_of(' ') + 1);
}

// "Terminal 1" of a caption such as `**Terminal 1** (the server):`; empty for any other.
std::string terminal_of(const std::string& caption) {
  static const std::regex terminal(R"(\**(Terminal [0-9]+)\b.*)");
  std::smatch match;
  return std::regex_match(caption, match, terminal) ? match[1].str() : "";
}

// The value of --name in a command.
std::string user_of(const std::string& command) {
  static const std::regex name(R"(--name[= ](\S+))");
  std::smatch match;
  return std::regex_search(command, match, name) ? match[1].str() : "";
}

}  // namespace

Console::Console(const Page& page, const std::filesystem::path& build, Patience patience, Report& report)
    : page_(page), stand_ins_(build), patience_(patience), report_(report) {}

void Console::write_file(const std::string& path, const Lines& lines) {
  const std::filesystem::path file = stand_ins_.my().parent_path() / path;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file);
  for (const std::string& line : lines) out << stand_ins_.in_input(line) << '\n';
}

void Console::run(const Block& block) {
  const std::string name = terminal_of(block.caption);
  Terminal& terminal = terminals_[name];
  if (skip(block, terminal)) return;
  report_.shown.push_back({&block, true, true, {}});
  const std::vector<Step> steps = steps_of(block, terminal.user);
  if (steps.front().kind == Step::Kind::go_on && !terminal.program && !terminal.failed) {
    problem(block.line, "no program runs in this terminal: `$ ` starts one");
    terminal.failed = true;
  }

  for (std::size_t i = 0; i < steps.size() && !terminal.failed; ++i) {
    const Step& step = steps[i];
    const Step* next = i + 1 < steps.size() ? &steps[i + 1] : nullptr;
    Until until = Until::prompt;
    if (next == nullptr) {
      until = name.empty() || step.kind == Step::Kind::interrupt ? Until::end : Until::rest;
    } else if (next->kind == Step::Kind::command) {
      until = Until::end;
    } else if (next->anytime) {
      until = Until::nothing;
    }
    act(terminal, step);
    wait_for(terminal, step, until, next == nullptr ? "" : next->prompt);
  }

  if (terminal.failed) report_.shown.back().same = report_.shown.back().whole = false;
  terminal.last_line = block.line + block.lines.size();
  terminal.last_shown = report_.shown.size() - 1;
  terminal.leaves_out = !block.lines.empty() && block.lines.back() == left_out;
  if (name.empty()) {
    check_exit_code(terminal);
    terminals_.erase(name);
  }
}

void Console::finish() {
  come_to_rest();
  for (auto& [name, terminal] : terminals_) {
    if (!terminal.program || terminal.failed || !terminal.lacks.empty()) continue;
    check_all_shown(terminal);
    if (!terminal.running) check_exit_code(terminal);
  }
  // What the end of one program makes another print, the reader does not see on this page.
  for (auto& [name, terminal] : terminals_) {
    if (!terminal.running) continue;
    terminal.program->type("\x03");
    const Clock::time_point deadline = Clock::now() + patience_.asleep;
    while (terminal.running && Clock::now() < deadline) at_rest();
    if (terminal.running) problem(terminal.command_line, "Ctrl-C does not end this program");
  }
  terminals_.clear();
}

// Counts the block and returns true if it is not to be run.
bool Console::skip(const Block& block, const Terminal& terminal) {
  std::string reason = block.not_run;
  if (reason.empty() && is_over_) reason = report_.lacks;
  if (const std::string tool = missing_tool(block); reason.empty() && !tool.empty()) {
    reason = report_.lacks = "no " + tool;
    // What the programs that run now print from here on, cannot be compared: they do not see the tool.
    for (auto& [name, other] : terminals_) {
      if (other.running) other.lacks = reason;
    }
    // Nobody can say what comes of the programs without one that plays a part: everybody goes home.
    if (plays(tool)) {
      is_over_ = true;
      for (auto& [name, other] : terminals_) other = Terminal();
    }
  }
  const bool goes_on = !block.lines.empty() && !is_command(block.lines.front());
  if (reason.empty() && goes_on) reason = terminal.lacks;
  // README.md runs the tests, which check README.md: once is enough.
  static const std::regex check(R"(\$ (\./tutorial (test|compare)|ctest)\b.*)");
  const auto is_check = [](const std::string& line) { return std::regex_match(line, check); };
  if (reason.empty() && std::getenv("TUTORIAL_INSIDE_TEST") != nullptr &&
      std::any_of(block.lines.begin(), block.lines.end(), is_check)) {
    reason = "runs inside itself";
  }
  if (!reason.empty()) ++report_.skipped[reason];
  return !reason.empty();
}

std::vector<Console::Step> Console::steps_of(const Block& block, std::string& user) const {
  std::vector<Step> steps;
  const auto add = [&](Step::Kind kind, std::string text, std::string prompt, std::size_t line) -> Step& {
    return steps.emplace_back(Step{kind, std::move(text), std::move(prompt), false, line, {}});
  };
  if (block.lines.empty() || !is_command(block.lines.front())) add(Step::Kind::go_on, "", "", block.line + 1);
  for (std::size_t i = 0; i < block.lines.size(); ++i) {
    const std::string& line = block.lines[i];
    const std::size_t number = block.line + 1 + i;
    const bool is_last = i + 1 == block.lines.size();
    const std::string user_prompt = user.empty() ? "" : user + " > ";
    // A prompt alone is one that Enter is pressed at, unless the block ends there.
    const auto is_typed = [&](const std::string& prompt) {
      if (prompt.empty()) return false;
      if (line == prompt || line == without_trailing_spaces(prompt)) return !is_last;
      return line.starts_with(prompt);
    };

    if (is_command(line)) {
      add(Step::Kind::command, line.substr(2), "", number + 1);
      user = user_of(line);
    } else if (line.ends_with("^C") || line.ends_with("^D")) {
      const auto kind = line.back() == 'C' ? Step::Kind::interrupt : Step::Kind::end_input;
      const bool anytime = !steps.back().lines.empty() && steps.back().lines.back() == left_out;
      Step& step = add(kind, "", line.substr(0, line.size() - 2), number);
      step.lines = {line};
      if (kind == Step::Kind::interrupt && anytime) {
        Step& before = steps[steps.size() - 2];
        before.lines.pop_back();
        step.lines = {left_out, line};
        step.first = number - 1;
        step.anytime = true;
      }
    } else if (const std::string prompt = is_typed("Username: ") ? "Username: " : user_prompt;
               is_typed(prompt)) {
      const std::string text = line.substr(std::min(prompt.size(), line.size()));
      add(Step::Kind::type, text, prompt, number).lines = {line};
      if (prompt == "Username: ") user = text;
    } else {
      steps.back().lines.push_back(line);
    }
  }
  return steps;
}

void Console::act(Terminal& terminal, const Step& step) {
  if (step.kind == Step::Kind::go_on) return;
  if (!step.anytime) come_to_rest();
  if (step.kind == Step::Kind::command) {
    start(terminal, step);
    return;
  }
  terminal.shown_current.clear();
  if (!terminal.running) return;
  if (step.kind == Step::Kind::type) {
    terminal.program->type(stand_ins_.in_input(step.text) + '\n');
  } else if (step.kind == Step::Kind::interrupt) {
    terminal.interrupted = true;
    terminal.program->type("\x03");
  } else {
    terminal.screen.show(step.prompt.empty() ? "^D\n" : "^D");  // the terminal itself shows nothing
    terminal.program->type("\x04");
  }
}

void Console::start(Terminal& terminal, const Step& step) {
  const std::size_t line = step.first - 1;
  if (terminal.running && terminal.lacks.empty()) {
    wait_for_end(terminal, line);
    check_all_shown(terminal);
  }
  const bool shows_code = step.text.find("$?") != std::string::npos;
  if (!shows_code) check_exit_code(terminal);
  std::string command = stand_ins_.in_command(step.text);
  if (shows_code) command = fmt::format("(exit {}); {}", terminal.exit_code, command);

  std::string user = std::move(terminal.user);
  terminal = Terminal();
  terminal.user = std::move(user);
  terminal.command_line = terminal.last_line = line;
  terminal.last_shown = report_.shown.size() - 1;
  terminal.running = true;
  terminal.program =
      std::make_unique<Process>(std::vector<std::string>{"env", "TERM=dumb", "NO_COLOR=1", "LC_ALL=C",
                                                         "TUTORIAL_INSIDE_TEST=1", "bash", "-c", command},
                                Process::Stdio::terminal);
}

void Console::wait_for_end(Terminal& terminal, std::size_t line) {
  Clock::time_point asleep_since = Clock::now();
  while (terminal.running && Clock::now() < asleep_since + patience_.asleep) {
    if (!at_rest()) asleep_since = Clock::now();
  }
  if (terminal.running)
    problem(line, "a command cannot start here: the program in this terminal has not ended");
}

// How many lines of the screen the step's lines stand for, with the one that the cursor is in or without;
// nothing if the screen is not (yet) as the page has it.
std::optional<std::size_t> Console::taken(const Terminal& terminal, const Step& step, Until until,
                                          const std::string& prompt) const {
  const std::string current = visible(terminal.screen.current());
  if (until == Until::end && terminal.running) return std::nullopt;
  if (until == Until::prompt && (!terminal.running || current != prompt)) return std::nullopt;

  Lines page = canonical(step.lines, false);
  const Lines printed = canonical(unshown(terminal), true);
  const bool whole = !terminal.running || until == Until::prompt;
  if (const auto count = match(page, printed, whole)) return count;
  if (until == Until::rest && !page.empty() && page.back() == without_trailing_spaces(current)) {
    page.pop_back();  // a prompt, after which the cursor stays
    if (const auto count = match(page, printed, true)) return *count + 1;
  }
  return std::nullopt;
}

// Waits until the screen shows what the step shows. What is shown instead is a problem.
void Console::wait_for(Terminal& terminal, const Step& step, Until until, const std::string& prompt) {
  const Clock::time_point begin = Clock::now();
  Clock::time_point asleep_since = begin;
  std::optional<std::size_t> count;
  bool late = false;
  while (true) {
    const bool rest = at_rest();
    if (!rest) asleep_since = Clock::now();
    const std::size_t printed = unshown(terminal).size();
    const bool there =
        until == Until::rest || (until == Until::prompt && visible(terminal.screen.current()) == prompt);
    const bool more_may_help = !there || printed < step.lines.size() || leaves_out_lines(step.lines);
    count = taken(terminal, step, until, prompt);
    const bool begins_to_leave_out = until == Until::nothing && count && printed > *count;
    if (count && (rest || !terminal.running || begins_to_leave_out)) break;
    if (!terminal.running || (rest && !more_may_help)) break;
    late = Clock::now() > asleep_since + patience_.asleep || Clock::now() > begin + patience_.busy;
    if (late) break;
  }

  if (!count) {
    differs(terminal, step, until, prompt, late);
    return;
  }
  Lines printed = unshown(terminal);
  const bool with_current = *count > printed.size();
  terminal.shown += with_current ? printed.size() : *count;
  if (*count > 0) terminal.shown_current = with_current ? visible(terminal.screen.current()) : "";
  printed.resize(*count, terminal.shown_current);
  const std::vector<Pair> pairs = align(canonical(step.lines, false), canonical(printed, true));
  record(step, shortened(pairs, printed));
}

void Console::differs(Terminal& terminal, const Step& step, Until until, const std::string& prompt,
                      bool late) {
  const bool was_running = terminal.running;
  const std::string current = visible(terminal.screen.current());
  Lines printed = unshown(terminal);
  if (until == Until::rest && was_running && !leaves_out_lines(step.lines)) {
    printed.resize(std::min(printed.size(), step.lines.size()));  // the rest may be for a later block
  }
  terminal.shown += printed.size();
  if (was_running && !current.empty() && (until != Until::prompt || current != prompt)) {
    printed.push_back(current);
    terminal.shown_current = current;
  }

  const std::vector<Pair> pairs = align(canonical(step.lines, false), canonical(printed, true));
  const auto before = first_difference(pairs);
  const std::size_t last = step.first + step.lines.size() - 1;
  std::size_t line = before ? std::min(step.first + *before, last) : last;
  std::string text = "the page (-) and the program (+) differ:\n";
  if (late && until == Until::end) {
    text = "this command does not end; the page (-) and the program (+) show:\n";
    if (!before) line = terminal.command_line;
  } else if (until == Until::prompt && (!was_running || current != prompt)) {
    const std::string instead =
        was_running ? fmt::format("waits after `{}`, not", current) : "ends, and does not wait";
    text = fmt::format("the program {} after `{}`:\n", instead, prompt);
    line = step.first + before.value_or(step.lines.size());
  }
  problem(line, text + diff(pairs, step.lines, printed));
  record(step, shortened(pairs, printed));
  report_.shown.back().same = false;

  // Where the program is as the page has it, the page can go on.
  const bool can_go_on = until == Until::rest || (until == Until::end && !was_running) ||
                         (until == Until::prompt && was_running && current == prompt);
  if (!can_go_on) {
    terminal.program.reset();
    terminal.running = false;
    terminal.failed = true;
  }
  if (late) patience_.asleep = std::min(patience_.asleep, patience_after_failure);
}

void Console::record(const Step& step, const Lines& printed) {
  Lines& all = report_.shown.back().printed;
  if (step.kind == Step::Kind::command) all.push_back("$ " + step.text);
  all.insert(all.end(), printed.begin(), printed.end());
}

void Console::check_exit_code(Terminal& terminal) {
  const bool expected =
      terminal.exit_code == 0 || (terminal.interrupted && terminal.exit_code == 128 + SIGINT);
  if (expected || terminal.failed || terminal.running) return;
  problem(terminal.command_line,
          fmt::format("this command fails with exit code {}; if it should, the page shows it: `$ echo $?`",
                      terminal.exit_code));
  report_.shown[terminal.last_shown].same = false;
}

void Console::check_all_shown(Terminal& terminal) {
  Lines printed = unshown(terminal);
  const std::string current = visible(terminal.screen.current());
  if (terminal.running && current != terminal.shown_current) printed.push_back(current);
  if (printed.empty() || terminal.leaves_out || terminal.failed) return;
  problem(terminal.last_line, "the program goes on to print what the page does not show:\n" +
                                  fmt::format("  + {}\n", fmt::join(printed, "\n  + ")));
  Shown& shown = report_.shown[terminal.last_shown];
  shown.same = false;
  shown.printed.insert(shown.printed.end(), printed.begin(), printed.end());
}

// The lines on the screen that the page has not shown yet.
Lines Console::unshown(const Terminal& terminal) const {
  const std::vector<std::string>& all = terminal.screen.lines();
  Lines lines;
  for (std::size_t i = terminal.shown; i < all.size(); ++i) lines.push_back(visible(all[i]));
  const std::string& current = terminal.screen.current();
  if (!terminal.running && !current.empty() && terminal.shown <= all.size())
    lines.push_back(visible(current));
  return lines;
}

// A line of the screen as the page has it. With control characters it is not: a reader cannot see those. A backslash,
// which printable() escapes as well, stands on a page as it is.
std::string Console::visible(const std::string& line) const {
  std::string text = line;
  std::replace(text.begin(), text.end(), '\\', '/');
  return stand_ins_.in_output(printable(text) == text ? line
                                                      : "(with control characters) " + printable(line));
}

void Console::read_output() {
  for (auto& [name, terminal] : terminals_) {
    if (!terminal.running) continue;
    if (const auto bytes = terminal.program->read(std::chrono::milliseconds(0))) {
      something_came_ = something_came_ || !bytes->empty();
      show(terminal, *bytes);
    } else {
      something_came_ = true;
      terminal.running = false;
      terminal.exit_code = terminal.program->wait();
    }
    // A prompt that the page has shown ends as it is: the page does not show it again.
    const Lines lines = unshown(terminal);
    if (!lines.empty() && !terminal.shown_current.empty() && lines.front() == terminal.shown_current) {
      ++terminal.shown;
      terminal.shown_current.clear();
    }
  }
}

// On the page ^C, which the terminal shows, ends its line; what the program prints then begins the next.
void Console::show(Terminal& terminal, std::string_view bytes) {
  constexpr std::string_view echo = "^C";
  const std::size_t at = bytes.find(echo);
  if (terminal.interrupted && at != std::string_view::npos) {
    terminal.screen.show(bytes.substr(0, at + echo.size()));
    terminal.screen.break_line();
    bytes.remove_prefix(at + echo.size());
  }
  terminal.screen.show(bytes);
}

// Takes a moment to see whether any program prints or does something.
bool Console::at_rest() {
  std::set<pid_t> sessions;
  for (const auto& [name, terminal] : terminals_) {
    if (terminal.running) sessions.insert(terminal.program->id());
  }
  const auto before = all_asleep(sessions);
  poll(nullptr, 0, can_see_sleep ? 20 : 300);
  something_came_ = false;
  read_output();
  return !something_came_ && before && all_asleep(sessions) == before;
}

void Console::come_to_rest() {
  const Clock::time_point deadline = Clock::now() + patience_.asleep;
  while (!at_rest() && Clock::now() < deadline) continue;
}
