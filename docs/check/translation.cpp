#include "docs/check/translation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace {

// A heading and what stands below it, up to the next.
struct Section {
  Heading heading;
  std::vector<const Block*> blocks;
  std::string prose;  // without blocks, and with single spaces
};

std::vector<Section> sections_of(const Page& page) {
  std::vector<Section> sections;
  auto block = page.blocks.begin();
  for (std::size_t i = 0; i < page.headings.size(); ++i) {
    const std::size_t end = i + 1 < page.headings.size() ? page.headings[i + 1].line : page.lines.size() + 1;
    Section& section = sections.emplace_back(Section{page.headings[i], {}, {}});
    for (std::size_t line = section.heading.line; line < end; ++line) {
      while (block != page.blocks.end() && block->line < line) ++block;
      if (block != page.blocks.end() && block->line == line) {
        section.blocks.push_back(&*block);
        line += block->lines.size() + 1;
        continue;
      }
      std::istringstream words(page.lines[line - 1]);
      for (std::string word; words >> word;) section.prose += word + ' ';
    }
  }
  return sections;
}

// FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
std::string mark_of(const Section& section) {
  std::uint32_t hash = 2'166'136'261;
  for (const char byte : section.prose) hash = (hash ^ static_cast<unsigned char>(byte)) * 16'777'619U;
  return fmt::format("<a id=\"{}\"></a><!-- {:08x} -->", section.heading.anchor, hash);
}

bool is_mark(const std::string& line) {
  static const std::regex mark(R"re(<a id="[^"]*"></a><!-- [0-9a-f]{8} -->)re");
  return std::regex_match(line, mark);
}

// The mark above a heading, or an empty line.
std::string mark_above(const Page& page, const Heading& heading) {
  for (std::size_t i = heading.line - 1; i-- > 0;) {
    if (!page.lines[i].empty()) return is_mark(page.lines[i]) ? page.lines[i] : "";
  }
  return {};
}

std::string anchor_in(const std::string& mark) {
  return mark.substr(0, mark.find('>'));
}

// Where the headings part; nothing if they are the same.
std::vector<Problem> heading_faults(const Page& english, const Page& chinese) {
  const std::size_t both = std::min(english.headings.size(), chinese.headings.size());
  for (std::size_t i = 0; i < both; ++i) {
    const Heading& one = english.headings[i];
    const Heading& other = chinese.headings[i];
    if (one.level != other.level) {
      return {
          {chinese.place(other.line), fmt::format("a heading of level {}; the English one, {}, has level {}",
                                                  other.level, english.place(one.line), one.level)}};
    }
  }
  if (english.headings.size() > both)
    return {{chinese.path, "no heading for " + english.place(english.headings[both].line)}};
  if (chinese.headings.size() > both)
    return {{chinese.place(chinese.headings[both].line), "no such heading in " + english.path}};
  return {};
}

void compare_blocks(const Page& english, const Section& one, const Page& chinese, const Section& other,
                    std::vector<Problem>& problems) {
  for (std::size_t i = 0; i < std::max(one.blocks.size(), other.blocks.size()); ++i) {
    if (i == other.blocks.size()) {
      problems.push_back({chinese.place(other.heading.line),
                          "this section lacks the block of " + english.place(one.blocks[i]->line)});
      return;
    }
    const Block& block = *other.blocks[i];
    if (i == one.blocks.size() || block.language != one.blocks[i]->language) {
      problems.push_back({chinese.place(block.line), "not a block of " + english.place(one.heading.line)});
      return;
    }
    const Block& original = *one.blocks[i];
    if (is_picture(block) || block.lines == original.lines) continue;
    const auto [here, there] =
        std::mismatch(block.lines.begin(), block.lines.end(), original.lines.begin(), original.lines.end());
    const std::size_t line = static_cast<std::size_t>(here - block.lines.begin()) + 1;
    problems.push_back({chinese.place(block.line + line),
                        fmt::format("{} has here: {}", english.place(original.line + line),
                                    there == original.lines.end() ? "the end of the block" : *there)});
  }
}

}  // namespace

std::string english_of(const std::string& path) {
  if (path == "README.zh.md") return "README.md";
  return path.starts_with("docs/zh/") ? "docs/" + path.substr(8) : "";
}

std::vector<Problem> translation_faults(const Page& english, const Page& chinese) {
  std::vector<Problem> problems = heading_faults(english, chinese);
  if (!problems.empty()) return problems;

  const std::vector<Section> original = sections_of(english);
  const std::vector<Section> translated = sections_of(chinese);
  for (std::size_t i = 0; i < original.size(); ++i) {
    const Heading& heading = translated[i].heading;
    const std::string wanted = mark_of(original[i]);
    const std::string mark = mark_above(chinese, heading);
    if (mark.empty()) {
      problems.push_back(
          {chinese.place(heading.line), "the mark of its English section is missing: " + wanted});
    } else if (anchor_in(mark) != anchor_in(wanted)) {
      problems.push_back(
          {chinese.place(heading.line),
           fmt::format("the mark is that of another section than {}, which has the anchor '{}'",
                       english.place(original[i].heading.line), original[i].heading.anchor)});
    } else if (mark != wanted) {
      problems.push_back({chinese.place(heading.line),
                          fmt::format("the English section, {}, has changed since this one was translated",
                                      english.place(original[i].heading.line))});
    }
    compare_blocks(english, original[i], chinese, translated[i], problems);
  }

  const auto differs = std::mismatch(english.options.begin(), english.options.end(), chinese.options.begin(),
                                     chinese.options.end());
  if (differs.first != english.options.end())
    problems.push_back({chinese.path, "this option stands elsewhere or nowhere: " + *differs.first});
  else if (differs.second != chinese.options.end())
    problems.push_back({chinese.path, "no such option in " + english.path + ": " + *differs.second});
  return problems;
}

std::string with_new_marks(const Page& english, const Page& chinese) {
  if (const auto problems = heading_faults(english, chinese); !problems.empty())
    throw std::runtime_error(problems[0].place + ": " + problems[0].text);
  const std::vector<Section> sections = sections_of(english);
  std::string text;
  std::size_t next = 0;  // of the sections
  for (std::size_t i = 0; i < chinese.lines.size(); ++i) {
    if (next < sections.size() && chinese.headings[next].line == i + 1)
      text += mark_of(sections[next++]) + "\n\n";
    if (is_mark(chinese.lines[i])) {
      if (i + 1 < chinese.lines.size() && chinese.lines[i + 1].empty()) ++i;
    } else {
      text += chinese.lines[i] + '\n';
    }
  }
  return text;
}
