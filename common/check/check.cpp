#include "common/check/check.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "common/program.hpp"
#include "common/testing/port.hpp"
#include "common/text.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// What the command line asks for.
struct Task {
  std::string part;
  std::string host;
  std::uint16_t port = 0;
  std::string junit;        // a file
  bool only_first = false;  // stops at the first fault
  bool by_hand = false;     // one behaviour, with a program that the learner starts
  Side side = Side::server;
  std::string command;
  bool any_port = false;  // {port} stands in the command, so that every behaviour can have a port of its own
  std::vector<Behaviour> behaviours;
};

// Also the exit code of the process that has judged: none that a process has when something else ends it.
enum class Result { failed = 1, right = 100, wrong, never_connected, cannot_judge };

struct Verdict {
  Result result = Result::failed;
  std::string report = "";  // what is wrong; or why the check itself has failed
  double seconds = 0;
};

const char* name_of(Side side) {
  return side == Side::server ? "server" : "client";
}

std::string in_colour(const char* colour, const std::string& text) {
  const char* const no_colour = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  const bool plain = ::isatty(STDOUT_FILENO) == 0 || (no_colour && *no_colour) || !terminal ||
                     std::string_view(terminal) == "dumb";
  return plain ? text : fmt::format("\x1b[{}m{}\x1b[m", colour, text);
}

std::string with_address(const std::string& command, const std::string& host, std::uint16_t port) {
  static const std::regex host_place("\\{host\\}"), port_place("\\{port\\}");
  return std::regex_replace(std::regex_replace(command, host_place, host), port_place, std::to_string(port));
}

// --- One behaviour ---

// One field of a report. The first of its lines stands after its name, the others below that.
std::string field(std::string name, const std::vector<std::string>& texts) {
  std::string report;
  for (const std::string& text : texts) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      report += fmt::format("      {:<10}{}\n", std::exchange(name, ""), line);
    }
  }
  return report;
}

std::string report_of(const Mismatch& fault, const Student& student, const Task& task,
                      const Behaviour& behaviour) {
  std::string report = field("sent:", student.sent()) + field("expected:", {fault.expected}) +
                       field("came:", {fault.came}) + field("see:", {fault.section});
  if (task.by_hand) return report;
  std::vector<std::string> by_hand = {
      with_address(task.command, "127.0.0.1", 1234),
      fmt::format("./tutorial check {} --by-hand {}", task.part, behaviour.number)};
  if (task.side == Side::client) std::swap(by_hand[0], by_hand[1]);
  return report + field("by hand:", by_hand);
}

// Runs the program through one behaviour, once; nothing if what went wrong was not its fault.
std::optional<Verdict> try_to_judge(const Task& task, const Behaviour& behaviour) {
  std::optional<ReservedPort> reserved;
  if (task.any_port) reserved.emplace();
  const std::uint16_t port = reserved ? reserved->number() : task.port;
  const Address address = Address::to_listen_on(task.host, port);

  const PortState before = task.by_hand ? PortState::free : port_state(address);
  if (before == PortState::taken) {
    if (task.any_port) return std::nullopt;
    throw std::runtime_error(
        fmt::format("port {} is taken by {}: end that, or write {{port}} where your command names the port",
                    port, who_listens_on(port)));
  }
  {
    Student student(task.side, with_address(task.command, task.host, port), task.host, port, task.by_hand);
    try {
      behaviour.run(student);
      student.wait(milliseconds(0));
      if (student.has_crashed()) student.fail("a program that does not crash", "a crash after that");
      return Verdict{Result::right};
    } catch (const CannotJudge&) {
      return Verdict{Result::cannot_judge};
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::address_in_use) throw;
      return std::nullopt;
    } catch (const Mismatch& mismatch) {
      Mismatch fault = student.explained(mismatch);
      if (fault.section.empty()) fault.section = behaviour.section;
      const bool is_server = task.side == Side::server;
      // A server that goes on has not lost its port.
      const bool perhaps_lost = !task.by_hand && (!is_server || student.exit_code());
      const bool never_connected = !student.was_connected();
      const std::string report = report_of(fault, student, task, behaviour);
      student.stop();
      if (perhaps_lost && port_state(address) == PortState::taken) return std::nullopt;
      if (!is_server || before == PortState::free || !never_connected) {
        return Verdict{never_connected ? Result::never_connected : Result::wrong, report};
      }
    }
  }
  fmt::print(
      "      Connections that are over keep port {} for up to a minute (TIME_WAIT), unless the server had\n"
      "      asked for it all the same (SO_REUSEADDR): docs/part1.md#start-it-again-at-once. Waiting "
      "until\n"
      "      it is free. With {{port}} where your command names the port, each behaviour has its own.\n",
      port);
  const auto end = Clock::now() + std::chrono::seconds(90);
  while (port_state(address) == PortState::lingering && Clock::now() < end) {
    if (interruption() != 0) throw Interrupted();
    std::this_thread::sleep_for(milliseconds(100));
  }
  return std::nullopt;
}

