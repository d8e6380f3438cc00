// Whether what a program prints is what a page shows, and where they part. What differs from run to run is compared by
// its shape: a port that the kernel chose, the time, and the length of the message with the time. Spaces at the end of
// a line, which nobody sees and editors remove, do not count.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

using Lines = std::vector<std::string>;

/// The line of a page that stands for any number of lines left out.
inline constexpr const char* left_out = "...";

/// How many of the printed lines the page's lines stand for: all of them if `whole`, else as few as will do (or all, if
/// the page's last is `...`). Nothing if they do not match.
std::optional<std::size_t> match(const Lines& page, const Lines& printed, bool whole);

/// One line of the page beside one that was printed; either may be missing.
struct Pair {
  std::optional<std::size_t> page;
  std::optional<std::size_t> printed;
  bool same = false;
};

/// The page's lines beside those printed, so that as many as can be are the same.
std::vector<Pair> align(const Lines& page, const Lines& printed);

struct Comparison {
  std::optional<std::size_t> first_difference;  // how many lines of the page stand before it
  std::string diff;                             // `- ` the page's lines, `+ ` the printed
  Lines updated;  // what was printed, in the page's words where they are still true, `...` among them
};

Comparison compare(const Lines& page, const Lines& printed);
