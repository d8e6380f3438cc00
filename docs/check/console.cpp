#include "docs/check/console.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <utility>

#include "common/text.hpp"

namespace {

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

std::string without_trailing_spaces(std::string line) {
  return line.erase(line.find_last_not_of(' ') + 1);
}

// What the pattern's group has found in the text; empty if it has found nothing.
std::string found_in(const std::string& text, const std::regex& pattern) {
  std::smatch match;
  return std::regex_search(text, match, pattern) ? match[1].str() : "";
}

// "Terminal 1" of a caption such as `**Terminal 1** (the server):`; empty for any other.
std::string terminal_of(const std::string& caption) {
  static const std::regex terminal(R"(^\**(Terminal [0-9]+)\b)");
  return found_in(caption, terminal);
}

}  // namespace

Console::Console(const Page& page, const std::filesystem::path& build, std::chrono::milliseconds patience,
                 Report& report)
    : page_(page), stand_ins_(build), patience_(patience), report_(report) {}

void Console::write_file(const std::string& path, const Lines& lines) {
  const std::filesystem::path file = stand_ins_.my().parent_path() / path;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file);
  for (const std::string& line : lines) out << stand_ins_.in_input(line) << '\n';
}

void Console::run(const Block& block) {
  if (skip(block)) return;
  const std::string name = terminal_of(block.caption);
  Terminal& terminal = terminals_[name];
  terminal.last = report_.blocks.size();
  Shown& shown = report_.blocks.emplace_back();
  shown.block = &block;
  if (!terminal.program && !terminal.failed && (block.lines.empty() || !is_command(block.lines[0]))) {
    problem(block.line, "no program runs in this terminal: `$ ` starts one");
    terminal.failed = true;
  }
  if (terminal.failed) {
    shown.same = shown.whole = false;
    return;
  }

  Lines printed;
  Lines page;  // what the block shows since the reader has typed something
  std::optional<std::string> prompt;
  for (std::size_t i = 0; i < block.lines.size() && !terminal.failed; ++i) {
    if (const auto input = input_in(block, i, terminal.user)) {
      if (i == 0) terminal.shown_prompt.clear();  // the page shows its line once more
      prompt = input->prompt;
      wait_for(terminal, std::exchange(page, {}), prompt, printed);
      if (!terminal.failed) type(terminal, *input, block.line + 1 + i);
    }
    page.push_back(block.lines[i]);
  }
  if (!terminal.failed) {
    prompt = name.empty() ? std::optional(shell_prompt) : std::nullopt;
    wait_for(terminal, page, prompt, printed);
  }
  judge(shown, printed, terminal.failed && prompt == shell_prompt ? terminal.command_line : 0);
  if (terminal.failed) {
    shown.same = shown.whole = false;
    terminal.program.reset();
    terminal.running = false;
  }
  if (name.empty()) {
    check_exit_code(terminal);
    terminals_.erase(name);
  }
}

// Whether the block is what has been printed. `endless` is the line of a command that should have ended, or 0.
void Console::judge(Shown& shown, const Lines& printed, std::size_t endless) {
  const std::size_t size = shown.block->lines.size();
  const Comparison comparison = compare(shown.block->lines, printed);
  shown.diff = comparison.diff;
  shown.updated = comparison.updated;
  if (!comparison.first_difference && endless == 0) return;
  shown.same = false;
  std::size_t line = shown.block->line + std::min(comparison.first_difference.value_or(size) + 1, size);
  std::string text = "the page (-) and the program (+) differ:\n";
  if (endless != 0) {
    line = endless;
    text = "this command does not end; the page (-) and the program (+) show:\n";
  }
  problem(line, text + comparison.diff);
}

void Console::finish() {
  const Clock::time_point deadline = Clock::now() + patience_;
  while (!at_rest() && Clock::now() < deadline) continue;
  for (auto& [name, terminal] : terminals_) {
    if (terminal.failed) continue;
    Shown& shown = report_.blocks[terminal.last];
    const Lines& page = shown.block->lines;
    const Lines printed = unshown(terminal);
    if (!printed.empty() && (page.empty() || page.back() != left_out)) {
      const std::string more = fmt::format("  + {}\n", fmt::join(printed, "\n  + "));
      problem(shown.block->line + page.size(),
              "the program goes on to print what the page does not show:\n" + more);
      shown.same = false;
      shown.diff += more;
      shown.updated.insert(shown.updated.end(), printed.begin(), printed.end());
    }
    check_exit_code(terminal);
  }
  terminals_.clear();
}

