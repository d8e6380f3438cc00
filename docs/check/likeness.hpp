// Whether what a program prints is what a page shows, and where they part. What differs from run to run is compared by
// its shape: a port that the kernel chose, the time, and the length of the message with the time. Spaces at the end of
// a line, which nobody sees and editors remove, do not count.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "docs/check/page.hpp"

/// The line of a page that stands for any number of lines left out.
inline constexpr const char* left_out = "...";

/// How many of the printed lines the page's lines stand for: all of them if `whole`, else as few as will do (or all, if
/// the page's last is `...`). Nothing if they do not match.
std::optional<std::size_t> match(Lines page, const Lines& printed, bool whole);

struct Comparison {
  std::optional<std::size_t> first_difference;  // how many lines of the page stand before it
  std::string diff;                             // `- ` the page's lines, `+ ` the printed
  Lines updated;  // what was printed, in the page's words where they are still true, `...` among them
};

Comparison compare(const Lines& page, const Lines& printed);

/// The first line of each run of a file's lines that the block is, whatever the indentation of both.
std::vector<std::size_t> places_in(const Lines& file, const Lines& block);

/// What the block would be if it were written now, with its own indentation: the run of the file's lines that begins
/// and ends with most of the lines that the block does. Nothing if those are not two at least, or half of it.
std::optional<Lines> rewritten(const Lines& file, const Lines& block);
