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

class Writer {
 public:
  explicit Writer(Paper paper) : paper_(paper), half_((paper.width - 3) / 2) {}

  void title(const std::string& text) { text_ += in_colour("1", text) + '\n'; }

  // A line of either side; a null pointer where one has none.
  void row(const std::string* page, const std::string* program, bool same) {
    if (paper_.width < least_width) {
      if (page != nullptr) text_ += same ? "  " + *page + '\n' : in_colour("31", "- " + *page) + '\n';
      if (program != nullptr && !same) text_ += in_colour("32", "+ " + *program) + '\n';
      return;
    }
    const Lines left = page == nullptr ? Lines{} : wrapped(*page, half_);
    const Lines right = program == nullptr ? Lines{} : wrapped(*program, half_);
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
      std::string first = i < left.size() ? left[i] : "";
      first.append(half_ - characters_of(first), ' ');
      const std::string second = i < right.size() ? right[i] : "";
      text_ += (same ? first : in_colour("31", first)) + (same ? " | " : " ! ");
      text_ += (same ? second : in_colour("32", second)) + '\n';
    }
  }

  void differing(const std::vector<const std::string*>& page,
                 const std::vector<const std::string*>& program) {
    const auto line = [](const std::vector<const std::string*>& lines, std::size_t i) {
      return i < lines.size() ? lines[i] : nullptr;
    };
    if (paper_.width < least_width) {
      for (const std::string* one : page) row(one, nullptr, false);
      for (const std::string* one : program) row(nullptr, one, false);
      return;
    }
    for (std::size_t i = 0; i < std::max(page.size(), program.size()); ++i) {
      row(line(page, i), line(program, i), false);
    }
  }

  std::string text() { return std::move(text_) + '\n'; }

 private:
  std::string in_colour(const char* number, const std::string& text) const {
    return paper_.colour && !text.empty() ? fmt::format("\x1b[{}m{}\x1b[m", number, text) : text;
  }

  Paper paper_;
  std::size_t half_;
  std::string text_;
};

}  // namespace

std::string side_by_side(const std::string& title, const Column& page, const Column& program, Paper paper) {
  Writer writer(paper);
  writer.title(title);
  writer.row(&page.head, &program.head, true);
  std::vector<const std::string*> on_page;  // the lines that differ, since the last that were the same
  std::vector<const std::string*> printed;
  const auto write_differing = [&] {
    writer.differing(on_page, printed);
    on_page.clear();
    printed.clear();
  };
  for (const Pair& pair : align(comparable(page.lines), comparable(program.lines))) {
    if (!pair.same) {
      if (pair.page) on_page.push_back(&page.lines[*pair.page]);
      if (pair.printed) printed.push_back(&program.lines[*pair.printed]);
    } else if (pair.page) {
      write_differing();
      const std::string& line = page.lines[*pair.page];
      writer.row(&line, pair.printed ? &program.lines[*pair.printed] : &line, true);
    }
  }
  write_differing();
  return writer.text();
}
