#include "common/testing/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds deadline{30};

int checked(int result, const char* what) {
  if (result == -1) throw std::system_error(errno, std::system_category(), what);
  return result;
}

// A pipe that programs started later do not inherit: or its reader would wait for them to end, too.
std::array<int, 2> new_pipe() {
  std::array<int, 2> ends{};
  checked(pipe(ends.data()), "pipe");
  for (const int end : ends) checked(fcntl(end, F_SETFD, FD_CLOEXEC), "fcntl");
  return ends;
}

// Both ends of a pseudo-terminal of 24 lines and 100 columns.
std::array<int, 2> new_terminal() {
  const int person = checked(posix_openpt(O_RDWR | O_NOCTTY), "posix_openpt");
  checked(fcntl(person, F_SETFD, FD_CLOEXEC), "fcntl");
  checked(grantpt(person), "grantpt");
  checked(unlockpt(person), "unlockpt");
  const int program = checked(open(ptsname(person), O_RDWR | O_NOCTTY | O_CLOEXEC), "open a pseudo-terminal");
  const winsize size{24, 100, 0, 0};
  checked(ioctl(program, TIOCSWINSZ, &size), "TIOCSWINSZ");
  return {person, program};
}

int left_until(Clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::max<decltype(left)>(left, 0));
}

}  // namespace

Process::Process(std::vector<std::string> command, Stdio stdio) : terminal_(stdio == Stdio::terminal) {
  std::signal(SIGPIPE, SIG_IGN);  // so that type() fails if the program has ended, and the test goes on
  if (terminal_) {
    const auto [person, program] = new_terminal();
    input_ = person;
    streams_[0].descriptor = person;
    start(command, {program, program, program});
    ::close(program);
  } else {
    const std::array<int, 2> in = new_pipe();
    const std::array<int, 2> out = new_pipe();
    const std::array<int, 2> err = new_pipe();
    input_ = in[1];
    streams_[0].descriptor = out[0];
    streams_[1].descriptor = err[0];
    start(command, {in[0], out[1], err[1]});
    for (const int end : {in[0], out[1], err[1]}) ::close(end);
  }
}

void Process::start(std::vector<std::string>& command, const std::array<int, 3>& child_ends) {
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);

  id_ = checked(fork(), "fork");
  if (id_ != 0) return;
  // The child. A session of its own, so that the destructor can end all that it starts.
  setsid();
  if (terminal_) ioctl(child_ends[0], TIOCSCTTY, 0);
  for (int i = 0; i < 3; ++i) dup2(child_ends[static_cast<std::size_t>(i)], i);
  // As if a person had started it, however this test was started: ctest passes on descriptors of its own, and a
  // shell's background job ignores SIGINT.
  for (int descriptor = STDERR_FILENO + 1; descriptor < 1024; ++descriptor) ::close(descriptor);
  for (const int number : {SIGINT, SIGQUIT, SIGHUP, SIGPIPE}) std::signal(number, SIG_DFL);
  execvp(arguments[0], arguments.data());
  const std::string_view error = "cannot start the program\n";
  if (write(STDERR_FILENO, error.data(), error.size()) == -1) _exit(126);
  _exit(127);
}

Process::~Process() {
  // It by itself first: one that has only just been forked has no session yet, and nothing that it has started.
  if (status_ == -1) kill(id_, SIGKILL);
  kill(-id_, SIGKILL);
  if (status_ == -1) waitpid(id_, nullptr, 0);
  if (input_ != -1 && !terminal_) ::close(input_);
  for (const Stream& stream : streams_) {
    if (stream.descriptor != -1) ::close(stream.descriptor);
  }
}

