// The Terminal of a learner's program: a process in a pseudo-terminal, and what can be known of its processor and ports.
#include <fmt/format.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/check/student.hpp"

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "common/testing/port.hpp"
#include "common/text.hpp"

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// The learner's program may ignore that its terminal goes: so this process ends it before it ends itself.
volatile std::sig_atomic_t noted = 0;

// Only for the time when the program itself has ended, and has been waited for.
bool orphans_live() {
  pid_t child = 0;
  while ((child = ::waitpid(-1, nullptr, WNOHANG)) > 0) continue;
  return child == 0;
}

// The processes that this one has started, and what they have started. proc(5); on another system none.
std::vector<pid_t> descendants() {
  std::multimap<pid_t, pid_t> children;
  std::error_code gone;
  for (fs::directory_iterator entry("/proc", gone), end; entry != end; entry.increment(gone)) {
    std::ifstream file(entry->path() / "stat");
    std::string line;
    if (!std::getline(file, line)) continue;
    std::istringstream words(line.substr(line.rfind(')') + 1));  // after the name, which may have spaces
    std::string state;
    pid_t parent = 0;
    if (words >> state >> parent) children.insert({parent, std::atoi(line.c_str())});
  }
  std::vector<pid_t> found = {::getpid()};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto [begin, end] = children.equal_range(found[i]);
    for (auto child = begin; child != end; ++child) found.push_back(child->second);
  }
  found.erase(found.begin());
  return found;
}

// How long the program has run, and how long it has waited for a processor that others had, in seconds: the first two
// numbers of schedstat, in nanoseconds (sched-stats.rst of the kernel's documentation).
struct Work {
  double run = 0;
  double wait = 0;
};

std::optional<Work> work() {
  std::optional<Work> sum;
  std::error_code gone;
  for (const pid_t process : descendants()) {
    for (fs::directory_iterator thread(fmt::format("/proc/{}/task", process), gone), end; thread != end;
         thread.increment(gone)) {
      Work found;
      if (!(std::ifstream(thread->path() / "schedstat") >> found.run >> found.wait)) continue;
      if (!sum) sum.emplace();
      sum->run += found.run * 1e-9;
      sum->wait += found.wait * 1e-9;
    }
  }
  return sum;
}

// A line of a stack, which says where and not why: of Java, C#, Node, Ruby, Go and Rust.
const std::regex stack_frame("^(note: |stack backtrace:$|[ \t]+(at |from |\\.\\.\\. |/|[0-9]+: |[~^]+$))");
// "Select graphic rendition" of ECMA-48, and what xterm's terminfo has beside it.
const std::regex colour("\x1b(\\[[0-9;:]{0,32}m|\\(B)");
const std::regex unfinished_colour("\x1b(\\[[0-9;:]{0,32}|\\()?");
const std::regex cause("Error: |Exception|panic|Unhandled|Uncaught|Caused by");

// The signal that a program has ended with, or 0.
int signal_of(std::optional<int> exit_code) {
  return exit_code > 128 && exit_code < 128 + NSIG ? *exit_code - 128 : 0;  // 255 is -1 in C
}

}  // namespace

void note_interruptions() {
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) {
    if (std::signal(number, [](int signal) { noted = signal; }) == SIG_IGN) std::signal(number, SIG_IGN);
  }
}

int interruption() {
  return noted;
}

void Terminal::start() {
  if (process_) return;
  if (by_hand_) return step("Start your program in another terminal.");
#ifdef __linux__
  // What the program starts and leaves to itself, such as a daemon, becomes a child of this process; another system gives
  // it to init. PR_SET_CHILD_SUBREAPER in prctl(2)
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
  // A person's shell would outlive a command that starts a daemon: so no hangup at the end of this one.
  std::vector<std::string> command = {"sh", "-c", "trap '' HUP; " + command_};
  if (!trace_.empty()) {
    const char* const traced =
        "if strace -f --seccomp-bpf -o /dev/null true 2>/dev/null; then\n"
        "  exec strace -f --seccomp-bpf -qq -e trace=?select,pselect6 -e raw=all -e signal=none -o \"$1\" sh "
        "-c \"$0\"\n"
        "fi\n"
        "exec sh -c \"$0\"";
    command = {"sh", "-c", traced, command.back(), trace_};
  }
  process_ = std::make_unique<Process>(command, Process::Stdio::terminal);
}

void Terminal::end() {
  process_.reset();
  // What an orphan has started is an orphan when that has ended.
  const auto end = Clock::now() + std::chrono::seconds(2);
  while (orphans_live() && Clock::now() < end) {
    signal(SIGKILL);
    std::this_thread::sleep_for(milliseconds(1));
  }
  if (!trace_.empty()) fs::remove(trace_);
  screen_.clear();
  held_back_.clear();
  scrolled_away_ = 0;
  exit_code_.reset();
}

// A program need not be one process: all that it has started is meant, and all in its process group.
void Terminal::signal(int number) const {
  if (process_) ::kill(-process_->id(), number);
  for (const pid_t process : descendants()) ::kill(process, number);
}

void Terminal::pause() {
  step("Stop your program: Ctrl-Z in its terminal.");
  signal(SIGSTOP);
  wait(milliseconds(50));
}

void Terminal::resume() {
  signal(SIGCONT);
  step("Let your program go on: fg in its terminal.");
}

