#include "common/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "common/socket.hpp"
#include "common/testing/process.hpp"
#include "common/testing/testing.hpp"

namespace {

using namespace std::chrono_literals;

const Usage sample_usage = {"Does what its option says.",
                            {{"--do", "WHAT", "nothing", "one of the deeds of this test"},
                             {"--read", "once|loop|stream", "once", "a choice of words"},
                             {"--interval", "SECONDS", "3", "a time"},
                             {"--updates", "N", "", "a number without a default"}}};

// Logs until lines are lost because its file may not grow any more; then the file may grow again.
void log_for_ever() {
  rlimit largest_file{};
  ::getrlimit(RLIMIT_FSIZE, &largest_file);
  const rlimit small{1000, largest_file.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  Log log(STDOUT_FILENO);
  for (int i = 0; i < 20; ++i) log.print(std::string(99'999, 'x') + "\n");
  ::setrlimit(RLIMIT_FSIZE, &largest_file);
  log.print("at last\n");
}

// What the sample program, whose main() is like all the others, can do.
const std::map<std::string, std::function<void()>> deeds = {
    {"nothing", [] {}},
    {"print", [] { fmt::print("one line\n"); }},
    {"print half a line", [] { fmt::print("half a line"); }},
    {"print and wait",
     [] {
       fmt::print("one line\n");
       std::cin.get();
       fmt::print("the input has ended\n");
     }},
    {"print for ever",
     [] {
       while (true) fmt::print("one more line\n");
     }},
    {"print for ever without waiting",
     [] {
       ::fcntl(STDOUT_FILENO, F_SETFL, ::fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
       while (true) fmt::print("one more line\n");
     }},
    {"log for ever, and make room", log_for_ever},
    {"print and fail",
     [] {
       fmt::print("one line, and half");
       throw std::runtime_error("cannot do it: no");
     }},
    {"fail in the system",
     [] { throw std::system_error(ENOENT, std::generic_category(), "cannot open it"); }},
    {"take a text for a number", [] { throw std::invalid_argument("stoi"); }},
    {"run out of memory", [] { throw std::bad_alloc(); }},
    {"report", [] { report("127.0.0.1:1: it has left"); }},
    {"send to a peer that has left",
     [] {
       auto [one, other] = Socket::pair();
       other.close();
       one.send_all("x");
     }},
    {"print beside a connection",
     [] {
       auto [one, other] = Socket::pair();
       for (std::FILE* stream : {stdout, stderr}) {
         try {
           fmt::print(stream, "one line\n");
         } catch (const std::system_error&) {
           // The stream is closed and has to stay so.
         }
       }
       one.set_nonblocking();
       other.set_nonblocking();
       std::array<char, 64> buffer;
       if (one.try_recv(buffer) || other.try_recv(buffer)) throw std::runtime_error("it went to the peer");
     }},
};

// The sample program is this file's own executable, started with `sample` in front of its options.
Outcome run_sample(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "sample");
  return run("common_test", arguments);
}

// The same with a redirection by the shell, such as `>/dev/full`, after the shell has run `first`.
Outcome run_sample_with(const std::string& redirection, const std::string& deed,
                        const std::string& first = "true") {
  Process process(
      {"sh", "-c", first + "; exec \"$0\" sample --do=\"$1\" " + redirection, PROGRAMS "common_test", deed});
  return outcome_of(process);
}

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

// ---- Options

TEST(Options, HaveTheirDefaults) {
  const Options options(sample_usage, {});
  EXPECT_EQ(options.host(), "127.0.0.1");
  EXPECT_EQ(options.port(), 1234);
  EXPECT_EQ(options.text("--read"), "once");
  EXPECT_EQ(options.seconds("--interval"), 3s);
  EXPECT_EQ(options.text("--updates"), "");
}

TEST(Options, AreTakenInBothForms) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--host", "::1", "--port", "80", "--read", "loop", "--updates", "5"},
        std::vector<std::string>{"--host=::1", "--port=80", "--read=loop", "--updates=5"},
        std::vector<std::string>{"--updates=5", "--read", "loop", "--port=80", "--host", "::1"},
        std::vector<std::string>{"--port", "1", "--host=::1", "--read=loop", "--updates=5", "--port=80"}}) {
    const Options options(sample_usage, arguments);
    EXPECT_EQ(options.host(), "::1");
    EXPECT_EQ(options.port(), 80);
    EXPECT_EQ(options.text("--read"), "loop");
    EXPECT_EQ(options.number("--updates", 0, 9), 5);
  }
}

TEST(Options, TakeAValueAsItIs) {
  EXPECT_EQ(Options(sample_usage, {"--do=a=b --c"}).text("--do"), "a=b --c");
  EXPECT_EQ(Options(sample_usage, {"--do="}).text("--do"), "");
  EXPECT_EQ(Options(sample_usage, {"--do", ""}).text("--do"), "");
  EXPECT_EQ(Options(sample_usage, {"--do", "--port"}).text("--do"), "--port");
}

TEST(Options, RefuseWhatTheyDoNotKnow) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--colour", "red"}, "unknown option '--colour' (--help lists them)"},
      {{"--colour=red"}, "unknown option '--colour=red' (--help lists them)"},
      {{"8080"}, "unknown option '8080' (--help lists them)"},
      {{"-p", "80"}, "unknown option '-p' (--help lists them)"},
      {{"--por", "80"}, "unknown option '--por' (--help lists them)"},
      {{"--PORT", "80"}, "unknown option '--PORT' (--help lists them)"},
      {{""}, "unknown option '' (--help lists them)"},
      {{"--"}, "unknown option '--' (--help lists them)"},
      {{"="}, "unknown option '=' (--help lists them)"},
      {{"--port", "80", "81"}, "unknown option '81' (--help lists them)"},
      {{"--a\nb\x1b[2J"}, R"(unknown option '--a\nb\x1b[2J' (--help lists them))"},
      {{"--port"}, "--port needs a value: PORT"},
      {{"--port=80", "--read"}, "--read needs a value: once|loop|stream"},
      {{"--read", "twice"}, "--read 'twice': not one of once|loop|stream"},
      {{"--read="}, "--read '': not one of once|loop|stream"},
      {{"--read=once|loop"}, "--read 'once|loop': not one of once|loop|stream"},
      {{"--read=on"}, "--read 'on': not one of once|loop|stream"},
      {{"--read=ONCE"}, "--read 'ONCE': not one of once|loop|stream"},
      {{"--read=\xff\n"}, R"(--read '\xff\n': not one of once|loop|stream)"},
  };
  for (const auto& [arguments, text] : cases) {
    EXPECT_EQ(error_of([&given = arguments] { Options(sample_usage, given); }), text);
  }
}

