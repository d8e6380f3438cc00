#include "docs/check/code.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <span>
#include <stdexcept>

#include "common/testing/process.hpp"

namespace {

using Run = std::span<const std::string>;

// The lines with another common indentation.
Lines indented(Run lines, std::size_t spaces) {
  std::size_t common = std::string::npos;
  for (const std::string& line : lines) common = std::min(common, line.find_first_not_of(' '));
  Lines result;
  for (const std::string& line : lines) {
    const bool blank = line.find_first_not_of(' ') == std::string::npos;
    result.push_back(blank ? "" : std::string(spaces, ' ') + line.substr(common));
  }
  return result;
}

// The first and the last line, one as far to the right of the other as in the file.
Lines ends_of(Run lines) {
  return indented(Lines{lines.front(), lines.back()}, 0);
}

// The difference hunk by hunk, with so many lines around each change; the marks are those of diff(1).
std::vector<Lines> hunks_of(const Difference& difference, int context) {
  Process git({"git", "diff", "--no-index", "--no-ext-diff", "--no-textconv", "--no-color", "--histogram",
               fmt::format("--unified={}", context), "--", difference.from, difference.to});
  std::vector<Lines> hunks;
  for (const std::string& line : split_lines(git.rest())) {
    if (line.starts_with("@@"))
      hunks.emplace_back();
    else if (!hunks.empty())
      hunks.back().push_back(line == " " ? "" : line);  // as editors leave a blank line
  }
  return hunks;
}

bool is_change(const std::string& line) {
  return line.starts_with('-') || line.starts_with('+');
}

}  // namespace

Lines read_lines(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
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
  if (block.empty()) return std::nullopt;
  const std::size_t spaces = std::min(block.front().find_first_not_of(' '), block.front().size());
  const Lines ends = ends_of(block);
  const auto distance = [&](Run run) {
    return std::abs(static_cast<long>(run.size()) - static_cast<long>(block.size()));
  };
  Run nearest;
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (std::size_t size = 1; i + size <= file.size(); ++size) {
      const Run run = Run(file).subspan(i, size);
      if ((nearest.empty() || distance(run) < distance(nearest)) && ends_of(run) == ends) nearest = run;
    }
  }
  if (!nearest.empty()) return indented(nearest, spaces);

  std::size_t most = 0;
  for (std::size_t i = 0; i + block.size() <= file.size(); ++i) {
    const Run run = Run(file).subspan(i, block.size());
    std::size_t same = 0;
    for (std::size_t k = 0; k < block.size(); ++k) same += trimmed(run[k]) == trimmed(block[k]) ? 1 : 0;
    if (same > most) nearest = run;
    most = std::max(most, same);
  }
  if (2 * most < block.size() || nearest.empty()) return std::nullopt;
  return indented(nearest, spaces);
}

std::vector<Problem> faults(const Difference& difference, const Page& page) {
  const std::string name = fmt::format("the difference from {} to {}", difference.from, difference.to);
  std::vector<Problem> problems;
  const std::vector<Lines> whole = hunks_of(difference, 1'000'000);
  Lines missing =
      whole.empty() ? Lines() : whole[0];  // once a hunk shows a change, it is not a change any more
  for (const Block* block : difference.blocks) {
    for (auto begin = block->lines.begin(); begin != block->lines.end();) {
      const auto end = std::find(begin, block->lines.end(), left_out);
      const auto place = std::search(missing.begin(), missing.end(), begin, end);
      if (place == missing.end()) {
        const auto line = block->line + 1 + static_cast<std::size_t>(begin - block->lines.begin());
        problems.push_back({page.place(line),
                            "the hunk that begins here is not of " + name + ", or has been shown already"});
      } else {
        for (auto line = place; line != place + (end - begin); ++line) {
          if (is_change(*line)) line->insert(0, "shown: ");
        }
      }
      begin = end == block->lines.end() ? end : end + 1;
    }
  }
  std::erase_if(missing, std::not_fn(is_change));
  if (problems.empty() && !missing.empty()) {
    problems.push_back({page.place(difference.blocks.front()->line),
                        fmt::format("{} lacks:\n  {}\n", name, fmt::join(missing, "\n  "))});
  }
  return problems;
}

std::vector<Lines> rewritten(const Difference& difference) {
  std::vector<Lines> result(difference.blocks.size());
  std::size_t block = 0;
  for (const Lines& hunk : hunks_of(difference, 2)) {
    std::ptrdiff_t most = 0;
    for (std::size_t i = 0; i < result.size(); ++i) {
      const Lines& lines = difference.blocks[i]->lines;
      const auto known = std::ranges::count_if(hunk, [&](const std::string& line) {
        return is_change(line) && std::ranges::find(lines, line) != lines.end();
      });
      if (known > most) block = i;
      most = std::max(most, known);
    }
    if (!result[block].empty()) result[block].push_back(left_out);
    result[block].insert(result[block].end(), hunk.begin(), hunk.end());
  }
  return result;
}
