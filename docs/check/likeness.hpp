// Whether what a program prints is what a page shows, and where they part.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

using Lines = std::vector<std::string>;

/// The line of a page that stands for any number of lines left out.
inline constexpr const char* left_out = "...";

/// Lines with a common word for what differs from run to run: a port that the kernel chose (1024 to 65535,
/// but not 1234 and 1235), the time, and the length of the message with the time. `printed` says that the
/// program has just printed the lines: the time has to be now then. Spaces at the end of a line, which
/// nobody sees and editors remove, are dropped.
Lines canonical(const Lines& lines, bool printed);

/// How many of the printed lines the page's lines stand for, both canonical: all of them if `whole`, else as
/// few as will do (or all, if the page's last is `...`). Nothing if they do not match.
std::optional<std::size_t> match(const Lines& page, const Lines& printed, bool whole);

/// One line of the page beside one that was printed; either may be missing.
struct Pair {
  std::optional<std::size_t> page;
  std::optional<std::size_t> printed;
  bool same = false;
};

/// The page's lines beside those printed, both canonical, so that as many as can be are the same.
std::vector<Pair> align(const Lines& page, const Lines& printed);

/// How many lines of the page stand before the first that differs, or before a printed one that it lacks;
/// nothing if all are the same.
std::optional<std::size_t> first_difference(const std::vector<Pair>& pairs);

/// The lines of both, in the form of diff: `- ` the page's, `+ ` the printed.
std::string diff(const std::vector<Pair>& pairs, const Lines& page, const Lines& printed);

/// The lines of both in two columns; those that differ have a `!` between them. `...` is a line like any other.
std::string side_by_side(const Lines& page, const Lines& printed);

/// What was printed, with `...` for the lines that the page leaves out.
Lines shortened(const std::vector<Pair>& pairs, const Lines& printed);

/// What was printed, in the page's words where they are still true. `...` is a line like any other.
Lines updated(const Lines& page, const Lines& printed);