TEST(Options, TakeAPortFrom0To65535) {
  for (const int port : {0, 1, 1234, 65535}) {
    EXPECT_EQ(Options(sample_usage, {"--port", std::to_string(port)}).port(), port);
  }
  for (const std::string port : {"-1", "65536", "99999999999999999999", "", "http", "80x", "x80", " 80",
                                 "80 ", "+80", "0x50", "8e1", "80.0", "8_0", "８０", "80\n", "-0", "-00"}) {
    const Options options(sample_usage, {"--port", port});
    const std::string shown = port == "80\n" ? "80\\n" : port;
    EXPECT_EQ(error_of([&] { options.port(); }),
              fmt::format("--port '{}': not a whole number from 0 to 65535", shown));
  }
}

TEST(Options, TakeANumberWithinItsBounds) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(Options(sample_usage, {"--updates=9223372036854775807"}).number("--updates", 0, most), most);
  EXPECT_EQ(Options(sample_usage, {"--updates=-5"}).number("--updates", -5, 5), -5);
  for (const std::string value : {"9223372036854775808", "-9223372036854775809", "-1"}) {
    const Options options(sample_usage, {"--updates", value});
    EXPECT_NE(error_of([&] { options.number("--updates", 0, most); }), "no error") << value;
  }
}

TEST(Options, TakeSecondsWithAFraction) {
  const std::vector<std::pair<std::string, std::chrono::milliseconds>> cases = {
      {"0", 0ms},      {"3", 3s},         {"0.5", 500ms},     {".25", 250ms},     {"1.", 1s},
      {"0.001", 1ms},  {"0.0001", 0ms},   {"1.0010", 1001ms}, {"86400", 86'400s}, {"00003", 3s},
      {"0.29", 290ms}, {"4.35", 4'350ms}, {"1.001", 1001ms}};
  for (const auto& [value, expected] : cases) {
    EXPECT_EQ(Options(sample_usage, {"--interval", value}).seconds("--interval").count(), expected.count())
        << value;
  }
}

TEST(Options, RefuseWhatIsNotANumberOfSeconds) {
  for (const std::string value : {"",
                                  ".",
                                  "-1",
                                  "-0",
                                  "+1",
                                  "1,5",
                                  "1.2.3",
                                  "1s",
                                  "s",
                                  " 1",
                                  "1 ",
                                  "1e3",
                                  "0x10",
                                  "inf",
                                  "nan",
                                  "infinity",
                                  "86400.1",
                                  "86401",
                                  "99999999999999999999",
                                  "1_0"}) {
    const Options options(sample_usage, {"--interval", value});
    EXPECT_EQ(error_of([&] { options.seconds("--interval"); }),
              fmt::format("--interval '{}': not a number of seconds from 0 to 86400", value));
  }
}

// ---- A whole program

TEST(Program, ShowsAllItsOptionsWithHelp) {
  const std::string help =
      "usage: sample [OPTION VALUE]...\n"
      "\n"
      "Does what its option says.\n"
      "\n"
      "  --host HOST              the server's name or address (default 127.0.0.1)\n"
      "  --port PORT              the server's port; 0 on a server: any free port (default 1234)\n"
      "  --do WHAT                one of the deeds of this test (default nothing)\n"
      "  --read once|loop|stream  a choice of words (default once)\n"
      "  --interval SECONDS       a time (default 3)\n"
      "  --updates N              a number without a default\n"
      "  --help                   shows this text\n";
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"}, std::vector<std::string>{"--port", "x", "--help", "y"}}) {
    EXPECT_EQ(run_sample(arguments), (Outcome{0, help, ""}));
  }
}

TEST(Program, ReportsAnErrorInOneLineAndItsKindInTheExitCode) {
  const std::vector<std::pair<std::vector<std::string>, Outcome>> cases = {
      {{}, {0, "", ""}},
      {{"--do=print"}, {0, "one line\n", ""}},
      {{"--do=print half a line"}, {0, "half a line", ""}},
      {{"--colour"}, {2, "", "sample: unknown option '--colour' (--help lists them)\n"}},
      {{"--port=x"}, {2, "", "sample: --port 'x': not a whole number from 0 to 65535\n"}},
      {{"--do=print and fail"}, {1, "one line, and half", "sample: cannot do it: no\n"}},
      {{"--do=fail in the system"}, {1, "", "sample: cannot open it: No such file or directory\n"}},
      {{"--do=take a text for a number"}, {1, "", "sample: stoi\n"}},
      {{"--do=run out of memory"}, {1, "", "sample: std::bad_alloc\n"}},
      {{"--do=report"}, {0, "", "sample: 127.0.0.1:1: it has left\n"}},
      {{"--do=send to a peer that has left"}, {1, "", "sample: cannot send: Broken pipe\n"}},
  };
  for (const auto& [arguments, expected] : cases) {
    EXPECT_EQ(run_sample(arguments), expected) << testing::PrintToString(arguments);
  }
}

TEST(Program, PrintsEveryLineAtOnceIntoAPipe) {
  Process process(command("common_test", {"sample", "--do=print and wait"}));
  EXPECT_EQ(process.line(), "one line");  // while the program still runs
  process.close_input();
  EXPECT_EQ(process.line(), "the input has ended");
  EXPECT_EQ(process.wait(), 0);
}

TEST(Program, NamesStdoutAndTheCauseWhenWhatItPrintsIsLost) {
  const std::string file = testing::TempDir() + "program_test_" + std::to_string(getpid());
  const std::vector<std::pair<std::string, int>> cases = {
      {">/dev/full", ENOSPC}, {">&-", EBADF}, {"> " + file, EFBIG}};
  for (const auto& [redirection, cause] : cases) {
    for (const std::string deed : {"print", "print half a line"}) {
      if (access("/dev/full", W_OK) != 0 && cause == ENOSPC) continue;  // macOS has none
      SCOPED_TRACE(deed + redirection);
      EXPECT_EQ(run_sample_with(redirection, deed, "ulimit -f 0"),
                (Outcome{1, "",
                         "sample: cannot print to stdout: " + std::system_category().message(cause) + "\n"}));
    }
  }
  std::remove(file.c_str());
}

TEST(Program, EndsWithAnErrorAndNotASignalWhenNobodyReadsItsOutput) {
  Process process({"sh", "-c",
                   "{ \"$0\" sample --do='print for ever'; echo \"exit code $?\" >&2; } | head -n 1",
                   PROGRAMS "common_test"});
  const Outcome outcome = outcome_of(process);
  EXPECT_EQ(outcome.out, "one more line\n");
  EXPECT_EQ(outcome.error, "sample: cannot print to stdout: Broken pipe\nexit code 1\n");
}

TEST(Program, EndsWithAnErrorWhenAnotherHasMadeItsStdoutNonBlocking) {
  // `read` takes only a line from the test, so nobody reads what the sample prints.
  Process process(
      {"sh", "-c",
       "exec 3<&0; { \"$0\" sample --do='print for ever without waiting'; echo \"exit code $?\" >&2; }"
       " | read line <&3",
       PROGRAMS "common_test"});
  EXPECT_EQ(process.error_line(),
            "sample: cannot print to stdout: " + std::system_category().message(EAGAIN));
  EXPECT_EQ(process.error_line(), "exit code 1");
}

TEST(Program, KeepsItsExitCodeWhenNobodyCanReadItsErrors) {
  for (const std::string redirection : {"2>/dev/full", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"}) {
    if (access("/dev/full", W_OK) != 0 && redirection == "2>/dev/full") continue;
    EXPECT_EQ(run_sample_with(redirection, "fail in the system").exit_code, 1) << redirection;
    EXPECT_EQ(run_sample_with(redirection, "report").exit_code, 0) << redirection;
  }
}

TEST(Program, NeverPrintsToItsPeer) {
  // In a program that is started without stdout, its number is free, and the first socket would get it.
  for (const std::string redirection : {"", "<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"}) {
    EXPECT_EQ(run_sample_with(redirection, "print beside a connection").exit_code, 0) << redirection;
  }
}

TEST(Program, EndsQuietlyWithCtrlC) {
  Process process(command("common_test", {"sample", "--do=print and wait"}));
  process.line();
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 128 + SIGINT);
  EXPECT_EQ(process.rest(), "");
  EXPECT_EQ(process.error_rest(), "");
}

// ---- The log of a program that serves others

// What a log may print to, and the end from which it is read.
struct LogFile {
  explicit LogFile(const std::string& kind) {
    if (kind == "socket") {
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    } else if (kind == "pipe") {
      EXPECT_EQ(::pipe(ends.data()), 0);
    } else {
      ends[0] = ::posix_openpt(O_RDWR | O_NOCTTY);
      EXPECT_EQ(::grantpt(ends[0]) + ::unlockpt(ends[0]), 0);
      ends[1] = ::open(::ptsname(ends[0]), O_RDWR | O_NOCTTY);
      termios raw{};
      ::tcgetattr(ends[1], &raw);
      ::cfmakeraw(&raw);
      ::tcsetattr(ends[1], TCSANOW, &raw);
    }
  }
  LogFile(const LogFile&) = delete;
  ~LogFile() {
    for (const int end : ends) ::close(end);
  }

  std::array<int, 2> ends{};
};

class LogTo : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Over, LogTo, testing::Values("pipe", "socket", "terminal"),
                         [](const auto& test) { return test.param; });

TEST_P(LogTo, NeverWaitsForAReaderAndSaysHowManyLinesAreLost) {
  LogFile file(GetParam());
  const int shared = ::dup(file.ends[1]);  // the same open file, as another program might have it
  Log log(file.ends[1]);
  EXPECT_EQ(::fcntl(shared, F_GETFL) & O_NONBLOCK, 0);
  ::close(shared);
  constexpr int lines = 300'000;  // over 3 MiB in all
  for (int line = 0; line < lines;) {
    std::string some;
    for (int i = 0; i < 1000; ++i) some += fmt::format("line {}\n", line++);
    log.print(some);
  }
  EXPECT_TRUE(log.is_behind());

  std::string printed;
  std::array<char, 4096> buffer;
  const auto read_some = [&] {
    const ssize_t count = ::read(file.ends[0], buffer.data(), buffer.size());
    ASSERT_GT(count, 0);
    printed.append(buffer.data(), static_cast<std::size_t>(count));
  };
  while (log.is_behind()) {
    ASSERT_NO_FATAL_FAILURE(read_some());
    log.print("");
  }
  log.print("at last\n");
  while (!printed.ends_with("at last\n")) ASSERT_NO_FATAL_FAILURE(read_some());

  std::istringstream log_lines(printed);
  std::string line;
  int kept = 0;
  while (std::getline(log_lines, line) && line == fmt::format("line {}", kept)) ++kept;
  EXPECT_GT(kept, 1024 * 1024 / 12);
  EXPECT_EQ(line, fmt::format("program: lines lost here: {} (nobody has read)", lines - kept));
  std::getline(log_lines, line);
  EXPECT_EQ(line, "at last");
}

TEST(Log, GoesOnWhenItsFileCanGrowAgain) {
  const std::string file = testing::TempDir() + "log_test_" + std::to_string(getpid());
  EXPECT_EQ(run_sample_with("> " + file, "log for ever, and make room"), (Outcome{0, "", ""}));
  std::ifstream stream(file);
  std::string line;
  for (int i = 0; i < 10; ++i) {
    std::getline(stream, line);
    EXPECT_EQ(line, std::string(99'999, 'x'));
  }
  std::getline(stream, line);
  EXPECT_EQ(line, "sample: lines lost here: 10 (File too large)");
  std::getline(stream, line);
  EXPECT_EQ(line, "at last");
  EXPECT_FALSE(std::getline(stream, line));
  std::remove(file.c_str());
}

TEST(Log, GoesOnWithoutAReaderOrADescriptor) {
  for (const std::string redirection : {"| true", ">&-", "> /dev/full"}) {
    if (access("/dev/full", W_OK) != 0 && redirection == "> /dev/full") continue;  // macOS has none
    Process process({"sh", "-c",
                     "{ \"$0\" sample --do='log for ever, and make room'; echo $? >&2; } " + redirection,
                     PROGRAMS "common_test"});
    EXPECT_EQ(outcome_of(process).error, "0\n") << redirection;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "sample") {
    return run_program(argc - 1, argv + 1, sample_usage, [](const Options& options) {
      options.port();
      deeds.at(options.text("--do"))();
    });
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
