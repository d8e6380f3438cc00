#include "docs/check/code.hpp"

#include <algorithm>
#include <fstream>
#include <span>
#include <stdexcept>

namespace {

using Run = std::span<const std::string>;

std::size_t indentation(Run lines) {
  std::size_t least = std::string::npos;
  for (const std::string& line : lines) least = std::min(least, line.find_first_not_of(' '));
  return least == std::string::npos ? 0 : least;  // npos: every line is blank
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

std::size_t indentation_of(const std::string& line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

std::string_view without_indentation(const std::string& line) {
  return std::string_view(line).substr(indentation_of(line));
}

// True if the run begins and ends as the block does, one as far to the right of the other.
bool same_ends(Run run, const Lines& block) {
  return without_indentation(run.front()) == without_indentation(block.front()) &&
         without_indentation(run.back()) == without_indentation(block.back()) &&
         indentation_of(run.front()) + indentation_of(block.back()) ==
             indentation_of(block.front()) + indentation_of(run.back());
}

std::size_t distance(std::size_t a, std::size_t b) {
  return a < b ? b - a : a - b;
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
  const std::size_t spaces = indentation(block);
  std::optional<Run> nearest;
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (std::size_t size = 1; i + size <= file.size(); ++size) {
      const Run run = Run(file).subspan(i, size);
      const bool nearer = !nearest || distance(size, block.size()) < distance(nearest->size(), block.size());
      if (nearer && same_ends(run, block)) nearest = run;
    }
  }
  if (nearest) return indented(*nearest, spaces);

  std::size_t most = 0;
  for (std::size_t i = 0; i + block.size() <= file.size(); ++i) {
    const Run run = Run(file).subspan(i, block.size());
    std::size_t same = 0;
    for (std::size_t line = 0; line < block.size(); ++line) {
      if (without_indentation(run[line]) == without_indentation(block[line])) ++same;
    }
    if (same > most) {
      most = same;
      nearest = run;
    }
  }
  if (2 * most < block.size() || !nearest) return std::nullopt;
  return indented(*nearest, spaces);
}
