#include "common/check/terminal.hpp"

#include <fmt/format.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string_view>
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

// Whether an exit code, 128 and a number, is that of a signal: -1 in C is 255, and no such number.
bool is_of_signal(int exit_code) {
  return 128 < exit_code && exit_code < 128 + NSIG;
}

// Makes this process the parent of what the program starts and leaves to itself, such as a daemon.
// PR_SET_CHILD_SUBREAPER in prctl(2); another system than Linux gives it to init.
void adopt_orphans() {
#ifdef __linux__
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
}

// Only for the time when the program itself has ended, and has been waited for.
bool orphans_live() {
  pid_t child = 0;
  while ((child = ::waitpid(-1, nullptr, WNOHANG)) > 0) continue;
  return child == 0;
}

struct Relative {
  pid_t id = 0;
  double processor_seconds = 0;  // its own, and those of its children that have ended
};

// The processes that this one has started, and what they have started. proc(5); on another system none.
std::vector<Relative> descendants() {
  std::multimap<pid_t, Relative> children;
  std::error_code gone;
  for (fs::directory_iterator entry("/proc", gone), end; entry != end; entry.increment(gone)) {
    std::ifstream file(entry->path() / "stat");
    std::string line;
    if (!std::getline(file, line)) continue;
    std::istringstream words(line.substr(line.rfind(')') + 1));  // behind the name, which may have spaces
    std::array<std::string, 15> word;                            // from the third on: state, parent, ...
    for (std::string& each : word) words >> each;
    double ticks = 0;
    for (std::size_t i = 11; i < 15; ++i) ticks += std::stod(word[i]);
    children.insert(
        {std::stoi(word[1]), {std::stoi(line), ticks / static_cast<double>(::sysconf(_SC_CLK_TCK))}});
  }
  std::vector<Relative> found = {{::getpid(), 0}};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto [begin, end] = children.equal_range(found[i].id);
    for (auto child = begin; child != end; ++child) found.push_back(child->second);
  }
  found.erase(found.begin());
  return found;
}

double processor_seconds() {
  double seconds = 0;
  for (const Relative& relative : descendants()) seconds += relative.processor_seconds;
  return seconds;
}

// A line of a stack, which says where and not why: of Java, C#, Node, Ruby, PHP and Go.
bool is_stack_frame(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos || begin == 0) return false;
  line.remove_prefix(begin);
  return line.starts_with("at ") || line.starts_with("from ") || line.starts_with("... ") ||
         line.starts_with("/");
}

bool names_a_cause(std::string_view line) {
  for (const char* const word : {"Error: ", "Exception", "panic", "Unhandled", "Uncaught", "Caused by"}) {
    if (line.find(word) != std::string_view::npos) return true;
  }
  return false;
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
  adopt_orphans();
  process_ =
      std::make_unique<Process>(std::vector<std::string>{"sh", "-c", command_}, Process::Stdio::terminal);
}

void Terminal::end() {
  process_.reset();
  // What an orphan has started is an orphan when that has ended.
  const auto end = Clock::now() + std::chrono::seconds(2);
  while (orphans_live() && Clock::now() < end) {
    signal(SIGKILL);
    std::this_thread::sleep_for(milliseconds(1));
  }
  screen_.clear();
  scrolled_away_ = 0;
  exit_code_.reset();
}

// A program need not be one process: all that it has started is meant, and all in its process group.
void Terminal::signal(int number) const {
  if (process_) ::kill(-process_->id(), number);
  for (const Relative& relative : descendants()) ::kill(relative.id, number);
}

void Terminal::pause() {
  step("Stop your program: Ctrl-Z in its terminal.");
  signal(SIGSTOP);
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
  std::copy_if(output->begin(), output->end(), std::back_inserter(screen_),
               [](char byte) { return byte != '\r'; });
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

void Terminal::type(const std::string& text) {
  step(fmt::format("Type into your program: '{}', and Enter.", printable(text)));
  try {
    if (process_) process_->type(text + "\n");
  } catch (const std::runtime_error&) {
    // The program has ended just now; whoever expects something of it will see that.
  }
}

void Terminal::end_input() {
  step("End the input of your program: Ctrl-D.");
  try {
    if (process_ && !exit_code_) process_->close_input();
  } catch (const std::runtime_error&) {
    // The same.
  }
}

bool Terminal::has_crashed() const {
  return exit_code_ && is_of_signal(*exit_code_);
}

std::string Terminal::state(bool with_lines) const {
  std::string text;
  if (has_crashed()) {
    const int number = *exit_code_ - 128;
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
  constexpr std::size_t enough = 5;
  constexpr std::size_t widest = 200;
  std::vector<std::string> lines;
  constexpr std::size_t looked_at = 16 * 1024;
  std::istringstream screen(screen_.substr(screen_.size() - std::min(looked_at, screen_.size())));
  for (std::string line; std::getline(screen, line);) {
    if (line.empty() || is_stack_frame(line)) continue;
    lines.push_back(line.size() > widest ? line.substr(0, widest) + "..." : line);
  }
  const std::size_t last = lines.size() - std::min(enough, lines.size());
  const auto cause = std::find_if(lines.rbegin(), lines.rend(), names_a_cause);
  const std::size_t begin =
      cause == lines.rend() ? last : std::min<std::size_t>(last, lines.rend() - cause - 1);
  std::string text;
  for (std::size_t i = begin; i < std::min(lines.size(), begin + enough); ++i) {
    text += (text.empty() ? "" : "\n") + printable(lines[i]);
  }
  return text;
}

std::optional<double> Terminal::load(milliseconds time) {
  if (process_ && !exit_code_ && descendants().empty()) return std::nullopt;
  const double before = processor_seconds();
  const auto start = Clock::now();
  wait(time);
  return (processor_seconds() - before) / std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<std::uint16_t> Terminal::ports() const {
  std::vector<std::uint16_t> ports;
  for (const Relative& relative : descendants()) {
    for (const std::uint16_t port : ports_of(relative.id)) ports.push_back(port);
  }
  return ports;
}

bool Terminal::waits_beyond_set() const {
#ifdef __linux__
  for (const Relative& relative : descendants()) {
    std::error_code gone;
    const fs::path threads = fmt::format("/proc/{}/task", relative.id);
    for (fs::directory_iterator thread(threads, gone), end; thread != end; thread.increment(gone)) {
      std::ifstream file(thread->path() / "syscall");  // the number of the call, and its arguments: proc(5)
      long call = -1;
      std::string descriptors = "0";
      file >> call >> descriptors;
      bool selects = call == SYS_pselect6;
#ifdef SYS_select
      selects = selects || call == SYS_select;
#endif
      if (selects && std::stoul(descriptors, nullptr, 16) > FD_SETSIZE) return true;
    }
  }
#endif
  return false;
}

void Terminal::step(const std::string& what) const {
  if (!by_hand_) return;
  fmt::print("{} Enter goes on. ", what);
  for (int byte = std::getchar(); byte != '\n' && byte != EOF;) byte = std::getchar();
  if (noted != 0) throw Interrupted();
}
