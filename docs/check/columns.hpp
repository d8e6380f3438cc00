// Two texts side by side.
#pragma once

#include <cstddef>
#include <string>

#include "docs/check/likeness.hpp"

/// What is written on: a terminal's width in characters, and whether it has colours.
struct Paper {
  std::size_t width = 100;
  bool colour = false;
};

struct Column {
  std::string head;
  Lines lines;
};

/// The title, then both columns, each half of the paper wide; lines that differ have a `!` between them. On
/// paper of less than 60 characters they stand one under the other, in the form of diff.
std::string side_by_side(const std::string& title, const Column& page, const Column& program, Paper paper);
