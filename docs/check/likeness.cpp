#include "docs/check/likeness.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <regex>
#include <span>
#include <utility>

namespace {

// True if lines[i] announces the length of the time message that follows, and the length is right.
bool is_header_of_time(const Lines& lines, std::size_t i) {
  static const std::regex header(R"(new message length: b'(([0-9]+) *)')");
  std::smatch match;
  return std::regex_match(lines[i], match, header) && match[1].length() == 10 && i + 2 < lines.size() &&
         lines[i + 2].starts_with("The time is ") && match[2] == std::to_string(lines[i + 2].size());
}

// Lines with a common word for what differs from run to run.
Lines canonical(const Lines& lines) {
  static const std::regex port(
      R"((127\.0\.0\.1:|\[::1\]:|\('127\.0\.0\.1', |--port )(?!123[45]\b)[1-9][0-9]{3,4}\b)");
  static const std::regex time("The time is [0-9]{10}\\.[0-9]+");
  Lines result;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string line = lines[i];
    // Most lines have none of this, and there may be very many lines: a regex is slow.
    const bool may_differ = line.find_first_of("0123456789") != std::string::npos;
    if (may_differ && is_header_of_time(lines, i)) {
      line = "new message length: <length of the time message>";
    } else if (may_differ) {
      line = std::regex_replace(std::regex_replace(line, port, "$1<port>"), time, "The time is <time>");
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result.push_back(std::move(line));
  }
  return result;
}

// One line of the page beside one that was printed; either may be missing.
struct Pair {
  std::optional<std::size_t> page;
  std::optional<std::size_t> printed;
  bool same = false;
};

// The page's lines beside those printed, so that as many as can be are the same.
std::vector<Pair> align(const Lines& page_lines, const Lines& printed_lines) {
  const Lines page = canonical(page_lines);
  Lines printed = canonical(printed_lines);
  // ^C may cut a line in two. Where the lines before it are left out, the beginning of that one is too.
  if (!std::ranges::search(page, Lines{left_out, "^C"}).empty()) {
    for (std::string& line : printed) {
      if (line.ends_with("^C")) line = "^C";
    }
  }
  // missing[i][j]: how many lines have no partner if page[i...] stands beside printed[j...]
  std::vector<std::vector<std::size_t>> missing(page.size() + 1,
                                                std::vector<std::size_t>(printed.size() + 1));
  for (std::size_t i = page.size() + 1; i-- > 0;) {
    for (std::size_t j = printed.size() + 1; j-- > 0;) {
      std::size_t& least = missing[i][j];
      if (i == page.size()) {
        least = printed.size() - j;
        continue;
      }
      const std::size_t alone = page[i] == left_out ? 0 : 1;
      least = alone + missing[i + 1][j];
      if (j == printed.size()) continue;
      least = std::min(least, alone + missing[i][j + 1]);
      if (alone == 1 && page[i] == printed[j]) least = missing[i + 1][j + 1];
    }
  }

  std::vector<Pair> pairs;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < page.size() || j < printed.size()) {
    if (i < page.size() && page[i] == left_out) {
      pairs.push_back({i, std::nullopt, true});
      for (; missing[i][j] != missing[i + 1][j]; ++j) pairs.push_back({std::nullopt, j, true});
      ++i;
    } else if (i < page.size() && j < printed.size() && page[i] == printed[j]) {
      pairs.push_back({i++, j++, true});
    } else if (i < page.size() && missing[i][j] == 1 + missing[i + 1][j]) {
      pairs.push_back({i++, std::nullopt, false});
    } else {
      pairs.push_back({std::nullopt, j++, false});
    }
  }
  return pairs;
}

using Run = std::span<const std::string>;

// How many spaces all lines begin with, but the blank ones.
std::size_t indentation(Run lines) {
  std::size_t common = std::string::npos;
  for (const std::string& line : lines) common = std::min(common, line.find_first_not_of(' '));
  return common == std::string::npos ? 0 : common;
}

// The lines with another common indentation.
Lines indented(Run lines, std::size_t spaces) {
  const std::size_t common = indentation(lines);
  Lines result;
  for (const std::string& line : lines) {
    const bool blank = line.find_first_not_of(' ') == std::string::npos;
    result.push_back(blank ? "" : std::string(spaces, ' ') + line.substr(common));
  }
  return result;
}

}  // namespace

std::optional<std::size_t> match(Lines page, const Lines& printed, bool whole) {
  const bool more_may_come = !whole && (page.empty() || page.back() != left_out);
  if (more_may_come) page.push_back(left_out);
  std::size_t count = 0;
  for (const Pair& pair : align(page, printed)) {
    if (!pair.same) return std::nullopt;
    if (more_may_come && pair.page == page.size() - 1) break;
    if (pair.printed) ++count;
  }
  return count;
}

Comparison compare(const Lines& page, const Lines& printed) {
  Comparison result;
  std::size_t before = 0;
  for (const Pair& pair : align(page, printed)) {
    if (!pair.same && !result.first_difference) result.first_difference = before;
    if (pair.page && pair.same) {
      result.diff += "    " + (pair.printed ? printed[*pair.printed] : page[*pair.page]) + '\n';
      result.updated.push_back(page[*pair.page]);
    } else if (pair.page) {
      result.diff += "  - " + page[*pair.page] + '\n';
    } else if (!pair.same) {
      result.diff += "  + " + printed[*pair.printed] + '\n';
      result.updated.push_back(printed[*pair.printed]);
    }
    if (pair.page) ++before;
  }
  return result;
}

std::vector<std::size_t> places_in(const Lines& file, const Lines& block) {
  std::vector<std::size_t> places;
  const Lines wanted = indented(block, 0);
  for (std::size_t i = 0; !block.empty() && i + block.size() <= file.size(); ++i) {
    if (indented(Run(file).subspan(i, block.size()), 0) == wanted) places.push_back(i);
  }
  return places;
}

std::optional<Lines> rewritten(const Lines& file, const Lines& block) {
  Run nearest;
  std::pair<std::ptrdiff_t, std::ptrdiff_t> best;  // known lines, and how near its length is to the block's
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (std::size_t size = 1; i + size <= file.size(); ++size) {
      const Run run = Run(file).subspan(i, size);
      const auto begin = std::ranges::mismatch(run, block, {}, trimmed, trimmed).in1;
      const auto end =
          std::ranges::mismatch(run.rbegin(), run.rend(), block.rbegin(), block.rend(), {}, trimmed, trimmed)
              .in1.base();
      const std::ptrdiff_t known = (begin - run.begin()) + (run.end() - end);
      const std::pair rating(std::min({known, std::ssize(run), std::ssize(block)}),
                             -std::abs(std::ssize(run) - std::ssize(block)));
      if (rating <= best) continue;
      nearest = run;
      best = rating;
    }
  }
  if (nearest.empty() || best.first < std::min<std::ptrdiff_t>(2, (std::ssize(block) + 1) / 2)) return {};
  return indented(nearest, indentation(block));
}