Verdict judge(const Task& task, const Behaviour& behaviour) {
  try {
    constexpr int enough = 5;
    for (int tries = 0; tries < enough; ++tries) {
      if (const auto verdict = try_to_judge(task, behaviour)) return *verdict;
    }
    return {Result::failed, fmt::format("lost the port {} times to other programs", enough)};
  } catch (const Interrupted&) {
    return {Result::failed, "interrupted"};
  } catch (const std::exception& error) {
    return {Result::failed, error.what()};
  }
}

// --- All behaviours ---

// A behaviour that is judged in a process of its own, which has no other child than the learner's program.
class Judge {
 public:
  Judge(const Task& task, const Behaviour& behaviour) : report_(std::tmpfile()) {
    if (report_ == nullptr || (id_ = ::fork()) == -1)
      throw std::system_error(errno, std::system_category(), "cannot start a process");
    if (id_ != 0) return;
    const Verdict judged = judge(task, behaviour);
    std::fputs(judged.report.c_str(), report_);
    std::exit(static_cast<int>(std::fflush(report_) == 0 ? judged.result : Result::failed));
  }
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;
  // The learner's program ends with it.
  ~Judge() {
    if (!verdict_) {
      ::kill(id_, SIGTERM);
      while (::waitpid(id_, nullptr, 0) == -1 && errno == EINTR) continue;
    }
    std::fclose(report_);
  }

  // Nothing as long as it judges.
  const std::optional<Verdict>& verdict() {
    int status = 0;
    if (verdict_ || ::waitpid(id_, &status, WNOHANG) != id_) return verdict_;
    verdict_.emplace();
    verdict_->seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    if (WIFEXITED(status) && WEXITSTATUS(status) >= static_cast<int>(Result::right))
      verdict_->result = static_cast<Result>(WEXITSTATUS(status));
    std::rewind(report_);
    for (int byte = std::getc(report_); byte != EOF; byte = std::getc(report_))
      verdict_->report += static_cast<char>(byte);
    if (verdict_->report.empty() && verdict_->result == Result::failed)
      verdict_->report = "the check has failed";
    return verdict_;
  }

 private:
  std::FILE* report_;
  pid_t id_ = -1;
  std::optional<Verdict> verdict_;
  Clock::time_point start_ = Clock::now();
};

void print(const Behaviour& behaviour, const Verdict& verdict) {
  switch (verdict.result) {
    case Result::right:
      return fmt::print("{}    {}\n", in_colour("32", "ok"), behaviour.title);
    case Result::cannot_judge:
      return fmt::print("-     left out, since it cannot be judged on this machine: {}\n", behaviour.title);
    case Result::failed:
      throw std::runtime_error(verdict.report);
    default:
      fmt::print("{}  {}\n{}", in_colour("31", "FAIL"), behaviour.title, verdict.report);
  }
}

// The verdicts in the order of the behaviours, each printed as soon as it and all before it are there. They are fewer
// than the behaviours if the first fault makes the others pointless.
std::vector<Verdict> judge_all(const Task& task) {
  const std::size_t count = task.behaviours.size();
  const std::size_t side_by_side = task.any_port ? std::max(4U, 2 * std::thread::hardware_concurrency()) : 1;
  std::vector<std::unique_ptr<Judge>> judges;
  std::vector<Verdict> verdicts;
  bool any_right = false;
  while (verdicts.size() < count) {
    auto running = static_cast<std::size_t>(
        std::count_if(judges.begin(), judges.end(), [](const auto& judge) { return !judge->verdict(); }));
    // The first alone: with a program that does not even start, there is nothing else to see.
    for (; judges.size() < count && running < (verdicts.empty() ? 1 : side_by_side); ++running)
      judges.push_back(std::make_unique<Judge>(task, task.behaviours[judges.size()]));
    std::this_thread::sleep_for(milliseconds(5));
    if (interruption() != 0) throw Interrupted();
    while (verdicts.size() < judges.size() && judges[verdicts.size()]->verdict()) {
      const Verdict& verdict = *judges[verdicts.size()]->verdict();
      print(task.behaviours[verdicts.size()], verdict);
      verdicts.push_back(verdict);
      any_right = any_right || verdict.result == Result::right;
      const bool is_wrong = verdict.result == Result::wrong || verdict.result == Result::never_connected;
      if ((verdict.result == Result::never_connected && !any_right) || (is_wrong && task.only_first))
        return verdicts;
    }
  }
  return verdicts;
}