// Counts the block and returns true if it is not to be run.
bool Console::skip(const Block& block) {
  if (report_.lacks.empty() && block.not_run.empty()) {
    // Nobody can say what the programs would go on to print: everybody goes home.
    if (const std::string tool = missing_tool(block); !tool.empty()) {
      report_.lacks = "no " + tool;
      terminals_.clear();
    }
  }
  const std::string& reason = block.not_run.empty() ? report_.lacks : block.not_run;
  if (!reason.empty()) ++report_.skipped[reason];
  return !reason.empty();
}

// What the reader types in this line of the block; nothing if it is a line that is printed.
std::optional<Console::Input> Console::input_in(const Block& block, std::size_t number,
                                                const std::string& user) {
  const std::string& line = block.lines[number];
  if (is_command(line)) return Input{shell_prompt, line.substr(shell_prompt.size())};
  if (line.ends_with("^C")) return Input{line.substr(0, line.size() - 2), interrupt};
  if (line.ends_with("^D")) return Input{line.substr(0, line.size() - 2), end_of_input};
  for (const std::string& prompt : {ask_for_name, user.empty() ? ask_for_name : user + " > "}) {
    const bool is_alone = line == prompt || line == without_trailing_spaces(prompt);
    if (is_alone && number + 1 < block.lines.size()) return Input{prompt, "\n"};
    if (!is_alone && line.starts_with(prompt)) return Input{prompt, line.substr(prompt.size()) + '\n'};
  }
  return std::nullopt;
}

bool Console::is_at(const Terminal& terminal, const std::string& prompt) const {
  if (prompt == shell_prompt) return !terminal.running;
  return terminal.running && (prompt.empty() || visible(terminal.screen.current()) == prompt);
}

// Waits until the terminal shows these lines of the page and then the prompt, or, without one, until all programs have
// come to rest. What it shows, whatever that is, is added to `printed`. Where it does not come to the prompt, the page
// cannot go on: the terminal has failed.
void Console::wait_for(Terminal& terminal, Lines page, const std::optional<std::string>& prompt,
                       Lines& printed) {
  const bool leaves_out = std::find(page.begin(), page.end(), left_out) != page.end();
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
    complete = terminal.screen.lines().size() - terminal.shown;
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

  terminal.failed = prompt && !is_at(terminal, *prompt);
  // The prompt's line comes once more, with what is typed. Where the two differ, the rest may be for a later block.
  if (prompt && !terminal.failed)
    count = complete;
  else if (!count)
    count = prompt || !terminal.running ? std::string::npos : page.size();
  for (std::string& line : take(terminal, *count)) printed.push_back(std::move(line));
}

void Console::type(Terminal& terminal, const Input& input, std::size_t line) {
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

void Console::start(Terminal& terminal, const std::string& command, std::size_t line) {
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

void Console::check_exit_code(const Terminal& terminal) {
  const bool expected =
      terminal.exit_code == 0 || (terminal.interrupted && terminal.exit_code == 128 + SIGINT);
  if (expected || terminal.failed || terminal.running) return;
  problem(terminal.command_line,
          fmt::format("this command fails with exit code {}; if it should, the page shows it: `$ echo $?`",
                      terminal.exit_code));
}

// The lines on the screen that the page has not shown yet, with the one that the cursor is in.
Lines Console::unshown(Terminal& terminal) const {
  const std::vector<std::string>& all = terminal.screen.lines();
  if (terminal.shown < all.size() && !terminal.shown_prompt.empty() &&
      visible(all[terminal.shown]) == terminal.shown_prompt) {
    ++terminal.shown;  // a prompt has ended as it was
    terminal.shown_prompt.clear();
  }
  Lines lines;
  for (std::size_t i = terminal.shown; i < all.size(); ++i) lines.push_back(visible(all[i]));
  const std::string current = visible(terminal.screen.current());
  if (!current.empty() && (!lines.empty() || current != terminal.shown_prompt)) lines.push_back(current);
  return lines;
}

// The next lines on the screen, or as many as there are: the page has shown them now.
Lines Console::take(Terminal& terminal, std::size_t count) const {
  Lines lines = unshown(terminal);
  lines.resize(std::min(count, lines.size()));
  const std::size_t complete = std::min(lines.size(), terminal.screen.lines().size() - terminal.shown);
  if (!lines.empty()) terminal.shown_prompt = complete < lines.size() ? lines.back() : "";
  terminal.shown += complete;
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

// Takes a moment to see whether any program prints or does something.
bool Console::at_rest() {
  std::set<pid_t> sessions;
  for (const auto& [name, terminal] : terminals_) {
    if (terminal.running) sessions.insert(terminal.program->id());
  }
  const auto before = all_asleep(sessions);
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
  }
  return !something_came && before && all_asleep(sessions) == before;
}
