// For the tests of the checks: runs one with a program as students write them.
#pragma once

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/testing/process.hpp"

/// How a check has ended, and what it has printed.
struct Checked {
  int exit_code;
  std::string report;
};

/// Runs the check of a part, "part1_basic", for example with --client and a command.
inline Checked run_check(const std::string& part, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), PROGRAMS "../" + part + "/check");
  Process process(arguments);
  std::string report;  // a behaviour that fails may take longer than a Process waits for a line
  while (const auto piece = process.read(std::chrono::seconds(60))) report += *piece;
  report += process.error_rest();
  return {process.wait(), report};
}

inline bool has_python() {
  return std::system("python3 -c pass") == 0;
}

/// The command that runs a program in Python, which has no single quote in it, with the port as its argument.
inline std::string python_command(const std::string& text) {
  return "python3 -c '" + text + "' {port}";
}
