#include "docs/check/columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t least_width = 60;

// The bytes of the first `characters` characters, each a code point of UTF-8.
std::size_t bytes_of(std::string_view text, std::size_t characters) {
  std::size_t bytes = 0;
  for (; bytes < text.size(); ++bytes) {
    const bool begins = (static_cast<unsigned char>(text[bytes]) & 0xc0) != 0x80;
    if (begins && characters-- == 0) break;
  }
  return bytes;
}

std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

// A line in pieces that fit.
Lines wrapped(std::string_view line, std::size_t width) {
  Lines pieces;
  do {
    const std::size_t size = bytes_of(line, width);
    pieces.emplace_back(line.substr(0, size));
    line.remove_prefix(size);
  } while (!line.empty());
  return pieces;
}

// Both sides leave out the same lines: here `...` is a line like any other, and stands for nothing else.
Lines comparable(const Lines& lines) {
  Lines result = canonical(lines, false);
  std::replace(result.begin(), result.end(), std::string(left_out), std::string("left out"));
  return result;
}

std::string in_colour(Paper paper, const char* number, const std::string& text) {
  return paper.colour && !text.empty() ? fmt::format("\x1b[{}m{}\x1b[m", number, text) : text;
}

struct Row {
  std::string left;
  std::string right;
  bool same = false;
};

std::string written(const Row& row, Paper paper) {
  const std::size_t half = (paper.width - 3) / 2;
  const Lines left = wrapped(row.left, half);
  const Lines right = wrapped(row.right, half);
  std::string text;
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    std::string first = i < left.size() ? left[i] : "";
    first.append(half - characters_of(first), ' ');
    const std::string second = i < right.size() ? right[i] : "";
    text += row.same ? fmt::format("{} | {}", first, second)
                     : fmt::format("{} ! {}", in_colour(paper, "31", first), in_colour(paper, "32", second));
    text += '\n';
  }
  return text;
}

}  // namespace

std::string side_by_side(const std::string& title, const Column& page, const Column& program, Paper paper) {
  std::string text = in_colour(paper, "1", title) + '\n';
  const std::vector<Pair> pairs = align(comparable(page.lines), comparable(program.lines));
  if (paper.width < least_width) {
    return text + fmt::format("  - {}\n  + {}\n{}\n", page.head, program.head,
                              diff(pairs, page.lines, program.lines));
  }
  std::vector<Row> rows = {{page.head, program.head, true}};
  std::size_t free = 1;  // the first row, since the last that is the same, with nothing on its right
  for (const Pair& pair : pairs) {
    if (pair.same) {
      rows.push_back({page.lines[*pair.page], program.lines[*pair.printed], true});
      free = rows.size();
    } else if (pair.page) {
      rows.push_back({page.lines[*pair.page], "", false});
    } else {
      if (free == rows.size()) rows.emplace_back();
      rows[free++].right = program.lines[*pair.printed];
    }
  }
  for (const Row& row : rows) text += written(row, paper);
  return text + '\n';
}