// Waits for bytes of either stream, `timeout` milliseconds at most, and keeps them. False if none came.
bool Process::pump(int timeout) {
  std::array<pollfd, 2> ready{pollfd{streams_[0].descriptor, POLLIN, 0},
                              pollfd{streams_[1].descriptor, POLLIN, 0}};
  if (poll(ready.data(), ready.size(), timeout) <= 0) return false;
  for (std::size_t i = 0; i < ready.size(); ++i) {
    if (ready[i].revents == 0) continue;
    std::array<char, 65536> buffer;
    const bool had_ended = terminal_ && has_ended();
    const ssize_t count = ::read(streams_[i].descriptor, buffer.data(), buffer.size());
    if (count > 0) {
      streams_[i].unread.append(buffer.data(), static_cast<std::size_t>(count));
      history_.append(buffer.data(), static_cast<std::size_t>(count));
      constexpr std::size_t enough = 1024 * 1024;
      if (history_.size() > 2 * enough) history_.erase(0, history_.size() - enough);
    } else if (count == 0 || errno != EINTR) {  // a pseudo-terminal ends with EIO
      if (terminal_ && !had_ended) {
        // The program has closed it and goes on. If we closed this end, the program would get SIGHUP.
        poll(nullptr, 0, std::min(timeout, 10));
        return false;
      }
      ::close(std::exchange(streams_[i].descriptor, -1));
      if (terminal_) input_ = -1;
    }
  }
  return true;
}

void Process::fail(const std::string& what) {
  throw std::runtime_error(fmt::format("{}; the program has printed:\n{}", what, history_));
}

// What comes next on a stream before `text`, which is passed over too.
std::string Process::take_until(Stream& stream, std::string_view text, const std::string& what) {
  const Clock::time_point end = Clock::now() + deadline;
  std::size_t at = 0;
  while ((at = stream.unread.find(text)) == std::string::npos) {
    if (stream.descriptor == -1) fail(fmt::format("no more {} on {}", what, stream.name));
    if (!pump(left_until(end)) && left_until(end) == 0)
      fail(fmt::format("no {} on {} in time", what, stream.name));
  }
  std::string taken = stream.unread.substr(0, at);
  stream.unread.erase(0, at + text.size());
  return taken;
}

std::string Process::line_of(Stream& stream) {
  std::string line = take_until(stream, "\n", "lines");
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::string Process::rest_of(Stream& stream) {
  Clock::time_point end = Clock::now() + deadline;
  while (stream.descriptor != -1) {
    if (pump(left_until(end)))
      end = Clock::now() + deadline;
    else if (left_until(end) == 0)
      fail(fmt::format("{} has not ended in time", stream.name));
  }
  return std::exchange(stream.unread, "");
}

std::string Process::until(std::string_view text) {
  return take_until(streams_[0], text, fmt::format("'{}'", text));
}

std::optional<std::string> Process::read(std::chrono::milliseconds patience) {
  const Clock::time_point end = Clock::now() + patience;
  while (streams_[0].unread.empty() && streams_[0].descriptor != -1) {
    pump(left_until(end));
    if (left_until(end) == 0) break;
  }
  if (streams_[0].unread.empty() && streams_[0].descriptor == -1) return std::nullopt;
  return std::exchange(streams_[0].unread, "");
}

void Process::type(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(input_, text.data(), text.size());
    if (count == -1 && errno == EINTR) continue;
    if (count == -1) fail("cannot type to the program");
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Process::close_input() {
  if (terminal_) {
    type("\x04");  // Ctrl-D
  } else if (input_ != -1) {
    ::close(std::exchange(input_, -1));
  }
}

void Process::resize(unsigned short lines, unsigned short columns) {
  const winsize size{lines, columns, 0, 0};
  checked(ioctl(input_, TIOCSWINSZ, &size), "TIOCSWINSZ");
}

void Process::signal(int number) {
  checked(kill(id_, number), "kill");
}

bool Process::has_ended() {
  int status = 0;
  if (status_ == -1 && checked(waitpid(id_, &status, WNOHANG), "waitpid") == id_) {
    status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return status_ != -1;
}

int Process::wait() {
  const Clock::time_point end = Clock::now() + deadline;
  while (!has_ended()) {
    if (left_until(end) == 0) {
      fail("the program has not ended in time");
    } else if (streams_[0].descriptor != -1 || streams_[1].descriptor != -1) {
      pump(10);  // go on reading, so that a full pipe does not keep the program from ending
    } else {
      poll(nullptr, 0, 10);
    }
  }
  return status_;
}
