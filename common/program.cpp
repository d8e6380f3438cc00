#include "common/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <system_error>
#include <utility>

#include "common/text.hpp"

namespace {

constexpr std::size_t most_waiting = 1024 * 1024;  // bytes of a Log

std::string program_name = "program";

std::vector<Option> all_options(const Usage& usage) {
  std::vector<Option> options = {
      {"--host", "HOST", "127.0.0.1", "the server's name or address"},
      {"--port", "PORT", "1234", "the server's port; 0 on a server: any free port"},
  };
  options.insert(options.end(), usage.options.begin(), usage.options.end());
  return options;
}

std::string help(const Usage& usage) {
  const std::vector<Option> options = all_options(usage);
  std::size_t width = 0;
  for (const Option& option : options) {
    width = std::max(width, option.name.size() + option.argument.size() + 3);
  }
  std::string text = fmt::format("usage: {} [OPTION VALUE]...\n\n{}\n\n", program_name, usage.purpose);
  for (const Option& option : options) {
    const std::string by_default =
        option.default_value.empty() ? "" : fmt::format(" (default {})", option.default_value);
    text +=
        fmt::format("  {:<{}}{}{}\n", option.name + " " + option.argument, width, option.meaning, by_default);
  }
  return text + fmt::format("  {:<{}}shows this text\n", "--help", width);
}

bool is_choice(std::string_view words, std::string_view value) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find('|'));
    if (word == value) return true;
    words.remove_prefix(std::min(words.size(), word.size() + 1));
  }
  return false;
}

// Whoever starts a program can leave its stdin, stdout or stderr closed. The first socket would get that
// number, and what is printed would go to the peer. Read only: to print there stays an error.
void occupy_standard_descriptors() {
  int descriptor = 0;
  while (0 <= descriptor && descriptor <= STDERR_FILENO) descriptor = ::open("/dev/null", O_RDONLY);
  if (descriptor != -1) ::close(descriptor);
}

}  // namespace

Options::Options(const Usage& usage, const std::vector<std::string>& arguments) {
  const std::vector<Option> options = all_options(usage);
  for (const Option& option : options) values_[option.name] = option.default_value;

  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string name = arguments[i].substr(0, arguments[i].find('='));
    const auto option =
        std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == name; });
    if (option == options.end()) {
      throw UsageError(fmt::format("unknown option '{}' (--help lists them)", printable(arguments[i])));
    }
    std::string value;
    if (name.size() < arguments[i].size()) {
      value = arguments[i].substr(name.size() + 1);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    } else {
      throw UsageError(fmt::format("{} needs a value: {}", name, option->argument));
    }
    if (option->argument.find('|') != std::string::npos && !is_choice(option->argument, value)) {
      throw UsageError(fmt::format("{} '{}': not one of {}", name, printable(value), option->argument));
    }
    values_[name] = value;
  }
}

std::int64_t Options::number(const std::string& name, std::int64_t least, std::int64_t most) const {
  const std::string& value = text(name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool is_minus_zero = number == 0 && value.starts_with('-');
  if (error != std::errc() || end != value.data() + value.size() || is_minus_zero || number < least ||
      number > most) {
    throw UsageError(
        fmt::format("{} '{}': not a whole number from {} to {}", name, printable(value), least, most));
  }
  return number;
}

std::chrono::milliseconds Options::seconds(const std::string& name) const {
  const std::string& value = text(name);
  char* end = nullptr;
  const double seconds = std::strtod(value.c_str(), &end);
  const bool digits_only = value.find_first_not_of("0123456789.") == std::string::npos;
  if (value.empty() || !digits_only || *end != '\0' || seconds > 86'400) {
    throw UsageError(fmt::format("{} '{}': not a number of seconds from 0 to 86400", name, printable(value)));
  }
  return std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
}

int run_program(int argc, char** argv, const Usage& usage, const std::function<void(const Options&)>& body) {
  try {
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    if (argc > 0) program_name = std::string_view(argv[0]).substr(std::string_view(argv[0]).rfind('/') + 1);
    occupy_standard_descriptors();
    // A reader wants every line at once, but into a pipe stdout would gather 4096 bytes before it writes.
    // Not _IOLBF either: line by line, glibc's fwrite() does not report that a write has failed.
    std::setvbuf(stdout, nullptr, _IONBF, 0);
    // As in Python, no signal but an error: when nobody reads the pipe any more, or the file is as large as
    // `ulimit -f` allows.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);

    if (std::find(arguments.begin(), arguments.end(), "--help") != arguments.end()) {
      fmt::print("{}", help(usage));
    } else {
      body(Options(usage, arguments));
    }
    return EXIT_SUCCESS;
  } catch (const UsageError& error) {
    report(error.what());
    return 2;
  } catch (const std::system_error& error) {
    // "cannot write to file", fmt says, and not to which.
    report(std::ferror(stdout) != 0 ? "cannot print to stdout: " + error.code().message() : error.what());
    return EXIT_FAILURE;
  } catch (const std::exception& error) {
    report(error.what());
    return EXIT_FAILURE;
  }
}

std::string error_line(std::string_view what) {
  return fmt::format("{}: {}\n", program_name, what);
}

void report(std::string_view what) {
  // Not fmt::print(), which throws: nobody can be told that stderr is full or closed.
  std::fputs(error_line(what).c_str(), stderr);
}

Log::Log(int descriptor) : descriptor_(descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
    may_wait_ = false;  // a disk has no reader
  // O_NONBLOCK belongs to the open file, and that to other programs too: the shell, its other children. So a pipe
  // or a terminal is opened once more, for this program alone: proc_pid_fd(5). Elsewhere than on Linux /dev/fd has
  // no files to open but duplicates, which ignore the flag.
  const int own = S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)
                      ? ::open(fmt::format("/dev/fd/{}", descriptor).c_str(),
                               O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
                      : -1;
  if (own == -1) return;
  if ((::fcntl(own, F_GETFL) & O_NONBLOCK) != 0) may_wait_ = ::dup2(own, descriptor) == -1;
  ::close(own);
}

void Log::print(std::string_view lines) {
  write_waiting();
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, std::min(lines.find('\n'), lines.size() - 1) + 1);
    if (lost_ > 0 || waiting_.size() + line.size() > most_waiting) {
      ++lost_;
    } else {
      waiting_ += line;
    }
    lines.remove_prefix(line.size());
  }
  write_waiting();
}

void Log::write_waiting() {
  while (is_behind()) {
    if (waiting_.empty()) {
      const std::string cause = error_ == EAGAIN ? "nobody has read" : std::system_category().message(error_);
      waiting_ = error_line(fmt::format("lines lost here: {} ({})", std::exchange(lost_, 0), cause));
    }
    // Where poll() says that there is room in a pipe, write() takes PIPE_BUF bytes without waiting: poll(2), pipe(7)
    pollfd room{descriptor_, POLLOUT, 0};
    if (may_wait_ && ::poll(&room, 1, 0) != 1) {
      error_ = EAGAIN;
      return;
    }
    const std::size_t size = may_wait_ ? std::min<std::size_t>(waiting_.size(), PIPE_BUF) : waiting_.size();
    const ssize_t written = ::write(descriptor_, waiting_.data(), size);
    if (written != -1) {
      waiting_.erase(0, static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      error_ = errno;
      return;
    }
  }
}
