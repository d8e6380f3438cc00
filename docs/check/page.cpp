#include "docs/check/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <regex>
#include <sstream>
#include <utility>

namespace {

std::string anchor_of(const std::string& markdown) {
  static const std::regex target(R"(\]\([^)]*\))");  // of a link
  const std::string heading = std::regex_replace(markdown, target, "");
  std::string anchor;
  for (std::size_t i = 0; i < heading.size(); ++i) {
    const auto byte = static_cast<unsigned char>(heading[i]);
    if (std::isalnum(byte) != 0 || byte == '-' || byte == '_') {
      anchor += static_cast<char>(std::tolower(byte));
    } else if (byte == ' ') {
      anchor += '-';
    } else if (byte == 0xe2) {
      i += 2;  // U+2000 to U+2FFF: dashes, quotes, arrows
    } else if (byte >= 0x80) {
      anchor += heading[i];
    }
  }
  return anchor;
}

// The cells of `| a | b |`, without the marks of code.
std::vector<std::string> cells_of(const std::string& line) {
  static const std::regex cell(R"(\|((?:[^|\\]|\\.)+))");
  static const std::regex marks(R"(`|\\(?=\|))");
  std::vector<std::string> cells;
  const std::string row = trimmed(line);
  for (std::sregex_token_iterator i(row.begin(), row.end(), cell, 1), end; i != end; ++i)
    cells.push_back(trimmed(std::regex_replace(i->str(), marks, "")));
  return cells;
}

class Parser {
 public:
  Parser(std::string path, const std::string& text) {
    page_.path = std::move(path);
    page_.lines = split_lines(text);
  }

  Page parse() {
    for (next_ = 0; next_ < page_.lines.size(); ++next_) {
      const std::string& line = page_.lines[next_];
      if (trimmed(line).starts_with(fence)) {
        block();
      } else if (line.starts_with("    ") && (next_ == 0 || trimmed(page_.lines[next_ - 1]).empty())) {
        problem(next_ + 1, "an indented block: write it between ``` and say what it is");
      } else {
        prose(line);
      }
    }
    return std::move(page_);
  }

 private:
  static constexpr std::string_view fence = "```";

  void problem(std::size_t line, std::string text) {
    page_.problems.push_back({page_.place(line), std::move(text)});
  }

  void block() {
    static const std::regex own_file("`(my/[^`]*)`");
    static const std::regex not_run(R"(^<!-- not run: (.*\S) *-->$)");
    Block block;
    block.line = next_ + 1;
    block.language = trimmed(trimmed(page_.lines[next_]).substr(fence.size()));
    std::size_t above = next_;
    block.caption = line_above(page_.lines, above);
    for (std::size_t i = above + 1; i-- > 0 && !trimmed(page_.lines[i]).empty();)
      block.paragraph.insert(0, page_.lines[i] + ' ');
    block.own_file = found_in(block.caption, own_file);
    block.not_run = found_in(block.caption, not_run);
    if (block.not_run.empty()) block.not_run = found_in(line_above(page_.lines, above), not_run);

    while (++next_ < page_.lines.size() && trimmed(page_.lines[next_]) != fence)
      block.lines.push_back(page_.lines[next_]);
    if (next_ == page_.lines.size()) problem(block.line, "this block does not end");
    page_.outline.push_back({block.line, "```" + block.language});
    for (std::size_t i = 0; i < block.lines.size() && !block.is_picture(); ++i)
      page_.outline.push_back({block.line + 1 + i, block.lines[i]});
    page_.blocks.push_back(std::move(block));
  }

  void prose(const std::string& line) {
    if (line.find_first_of("#<]|") == std::string::npos) return;  // most have none; a regex is slow to say so
    static const std::regex heading(R"((#{1,6}) +(.*\S) *)");
    static const std::regex named_anchor(R"re(<a id="([^"]+)">)re");
    std::smatch match;
    if (std::regex_match(line, match, heading)) {
      const auto level = static_cast<std::size_t>(match[1].length());
      const std::string anchor = anchor_of(match[2]);
      page_.headings.push_back({next_ + 1, level, anchor});
      page_.outline.push_back({next_ + 1, fmt::format("a heading of level {}", level)});
      page_.anchors.insert(anchor);
    }
    if (std::regex_search(line, match, named_anchor)) page_.anchors.insert(match[1]);
    fold(line);
    if (line.starts_with("<!-- check: ")) page_.outline.push_back({next_ + 1, line});
    links(line);
    if (line.starts_with('|')) table_line(line);
  }

  void fold(const std::string& line) {
    static const std::regex summary(
        "<summary>(?:(Hint|提示)|(Solution|解答)|(Answer|答案)|[^<]*)( [0-9])?</summary>");
    std::smatch match;
    if (std::regex_search(line, match, summary)) {
      const char* kind = match[1].matched   ? ": Hint"
                         : match[2].matched ? ": Solution"
                         : match[3].matched ? ": Answer"
                                            : "";
      page_.outline.push_back({next_ + 1, fmt::format("a fold{}{}", kind, match[4].str())});
    } else if (line == "</details>") {
      page_.outline.push_back({next_ + 1, "the end of a fold"});
    }
  }

  void links(const std::string& line) {
    static const std::regex code(R"(`[^`]*`)");
    static const std::regex link(R"(\]\(([^)\s]*)\))");  // [text](target), ![image](target)
    const std::string text = std::regex_replace(line, code, "`");
    for (std::sregex_iterator i(text.begin(), text.end(), link), end; i != end; ++i)
      page_.links.push_back({next_ + 1, (*i)[1]});
  }

  void table_line(const std::string& line) {
    const std::vector<std::string> cells = cells_of(line);
    const bool is_head = next_ == 0 || !page_.lines[next_ - 1].starts_with('|');
    if (is_head) {
      in_option_table_ = !cells.empty() && cells[0] == "option";
      std::size_t above = next_;
      if (in_option_table_) page_.tables.push_back({next_ + 1, line_above(page_.lines, above), {}});
    } else if (cells.size() > 1 && cells[0].starts_with("--") &&
               cells[0].find_first_not_of('-') != std::string::npos) {
      page_.outline.push_back({next_ + 1, cells[0] + " | " + cells[1]});
      if (!in_option_table_ || cells.size() != 3) return;
      const std::string otherwise = cells[1].empty() ? "" : " (default " + cells[1] + ')';
      page_.tables.back().rows.push_back(cells[0] + ' ' + cells[2] + otherwise);
    }
  }

  Page page_;
  std::size_t next_ = 0;
  bool in_option_table_ = false;
};

}  // namespace

Page parse_page(std::string path, const std::string& text) {
  return Parser(std::move(path), text).parse();
}

std::string line_above(const Lines& lines, std::size_t& line) {
  while (line > 0) {
    if (!trimmed(lines[--line]).empty()) return lines[line];
  }
  return {};
}

std::string found_in(const std::string& text, const std::regex& pattern) {
  std::smatch match;
  return std::regex_search(text, match, pattern) ? match[1].str() : "";
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::string in_one_line(const std::string& text) {
  std::istringstream in(text);
  std::string line;
  for (std::string word; in >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

Lines split_lines(const std::string& text) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}