std::string xml(std::string text) {
  using Pair = std::pair<const char*, const char*>;
  for (const auto& [byte, name] : {Pair{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}})
    text = std::regex_replace(text, std::regex(byte), name);
  return std::regex_replace(text, std::regex("[\x01-\x09\x0b-\x1f]"), "?");
}

// The verdicts as JUnit's XML, which graders read.
void write_junit(const Task& task, const std::vector<Verdict>& verdicts) {
  const std::string suite = fmt::format("{}.{}", task.part, name_of(task.side));
  std::string cases;
  std::size_t failures = 0;
  std::size_t skipped = 0;
  double seconds = 0;
  for (std::size_t i = 0; i < task.behaviours.size(); ++i) {
    const Verdict verdict = i < verdicts.size() ? verdicts[i] : Verdict{Result::cannot_judge};
    const std::string title = xml(task.behaviours[i].title);
    std::string fault;
    if (verdict.result == Result::cannot_judge) {
      fault = "<skipped/>";
      ++skipped;
    } else if (verdict.result != Result::right) {
      fault = fmt::format("<failure message=\"{}\">{}</failure>", title, xml(verdict.report));
      ++failures;
    }
    seconds += verdict.seconds;
    cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">{}</testcase>\n", suite,
                         title, verdict.seconds, fault);
  }
  std::ofstream file(task.junit);
  file << fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{:.3f}\">\n{}"
      "  </testsuite>\n</testsuites>\n",
      suite, task.behaviours.size(), failures, skipped, seconds, cases);
  if (!file.flush()) throw std::runtime_error("cannot write " + task.junit);
}

bool check_all(const Task& task) {
  std::optional<ReservedPort> reserved;
  try {
    if (!task.any_port && !task.by_hand) reserved.emplace(task.port);
  } catch (const std::system_error& error) {
    // Two checks at once would take each other's programs for their own.
    if (error.code() != std::errc::address_in_use) throw;
    throw std::runtime_error(fmt::format(
        "another check uses port {}: wait until it ends, or write {{port}} where your command names the port",
        task.port));
  }
  if (task.by_hand) {
    const Behaviour& asked = task.behaviours.front();
    fmt::print("{}: your {} {}. It is to use port {}.\n", asked.number, name_of(task.side), asked.title,
               task.port);
    return judge_all(task).front().result == Result::right;
  }
  fmt::print(
      "Your {}: {}\n"
      "It is normal for something to fail at first. Each FAIL says what was sent, what should have come and\n"
      "what came, which section explains it, and how to see it by hand: each line in a terminal of its "
      "own.\n\n",
      name_of(task.side), task.command);
  const std::vector<Verdict> verdicts = judge_all(task);
  const auto count = [&](Result result) { return std::ranges::count(verdicts, result, &Verdict::result); };
  const auto right = count(Result::right);
  const auto judged = std::ssize(task.behaviours) - count(Result::cannot_judge);
  if (verdicts.size() < task.behaviours.size()) {
    fmt::print("\n{}\n", task.only_first ? "The others were not looked at: one fault at a time."
                                         : "The others need that first, and were not tried.");
  }
  fmt::print("\n{} of {} behaviours are right\n", right, judged);
  if (!task.junit.empty()) write_junit(task, verdicts);
  return right == judged;
}

// --- The command line ---

// Those "of a server", "of a client" or of all "exercises".
void list(const std::vector<Exercise>& exercises, const std::string& which) {
  for (const auto& [name, side, behaviours] : exercises) {
    if (which != name && (which != "exercises" || name == "server" || name == "client")) continue;
    for (const Behaviour& asked : behaviours) fmt::print("{}\n      {}\n", asked.title, asked.section);
  }
}