bool Terminal::take_in(milliseconds patience) {
  if (noted != 0) throw Interrupted();
  if (!process_ || exit_code_) {
    std::this_thread::sleep_for(patience);
    return false;
  }
  const auto output = process_->read(patience);
  if (!output) {
    const int code = process_->wait();
    if (!orphans_live()) {
      exit_code_ = code;
    } else {
      std::this_thread::sleep_for(patience);
    }
    return false;
  }
  std::string text = std::exchange(held_back_, "").append(*output);
  std::erase(text, '\r');
  if (const std::size_t escape = text.rfind('\x1b'); escape != std::string::npos) {
    if (text.size() - escape < 40 && std::regex_match(text.substr(escape), unfinished_colour)) {
      held_back_ = text.substr(escape);
      text.resize(escape);
    }
    text = std::regex_replace(text, colour, "");
  }
  screen_ += text;
  constexpr std::size_t largest_screen = 16 * 1024 * 1024;
  if (screen_.size() > largest_screen) {
    scrolled_away_ += largest_screen / 2;
    screen_.erase(0, largest_screen / 2);
  }
  return !output->empty();
}

void Terminal::wait(milliseconds time) {
  const auto end = Clock::now() + time;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
    if (left.count() <= 0) return;
    take_in(left);
  }
}

void Terminal::wait_for_end(milliseconds patience) {
  const auto end = Clock::now() + patience;
  while (process_ && !exit_code_ && Clock::now() < end) take_in(milliseconds(20));
}

void Terminal::type(const std::string& line) {
  take_in(milliseconds(0));
  if (exit_code_) throw Mismatch{"a program that reads its keyboard", "it has ended already"};
  typed_.push_back(line);
  step(fmt::format("Type into your program: '{}', and Enter.", printable(line)));
  press(line + "\n");
}

void Terminal::end_input() {
  take_in(milliseconds(0));
  typed_.emplace_back("Ctrl-D");
  step("End the input of your program: Ctrl-D.");
  press("\x04");
}

void Terminal::press(const std::string& keys) {
  try {
    if (process_ && !exit_code_) process_->type(keys);
  } catch (const std::runtime_error&) {
    // The program has ended just now; whoever expects something of it will see that.
  }
}

bool Terminal::has_crashed() const {
  const int number = signal_of(exit_code_);
  return number != 0 && number != SIGTERM && number != SIGINT && number != SIGHUP;
}

std::string Terminal::state(bool with_lines) const {
  std::string text;
  if (const int number = signal_of(exit_code_); number != 0) {
    text = fmt::format("the program has ended with the signal {} ({})", number, ::strsignal(number));
  } else if (exit_code_ == 127 || exit_code_ == 126) {
    text = fmt::format("the shell cannot start the program (exit code {})", *exit_code_);
  } else if (exit_code_ == 0) {
    text = "the program has ended";
  } else if (exit_code_) {
    text = fmt::format("the program has ended with exit code {}", *exit_code_);
  }
  if (screen_.empty() || !with_lines) return text;
  if (scrolled_away_ > 0 && text.empty()) text = "The program prints on and on";
  return text + (text.empty() ? "The program goes on, and its" : ", and its") + " last lines are:\n" +
         last_lines();
}

// The last lines on the screen, or where those do not say why, the ones from the cause on.
std::string Terminal::last_lines() const {
  constexpr std::ptrdiff_t enough = 5;
  constexpr std::size_t widest = 200;
  std::vector<std::string> lines;
  constexpr std::size_t looked_at = 16 * 1024;
  std::istringstream screen(screen_.substr(screen_.size() - std::min(looked_at, screen_.size())));
  for (std::string line; std::getline(screen, line);) {
    if (line.empty() || std::regex_search(line, stack_frame)) continue;
    lines.push_back(printable(line.substr(0, widest)) + (line.size() > widest ? "..." : ""));
  }
  const auto last = lines.end() - std::min(enough, std::ssize(lines));
  const auto named = std::find_if(lines.rbegin(), lines.rend(),
                                  [](const auto& line) { return std::regex_search(line, cause); });
  const auto begin = named == lines.rend() ? last : std::min(last, std::prev(named.base()));
  const auto end = begin + std::min(enough, lines.end() - begin);
  return fmt::format("{}", fmt::join(begin, end, "\n"));
}

std::optional<double> Terminal::load(milliseconds time) {
  const std::optional<Work> before = work();
  const auto start = Clock::now();
  wait(time);
  if (!process_ || exit_code_) return 0;
  const std::optional<Work> after = work();
  if (!before || !after) return std::nullopt;
  return (after->run + after->wait - before->run - before->wait) /
         std::chrono::duration<double>(Clock::now() - start).count();
}

double Terminal::processor_time() const {
  return work().value_or(Work()).run;
}

std::vector<std::uint16_t> Terminal::ports() const {
  return ports_of(descendants());
}

void Terminal::trace_select() {
  trace_ = fs::temp_directory_path() / fmt::format("check-select-{}", ::getpid());
}

bool Terminal::selected_beyond_set() const {
  std::ifstream trace(trace_);
  for (std::string line; std::getline(trace, line);) {  // 32597 pselect6(0x1, 0x7ffc8d5b, 0, 0, 0, 0) = 0x1
    const std::size_t at = line.find('(');
    if (at == std::string::npos || std::strtol(line.c_str() + at + 1, nullptr, 16) <= FD_SETSIZE) continue;
    std::error_code ignored;
    const std::string program =
        fs::read_symlink("/proc/" + line.substr(0, line.find(' ')) + "/exe", ignored).filename();
    // These make their sets as large as they need.
    if (!program.starts_with("perl") && !program.starts_with("ruby")) return true;
  }
  return false;
}

void Terminal::step(const std::string& what) const {
  if (!by_hand_) return;
  fmt::print("{} Enter goes on. ", what);
  for (char byte = 0; byte != '\n';) {
    pollfd keyboard{STDIN_FILENO, POLLIN, 0};
    while (::poll(&keyboard, 1, 100) <= 0) {
      if (noted != 0) throw Interrupted();
    }
    if (::read(STDIN_FILENO, &byte, 1) <= 0) return;
  }
}
