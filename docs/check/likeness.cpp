#include "docs/check/likeness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <regex>
#include <set>

namespace {

// A port that the kernel has chosen: of a client, or of a server that was started with --port 0.
std::string without_free_ports(const std::string& line) {
  static const std::regex port(
      R"((127\.0\.0\.1:|\[::1\]:|\('127\.0\.0\.1', |--port )([1-9][0-9]{3,4})(?![0-9]))");
  std::string text;
  auto from = line.cbegin();
  for (std::sregex_iterator i(line.begin(), line.end(), port), end; i != end; ++i) {
    const int number = std::stoi((*i)[2]);
    const bool free = number >= 1024 && number <= 65535 && number != 1234 && number != 1235;
    text.append(from, (*i)[2].first);
    text += free ? "<port>" : (*i)[2].str();
    from = (*i)[2].second;
  }
  return text.append(from, line.cend());
}

std::string without_time(const std::string& line, bool printed) {
  static const std::regex time(R"(The time is ([0-9]+\.[0-9]+))");
  std::smatch match;
  if (!std::regex_search(line, match, time)) return line;
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  const double an_hour = 3600;
  if (printed && std::abs(std::strtod(match[1].str().c_str(), nullptr) - now.count()) > an_hour) return line;
  return match.prefix().str() + "The time is <time>" + match.suffix().str();
}

// True if lines[i] announces the length of the time message that follows, and the length is right.
bool is_header_of_time(const Lines& lines, std::size_t i) {
  static const std::regex header(R"(new message length: b'(([0-9]+) *)')");
  std::smatch match;
  return std::regex_match(lines[i], match, header) && match[1].length() == 10 && i + 2 < lines.size() &&
         lines[i + 2].starts_with("The time is ") && match[2] == std::to_string(lines[i + 2].size());
}

}  // namespace

Lines canonical(const Lines& lines, bool printed) {
  Lines result;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    // Most lines have none of this, and there may be very many lines: a regex is slow.
    const bool may_differ = lines[i].find_first_of("0123456789") != std::string::npos;
    if (may_differ && is_header_of_time(lines, i)) {
      result.push_back("new message length: <length of the time message>");
      continue;
    }
    std::string line = may_differ ? without_time(without_free_ports(lines[i]), printed) : lines[i];
    line.erase(line.find_last_not_of(' ') + 1);
    result.push_back(std::move(line));
  }
  return result;
}

std::optional<std::size_t> match(const Lines& page, const Lines& printed, bool whole) {
  std::set<std::size_t> reached = {0};  // how many printed lines the page's lines so far can stand for
  for (const std::string& line : page) {
    std::set<std::size_t> next;
    for (const std::size_t count : reached) {
      if (line == left_out) {
        for (std::size_t more = count; more <= printed.size(); ++more) next.insert(next.end(), more);
        break;
      }
      if (count < printed.size() && printed[count] == line) next.insert(next.end(), count + 1);
    }
    reached = std::move(next);
    if (reached.empty()) return std::nullopt;
  }
  if (whole) return reached.contains(printed.size()) ? std::optional(printed.size()) : std::nullopt;
  return !page.empty() && page.back() == left_out ? *reached.rbegin() : *reached.begin();
}

std::vector<Pair> align(const Lines& page, const Lines& printed) {
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

// Both canonical, and `...` is a line like any other.
static std::vector<Pair> align_all(const Lines& page, const Lines& printed) {
  const auto comparable = [](const Lines& lines) {
    Lines result = canonical(lines, false);
    std::replace(result.begin(), result.end(), std::string(left_out), std::string("left out"));
    return result;
  };
  return align(comparable(page), comparable(printed));
}

std::optional<std::size_t> first_difference(const std::vector<Pair>& pairs) {
  std::size_t before = 0;
  for (const Pair& pair : pairs) {
    if (!pair.same) return before;
    if (pair.page) ++before;
  }
  return std::nullopt;
}

std::string diff(const std::vector<Pair>& pairs, const Lines& page, const Lines& printed) {
  std::string text;
  for (const Pair& pair : pairs) {
    if (pair.page)
      text += (pair.same ? "    " : "  - ") + page[*pair.page] + '\n';
    else if (!pair.same)
      text += "  + " + printed[*pair.printed] + '\n';
  }
  return text;
}

std::string side_by_side(const Lines& page, const Lines& printed) {
  std::vector<Pair> rows;
  std::size_t free = 0;  // the first row, since the last that is the same, with nothing on its right
  for (const Pair& pair : align_all(page, printed)) {
    if (pair.page || free == rows.size())
      rows.push_back(pair);
    else
      rows[free].printed = pair.printed;
    if (!pair.page) ++free;
    if (pair.same) free = rows.size();
  }

  std::size_t width = 0;
  for (const std::string& line : page) width = std::max(width, line.size());
  std::string text;
  for (const Pair& row : rows) {
    text += fmt::format("{:<{}} {} {}\n", row.page ? page[*row.page] : "", width, row.same ? '|' : '!',
                        row.printed ? printed[*row.printed] : "");
  }
  return text;
}

Lines shortened(const std::vector<Pair>& pairs, const Lines& printed) {
  Lines lines;
  for (const Pair& pair : pairs) {
    if (pair.printed && (pair.page || !pair.same)) lines.push_back(printed[*pair.printed]);
    if (!pair.printed && pair.same) lines.push_back(left_out);
  }
  return lines;
}

Lines updated(const Lines& page, const Lines& printed) {
  Lines lines;
  for (const Pair& pair : align_all(page, printed)) {
    if (pair.printed) lines.push_back(pair.page ? page[*pair.page] : printed[*pair.printed]);
  }
  return lines;
}
