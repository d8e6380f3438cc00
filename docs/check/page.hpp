// A page of the tutorial, taken apart: its blocks, links, headings and tables of options.
#pragma once

#include <cstddef>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using Lines = std::vector<std::string>;

/// Something that is not as it should be, and where: `docs/part1.md:57`.
struct Problem {
  std::string place;
  std::string text;
};

/// What stands between two lines of ```.
struct Block {
  std::size_t line = 0;   // the number of the opening ```; the first of `lines` is one further down
  std::string language;   // "cpp", "console", ...
  std::string caption;    // the nearest line above that is not blank: it names the file or the terminal
  std::string paragraph;  // the caption, and the lines right above it
  std::string own_file;   // of my/, if the caption names one: the reader types the block in
  std::string not_run;    // the reason, if `<!-- not run: REASON -->` stands above the caption
  Lines lines;

  /// A picture of characters, or of Mermaid: it has words of its own, and is not code.
  bool is_picture() const { return language == "text" || language == "mermaid"; }
};

/// A line of a page, or what it says.
struct Line {
  std::size_t number = 0;
  std::string text;
};

/// A table whose first column is headed "option".
struct OptionTable {
  std::size_t line = 0;  // of the head
  std::string caption;
  Lines rows;  // as --help has it: `--port PORT the port (default 1234)`
};

struct Heading {
  std::size_t line = 0;
  std::size_t level = 0;  // the number of its #
  std::string anchor;
};

struct Page {
  std::string path;  // from the repository root: "docs/part1.md"
  Lines lines;
  std::vector<Block> blocks;
  std::vector<Line> links;  // their targets, and those of images
  std::vector<Heading> headings;
  std::set<std::string> anchors;  // what a link's #... can name
  std::vector<OptionTable> tables;
  // What a translation has in common with it: the levels of headings, the lines of blocks but pictures, folds and
  // whether each is a hint, a solution or an answer, the comment that says how a bug of the lab is checked, and
  // `--port PORT | 1234` for each row of a table of options.
  std::vector<Line> outline;
  std::vector<Problem> problems;  // what cannot be taken apart

  std::string place(std::size_t line) const { return path + ':' + std::to_string(line); }
};

/// Takes a page apart. Headings get their anchors by GitHub's rule: lower case, without punctuation, `-` for
/// spaces. A page has no two headings of the same name.
Page parse_page(std::string path, const std::string& text);

/// The nearest line above `line` (which counts from 0, and is that line's number then) that is not blank; empty if
/// there is none.
std::string line_above(const Lines& lines, std::size_t& line);

/// What the pattern's group finds first in the text; empty if it finds nothing.
std::string found_in(const std::string& text, const std::regex& pattern);

/// The text without the spaces and tabs around it.
std::string trimmed(std::string_view text);

/// The words of a text, with one space between two.
std::string in_one_line(const std::string& text);

/// The lines of a text, without their ends.
Lines split_lines(const std::string& text);
