#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <regex>
#include <stdexcept>

#include "docs/check/check.hpp"

namespace {

// What stands below a heading, without blocks, up to the next heading. Spaces and line breaks are as one.
std::string prose_of(const Page& page, std::size_t heading) {
  const std::size_t begin = page.headings[heading].line;
  const std::size_t end =
      heading + 1 < page.headings.size() ? page.headings[heading + 1].line : page.lines.size() + 1;
  std::string prose;
  for (std::size_t line = begin; line < end; ++line) {
    const auto block = std::ranges::find(page.blocks, line, &Block::line);
    if (block != page.blocks.end()) {
      line += block->lines.size() + 1;
      continue;
    }
    prose += page.lines[line - 1] + '\n';
  }
  return in_one_line(prose) + ' ';
}

// FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
std::string mark_of(const Page& english, std::size_t heading) {
  std::uint32_t hash = 2'166'136'261;
  for (const char byte : prose_of(english, heading))
    hash = (hash ^ static_cast<unsigned char>(byte)) * 16'777'619U;
  return fmt::format("<a id=\"{}\"></a><!-- {:08x} -->", english.headings[heading].anchor, hash);
}

bool is_mark(const std::string& line) {
  static const std::regex mark(R"re(<a id="[^"]*"></a><!-- [0-9a-f]{8} -->)re");
  return std::regex_match(line, mark);
}

}  // namespace

std::string english_of(const std::string& path) {
  if (path == "README.zh.md") return "README.md";
  return path.starts_with("docs/zh/") ? "docs/" + path.substr(8) : "";
}

std::vector<Problem> translation_faults(const Page& english, const Page& chinese) {
  const auto [one, other] =
      std::ranges::mismatch(english.outline, chinese.outline, {}, &Line::text, &Line::text);
  if (one != english.outline.end() || other != chinese.outline.end()) {
    const std::size_t line = other == chinese.outline.end() ? chinese.lines.size() : other->number;
    const std::string wanted = one == english.outline.end()
                                   ? english.path + " has nothing more here"
                                   : english.place(one->number) + " has here: " + one->text;
    return {{chinese.place(line), wanted}};
  }

  std::vector<Problem> problems;
  for (std::size_t i = 0; i < english.headings.size(); ++i) {
    const std::string place = chinese.place(chinese.headings[i].line);
    const std::string wanted = mark_of(english, i);
    std::size_t above = chinese.headings[i].line - 1;
    const std::string mark = line_above(chinese.lines, above);
    if (!is_mark(mark) || mark.substr(0, mark.find('>')) != wanted.substr(0, wanted.find('>'))) {
      problems.push_back({place, "the mark of its English section is missing: " + wanted});
    } else if (mark != wanted) {
      problems.push_back(
          {place, fmt::format("the English section, {}, has changed since this one was translated",
                              english.place(english.headings[i].line))});
    }
  }
  return problems;
}

std::string with_new_marks(const Page& english, const Page& chinese) {
  if (!std::ranges::equal(english.headings, chinese.headings, {}, &Heading::level, &Heading::level))
    throw std::runtime_error(chinese.path + " does not have the headings of " + english.path);
  std::string text;
  std::size_t next = 0;  // of the headings
  for (std::size_t i = 0; i < chinese.lines.size(); ++i) {
    if (next < chinese.headings.size() && chinese.headings[next].line == i + 1)
      text += mark_of(english, next++) + "\n\n";
    if (is_mark(chinese.lines[i])) {
      if (i + 1 < chinese.lines.size() && chinese.lines[i + 1].empty()) ++i;
    } else {
      text += chinese.lines[i] + '\n';
    }
  }
  return text;
}
