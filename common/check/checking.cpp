#include "common/check/checking.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "common/program.hpp"
#include "common/testing/port.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// What the command line asks for.
struct Task {
  Side side;
  std::string command;
  std::string host;
  std::uint16_t port;
  bool any_port;  // {port} stands in the command, so that every behaviour can have a port of its own
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

// One field of a report. The first of its lines stands behind its name, the others below that.
void print_field(std::string name, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      fmt::print("      {:<10}{}\n", std::exchange(name, ""), line);
    }
  }
}

void print_failure(const Behaviour& behaviour, const Mismatch& mismatch, const Student& student) {
  fmt::print("{}  {}\n", in_colour("31", "FAIL"), behaviour.title);
  print_field("sent:", student.sent());
  print_field("expected:", {mismatch.expected});
  print_field("came:", {mismatch.came});
  print_field("see:", {behaviour.section});
  print_field("by hand:", student.by_hand());
}

enum class Result { right, wrong, never_connected };

// Runs the program through one behaviour, once; nothing if what went wrong is not its fault.
std::optional<Result> try_to_check(const Task& task, const Behaviour& behaviour) {
  std::optional<ReservedPort> reserved;
  if (task.any_port) reserved.emplace();
  const std::uint16_t port = reserved ? reserved->number() : task.port;
  const Address address = Address::to_listen_on(task.host, port);

  const PortState before = port_state(address);
  if (before == PortState::taken) {
    if (task.any_port) return std::nullopt;
    throw std::runtime_error(
        fmt::format("port {} is taken by {}: end that, or write {{port}} where your command names the port",
                    port, who_listens_on(port)));
  }

  {
    Student student(task.side, task.command, task.host, port);
    try {
      behaviour.run(student);
      fmt::print("{}    {}\n", in_colour("32", "ok"), behaviour.title);
      return Result::right;
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::address_in_use) throw;
      return std::nullopt;
    } catch (const Mismatch& mismatch) {
      student.end();
      const bool is_server = task.side == Side::server;
      // A server that goes on has not lost its port.
      const bool perhaps_lost = !is_server || student.exit_code();
      if (perhaps_lost && port_state(address) == PortState::taken) return std::nullopt;
      if (!is_server || before == PortState::free || !mismatch.never_connected) {
        print_failure(behaviour, mismatch, student);
        return mismatch.never_connected ? Result::never_connected : Result::wrong;
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
    std::this_thread::sleep_for(milliseconds(100));
  }
  return std::nullopt;
}

// Two checks at once would take each other's programs for their own.
ReservedPort port_for_this_check(std::uint16_t port) {
  try {
    return ReservedPort(port);
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::address_in_use) throw;
    throw std::runtime_error(fmt::format(
        "another check uses port {}: wait for its end, or write {{port}} where your command names "
        "the port",
        port));
  }
}

Result check(const Task& task, const Behaviour& behaviour) {
  constexpr int enough = 5;
  for (int tries = 0; tries < enough; ++tries) {
    if (const auto result = try_to_check(task, behaviour)) return *result;
  }
  throw std::runtime_error(fmt::format("lost the port {} times to other programs", enough));
}

bool check_all(const Task& task, const std::vector<Behaviour>& behaviours) {
  std::optional<ReservedPort> reserved;
  if (!task.any_port) reserved.emplace(port_for_this_check(task.port));
  fmt::print("Your {}: {}\n", name_of(task.side), task.command);
  fmt::print(
      "It is normal that something fails at first. Each FAIL says what was sent, what should have come and\n"
      "what came, which section explains it, and how to see it by hand: each line in a terminal of its "
      "own.\n\n");
  std::size_t right = 0;
  std::size_t tried = 0;
  for (const Behaviour& behaviour : behaviours) {
    const Result result = check(task, behaviour);
    ++tried;
    if (result == Result::right) ++right;
    if (result == Result::never_connected && right == 0) break;
  }
  if (tried < behaviours.size()) fmt::print("\nThe others need that first, and were not tried.\n");
  fmt::print("\n{} of {} behaviours are right\n", right, behaviours.size());
  return right == behaviours.size();
}

void list(const std::vector<Behaviour>& behaviours) {
  for (const Behaviour& behaviour : behaviours) {
    fmt::print("{}\n      {}\n", behaviour.title, behaviour.section);
  }
}

}  // namespace

int run_checks(int argc, char** argv, const std::vector<Behaviour>& server,
               const std::vector<Behaviour>& client, const std::vector<Exercise>& exercises) {
  const Usage usage = {
      "Runs your program through what this part asks of it, and says what is right. {host} and {port} in\n"
      "the command are replaced; without {port}, your program uses the --port below.",
      {{"--server", "COMMAND", "", "starts your server"},
       {"--client", "COMMAND", "", "starts your client"},
       {"--only", "WORDS", "", "checks only what has these words in its title"},
       {"--exercise", "N", "", "checks what exercise N asks for instead"},
       {"--list", "server|client|exercises", "", "only tells what is checked, and where it is explained"}},
  };
  bool all_right = true;
  const int code = run_program(argc, argv, usage, [&](const Options& options) {
    const std::string& listed = options.text("--list");
    if (listed == "server") return list(server);
    if (listed == "client") return list(client);
    if (listed == "exercises") {
      for (const Exercise& exercise : exercises) list(exercise.behaviours);
      return;
    }
    const bool is_server = !options.text("--server").empty();
    if (is_server != options.text("--client").empty()) {
      throw UsageError("give either --server \"COMMAND\" or --client \"COMMAND\"");
    }
    const Side side = is_server ? Side::server : Side::client;
    const std::string& command = options.text(is_server ? "--server" : "--client");
    const bool any_port = command.find("{port}") != std::string::npos;
    const auto port = static_cast<std::uint16_t>(options.number("--port", 1, 65535));
    std::vector<Behaviour> behaviours = is_server ? server : client;
    if (!options.text("--exercise").empty()) {
      const std::int64_t number =
          options.number("--exercise", 1, static_cast<std::int64_t>(exercises.size()));
      const Exercise& exercise = exercises[static_cast<std::size_t>(number - 1)];
      if (exercise.side != side) {
        throw UsageError(
            fmt::format("exercise {0} asks for a {1}: --{1} \"COMMAND\"", number, name_of(exercise.side)));
      }
      behaviours = exercise.behaviours;
    }
    std::erase_if(behaviours, [&](const Behaviour& behaviour) {
      return behaviour.title.find(options.text("--only")) == std::string::npos;
    });
    if (behaviours.empty()) throw UsageError("nothing that is checked has these words in its title");
    std::erase_if(behaviours, [](const Behaviour& behaviour) {
      if (behaviour.can_be_judged()) return false;
      fmt::print("Left out, since it cannot be judged on this machine: {}\n", behaviour.title);
      return true;
    });
    all_right = check_all({side, command, options.host(), port, any_port}, behaviours);
  });
  return code == 0 && !all_right ? 1 : code;
}

std::string random_word() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz";
  std::random_device random;
  std::string word;
  for (int i = 0; i < 8; ++i) word += letters[random() % letters.size()];
  return word;
}
