// The check of each part: a learner's program is run through what the part asks of it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "common/check/student.hpp"

/// What a part asks for.
struct Behaviour {
  std::string title;                  // "serves the next client when the first has left"
  std::string section;                // where it is explained: "docs/part1.md#send-and-close"
  std::function<void(Student&)> run;  // throws Mismatch, or CannotJudge; in a process of its own
  std::size_t number = 0;             // in its list: the check counts them
};

/// What an exercise asks for, at the end of a part's page: a program that the reader writes.
struct Exercise {
  Side side = Side::server;
  std::vector<Behaviour> behaviours;
};

struct Part {
  std::string name;  // "part1"
  std::vector<Behaviour> server;
  std::vector<Behaviour> client;
  std::vector<Exercise> exercises;  // in the order of the part's page
};

/// The main() of a part's check: runs the program of `--server COMMAND` or `--client COMMAND` through its behaviours,
/// side by side where each can have a port of its own, and reports each; with `--exercise N`, those of an exercise.
/// Returns the exit code: 0 if all are right.
int run_checks(int argc, char** argv, const Part& part);
