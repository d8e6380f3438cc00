#include "common/testing/process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

constexpr std::chrono::seconds long_enough{30};

Process shell(const std::string& script, Process::Stdio stdio = Process::Stdio::pipes) {
  return Process({"sh", "-c", script}, stdio);
}

TEST(Process, ReadsLinesOfBothStreams) {
  Process process = shell("echo one; echo two; echo wrong >&2");
  EXPECT_EQ(process.line(), "one");
  EXPECT_EQ(process.line(), "two");
  EXPECT_EQ(process.error_line(), "wrong");
  EXPECT_EQ(process.wait(), 0);
}

TEST(Process, ReportsTheExitCodeOrTheSignal) {
  EXPECT_EQ(shell("exit 3").wait(), 3);
  EXPECT_EQ(shell("kill -TERM $$").wait(), 128 + SIGTERM);
  EXPECT_EQ(Process({"/no/such/program"}).wait(), 127);
}

TEST(Process, ReadsUpToATextAndThenTheRest) {
  Process process = shell("printf 'name: alice\\nbye'");
  EXPECT_EQ(process.until(": "), "name");
  EXPECT_EQ(process.rest(), "alice\nbye");
}

TEST(Process, SaysWhatWasPrintedWhenALineDoesNotCome) {
  Process process = shell("echo one");
  process.line();
  try {
    process.line();
    FAIL() << "a line that nobody has printed";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "no more lines on stdout; the program has printed:\none\n");
  }
}

TEST(Process, TypesAndEndsTheInput) {
  Process process({"cat"});
  process.type("hello\n");
  EXPECT_EQ(process.line(), "hello");
  process.close_input();
  EXPECT_EQ(process.wait(), 0);
}

TEST(Process, ReadsWhatComesAndNothingAfterTheEnd) {
  Process process = shell("echo one; read line; echo \"$line\"");
  EXPECT_EQ(process.read(long_enough), "one\n");
  EXPECT_EQ(process.read(std::chrono::milliseconds(0)), "");
  process.type("two\n");
  EXPECT_EQ(process.read(long_enough), "two\n");
  process.wait();
  EXPECT_EQ(process.read(long_enough), std::nullopt);
}

TEST(Process, HasATerminalThatEchoes) {
  Process process = shell("tty >/dev/null && printf 'name: '; read name; echo \"hello $name\"; cat; echo end",
                          Process::Stdio::terminal);
  process.until("name: ");
  process.type("alice\n");
  EXPECT_EQ(process.line(), "alice");
  EXPECT_EQ(process.line(), "hello alice");
  process.close_input();
  EXPECT_EQ(process.line(), "end");
  EXPECT_EQ(process.wait(), 0);
}

TEST(Process, MayCloseItsTerminalAndGoOn) {
  Process process = shell("echo one; exec <&- >&- 2>&-; sleep 0.1; exec >/dev/tty; echo two; exit 7",
                          Process::Stdio::terminal);
  EXPECT_EQ(process.line(), "one");
  EXPECT_EQ(process.line(), "two");
  EXPECT_EQ(process.wait(), 7);
}

TEST(Process, EndsAtCtrlC) {
  Process process = shell("echo ready; exec cat", Process::Stdio::terminal);
  EXPECT_EQ(process.line(), "ready");
  process.type("\x03");
  EXPECT_EQ(process.wait(), 128 + SIGINT);
}

TEST(Process, EndsAtCtrlCEvenUnderATestInTheBackground) {
  // A shell starts its background jobs with SIGINT ignored, and an ignored signal stays ignored across exec.
  const auto before = std::signal(SIGINT, SIG_IGN);
  Process process = shell("echo ready; exec cat");
  std::signal(SIGINT, before);
  EXPECT_EQ(process.line(), "ready");
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 128 + SIGINT);
}

TEST(Process, GivesTheProgramNoOtherDescriptors) {
  const int inherited = dup(STDOUT_FILENO);
  Process process = shell("echo >&" + std::to_string(inherited));
  close(inherited);
  EXPECT_NE(process.wait(), 0);
}

TEST(Process, KillsEverythingThatItHasStarted) {
  // The reader of a FIFO sees the end only when the last writer has gone.
  Process reader = shell(
      "folder=$(mktemp -d); mkfifo $folder/fifo; echo $folder/fifo; cat $folder/fifo; "
      "rm -r $folder; echo all have gone");
  const std::string fifo = reader.line();
  {
    Process process = shell("{ echo writes >&2; exec tail -f /dev/null; } > " + fifo + " & wait");
    EXPECT_EQ(process.error_line(), "writes");
  }
  EXPECT_EQ(reader.line(), "all have gone");
}

TEST(Process, KillsAProgramThatHasHardlyBeenStarted) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) Process({"sleep", "300"});
  EXPECT_LT(std::chrono::steady_clock::now() - start, long_enough);
}

}  // namespace