// A command without its quotes comes as several words: what to write instead; nothing if that is not so.
std::string missing_quotes(const std::vector<std::string>& words, const Usage& usage) {
  const auto is_own = [&](const std::string& word) {
    const std::string name = word.substr(0, word.find('='));
    return name == "--host" || name == "--port" || name == "--help" ||
           std::any_of(usage.options.begin(), usage.options.end(),
                       [&](const Option& option) { return option.name == name; });
  };
  const auto has_brace = [](const std::string& word) { return word.find('{') != std::string::npos; };
  const auto side =
      std::ranges::find_if(words, [](const auto& word) { return word == "--server" || word == "--client"; });
  if (words.end() - side < 3) return "";
  auto end = side + 2;
  // What has braces belongs to the command, and so does the option before it.
  while (end != words.end() &&
         (!is_own(*end) || has_brace(*end) || (end + 1 != words.end() && has_brace(end[1]))))
    ++end;
  if (end == side + 2) return "";
  return fmt::format("put the command in quotes: {} \"{}\"", *side, fmt::join(side + 1, end, " "));
}

Task task_of(const std::string& part, const std::vector<Exercise>& exercises, const Options& options) {
  Task task;
  task.part = part;
  task.host = options.host();
  task.port = static_cast<std::uint16_t>(options.number("--port", 1, 65535));
  task.junit = options.text("--junit");
  const std::string& by_hand = options.text("--by-hand");
  task.by_hand = !by_hand.empty();
  const bool is_server = !options.text("--server").empty();
  if (!task.by_hand && is_server != options.text("--client").empty())
    throw UsageError("give either --server \"COMMAND\" or --client \"COMMAND\"");
  const Side side = is_server ? Side::server : Side::client;
  task.command = options.text(is_server ? "--server" : "--client");
  task.any_port = !task.by_hand && task.command.find("{port}") != std::string::npos;

  std::string name = name_of(side);
  if (task.by_hand) {
    name = by_hand.substr(0, by_hand.find(':'));
  } else if (!options.text("--exercise").empty()) {
    name = std::to_string(options.number("--exercise", 1, std::ssize(exercises) - 2));
  }
  for (const Exercise& exercise : exercises) {
    if (exercise.name != name) continue;
    task.side = exercise.side;
    std::ranges::copy_if(
        exercise.behaviours, std::back_inserter(task.behaviours), [&](const Behaviour& asked) {
          return task.by_hand ? asked.number == by_hand
                              : asked.title.find(options.text("--only")) != std::string::npos;
        });
  }
  if (task.by_hand && task.behaviours.empty())
    throw UsageError(fmt::format("--by-hand '{}': no report has named that", printable(by_hand)));
  if (!task.by_hand && task.side != side)
    throw UsageError(fmt::format("exercise {0} asks for a {1}: --{1} \"COMMAND\"", name, name_of(task.side)));
  if (task.behaviours.empty()) throw UsageError("nothing that is checked has these words in its title");
  return task;
}

}  // namespace

int run_checks(int argc, char** argv, const std::string& part, std::vector<Exercise> exercises) {
  const Usage usage = {
      "Runs your program through what this part asks of it, and says what is right. {host} and {port} in\n"
      "the command are replaced; without {port}, your program uses the --port below.\n"
      "With --first it stops at the first fault.",
      {{"--server", "COMMAND", "", "starts your server"},
       {"--client", "COMMAND", "", "starts your client"},
       {"--only", "WORDS", "", "checks only what has these words in its title"},
       {"--exercise", "N", "", "checks what exercise N asks for instead"},
       {"--junit", "FILE", "", "writes the verdicts into FILE as well, for a grader"},
       {"--by-hand", "WHICH", "", "plays one behaviour step by step, with a program that you start yourself"},
       {"--list", "server|client|exercises", "", "only lists what is checked, and where it is explained"}},
  };
  for (Exercise& exercise : exercises) {
    for (std::size_t i = 0; i < exercise.behaviours.size(); ++i)
      exercise.behaviours[i].number = fmt::format("{}:{}", exercise.name, i + 1);
  }
  std::vector<char*> arguments(argv, argv + argc);
  const bool only_first =
      std::erase_if(arguments, [](char* word) { return std::string_view(word) == "--first"; }) > 0;
  const std::string fault = missing_quotes({arguments.begin(), arguments.end()}, usage);
  if (!fault.empty()) arguments.resize(1);
  bool all_right = true;
  const int code =
      run_program(static_cast<int>(arguments.size()), arguments.data(), usage, [&](const Options& options) {
        if (!fault.empty()) throw UsageError(fault);
        if (!options.text("--list").empty()) return list(exercises, options.text("--list"));
        note_interruptions();
        try {
          Task task = task_of(part, exercises, options);
          task.only_first = only_first;
          all_right = check_all(task);
        } catch (const Interrupted&) {
          // The signal ends this process below, now that the learner's program is gone.
        }
      });
  if (interruption() != 0) {
    std::signal(interruption(), SIG_DFL);
    ::raise(interruption());
  }
  return code == 0 && !all_right ? 1 : code;
}
