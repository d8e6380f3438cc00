// The check of each part: a student's program is run through what the part asks of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/check/student.hpp"

/// What a part asks for.
struct Behaviour {
  std::string title;    // "serves the next client when the first has left"
  std::string section;  // where it is explained: "docs/part1.md#send-and-close"
  std::function<void(Student&)> run;
  /// Tells whether this machine lets the check judge it. Where it does not, it is left out, and named.
  std::function<bool()> can_be_judged = [] { return true; };
};

/// What an exercise asks for, at the end of a part's page: a program that the reader writes.
struct Exercise {
  Side side;
  std::vector<Behaviour> behaviours;
};

/// The exercises of a part, in the order of its page: each part's exercises.cpp has them.
std::vector<Exercise> exercises();

/// The main() of a part's check: runs the program of `--server COMMAND` or `--client COMMAND` through one
/// behaviour after the other and reports each; with `--exercise N`, those of an exercise. Returns the exit
/// code: 0 if all are right.
int run_checks(int argc, char** argv, const std::vector<Behaviour>& server,
               const std::vector<Behaviour>& client, const std::vector<Exercise>& exercises);

/// A word of letters that differs from run to run, so that a program cannot know it beforehand.
std::string random_word();
