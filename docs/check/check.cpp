#include "docs/check/check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <utility>

#include "common/testing/process.hpp"

namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

class Checker {
 public:
  Checker(const Page& page, const fs::path& build, std::chrono::milliseconds patience)
      : page_(page), build_(build), patience_(patience) {}

  Report check() {
    report_.problems = page_.problems;
    const std::string english = english_of(page_.path);
    english.empty() ? original() : translation(english);
    for (const Line& one : page_.links) link(one);
    return std::move(report_);
  }

 private:
  void problem(std::size_t line, std::string text) {
    report_.problems.push_back({page_.place(line), std::move(text)});
  }

  // What blocks quote: the lines of a file, or of the difference between two.
  struct Source {
    Lines lines;
    std::set<std::size_t> shown;  // those that are on the page, from 0
    std::size_t line = 0;         // of the block that quotes it first
  };

  void original() {
    run_consoles(page_, build_, patience_, report_);
    for (const Block& one : page_.blocks) {
      const bool is_code = one.language != "console" && one.language != "python" && !one.is_picture();
      if (!is_code || !one.own_file.empty()) continue;
      const bool is_file = one.language != "diff" || one.caption.find(".diff`") != std::string::npos;
      is_file ? code(one) : difference(one);
    }
    whole_differences();
    whole_programs();
    for (const OptionTable& table : page_.tables) options(table);
  }

  // Its blocks are those of the English page, which are run and looked for there.
  void translation(const std::string& english) {
    if (!fs::is_regular_file(english)) {
      report_.problems.push_back({page_.path, "there is no " + english});
      return;
    }
    const Page original = read_page(english);
    std::ranges::copy(translation_faults(original, page_), std::back_inserter(report_.problems));
    if (!std::ranges::equal(page_.blocks, original.blocks, {}, &Block::language, &Block::language)) return;
    for (std::size_t i = 0; i < page_.blocks.size(); ++i) {
      const Block& block = page_.blocks[i];
      const Lines& lines = original.blocks[i].lines;
      if (!block.is_picture()) show(block, block.lines == lines, lines);
    }
  }

  void show(const Block& block, bool same, const Lines& updated) {
    report_.blocks.push_back({&block, same, same ? "" : compare(block.lines, updated).diff, updated});
  }

  // The files that a text names in `backticks`, by their paths from the root, or as targets of links: each where it
  // is named last.
  std::vector<std::string> files_in(const std::string& line) const {
    static const std::regex name(R"(`([^`]+)`|\]\(([^)\s#]+)[^)]*\))");
    std::vector<std::string> files;
    for (std::sregex_iterator i(line.begin(), line.end(), name), end; i != end; ++i) {
      const fs::path from = (*i)[1].matched ? fs::path() : fs::path(page_.path).parent_path();
      const std::string file = (from / ((*i)[1].matched ? (*i)[1] : (*i)[2]).str()).lexically_normal();
      if (!fs::is_regular_file(file)) continue;
      std::erase(files, file);
      files.push_back(file);
    }
    return files;
  }

  void code(const Block& block) {
    const std::vector<std::string> files = files_in(block.caption);
    if (files.empty()) {
      problem(block.line, "the line above this block names no file of the repository");
      return;
    }
    Source& file = files_[files.front()];
    if (file.lines.empty()) file.lines = split_lines(content_of(files.front()));
    quote(block, files.front(), file);
  }

  void difference(const Block& block) {
    const std::vector<std::string> files = files_in(block.paragraph);
    if (files.size() < 2) {
      problem(block.line, "the paragraph above this block does not name two files of the repository");
      return;
    }
    const std::string& from = files[files.size() - 2];
    const std::string& to = files.back();
    const std::string name = fmt::format("the difference from {} to {}", from, to);
    Source& source = differences_[name];
    if (source.lines.empty()) source = {difference_between(from, to), {}, block.line};
    quote(block, name, source);
    known_.insert(to);  // whoever knows the one file and the difference knows the other
  }

  // All lines of both files, with the marks of diff(1); empty if the files are the same.
  static Lines difference_between(const std::string& from, const std::string& to) {
    Process git({"git", "diff", "--no-index", "--no-ext-diff", "--no-textconv", "--no-color", "--histogram",
                 "--unified=1000000", "--", from, to});
    Lines lines = split_lines(git.rest());
    const auto head = std::ranges::find_if(lines, [](const auto& line) { return line.starts_with("@@"); });
    lines.erase(lines.begin(), head == lines.end() ? head : head + 1);
    std::ranges::replace(lines, " ", "");  // as editors leave a blank line
    return lines;
  }

  // The block has to be runs of lines of the source, with `...` between them.
  void quote(const Block& block, const std::string& name, Source& source) {
    bool same = true;
    Lines updated;
    for (auto begin = block.lines.begin();;) {
      const auto end = std::find(begin, block.lines.end(), left_out);
      Lines run(begin, end);
      const std::vector<std::size_t> places = places_in(source.lines, run);
      for (const std::size_t place : places) {
        for (std::size_t i = 0; i < run.size(); ++i) source.shown.insert(place + i);
      }
      if (places.empty()) {
        const std::optional<Lines> other = rewritten(source.lines, run);
        const Comparison comparison = compare(run, other.value_or(run));
        const auto first = block.line + 1 + static_cast<std::size_t>(begin - block.lines.begin());
        problem(first + comparison.first_difference.value_or(0),
                other ? fmt::format("the page (-) and {} (+) differ:\n{}", name, comparison.diff)
                      : fmt::format("these are not lines of {}", name));
        run = other.value_or(run);
        same = false;
      }
      updated.insert(updated.end(), run.begin(), run.end());
      if (end == block.lines.end()) break;
      updated.push_back(left_out);
      begin = end + 1;
    }
    show(block, same, updated);
  }

  // Every line that is taken out or put in stands on the page.
  void whole_differences() {
    for (const auto& [name, source] : differences_) {
      Lines missing;
      for (std::size_t i = 0; i < source.lines.size(); ++i) {
        const bool is_change = source.lines[i].starts_with('-') || source.lines[i].starts_with('+');
        if (is_change && !source.shown.contains(i)) missing.push_back(source.lines[i]);
      }
      if (!missing.empty())
        problem(source.line, fmt::format("{} lacks:\n  {}\n", name, fmt::join(missing, "\n  ")));
    }
  }

  // Every line of a part's server and clients, and of the steps that lead to them, stands on the part's page.
  void whole_programs() {
    static const std::regex page(R"(docs/(part[0-9]+)\.md)");
    static const std::regex program(R"([^/]+/(steps/[^/]+|server|client(?!_test)\w*)\.cpp)");
    std::smatch match;
    if (!std::regex_match(page_.path, match, page)) return;
    for (const auto& folder : fs::directory_iterator(".")) {
      if (!folder.path().filename().string().starts_with(match[1].str() + '_')) continue;
      for (const auto& file : fs::recursive_directory_iterator(folder)) {
        const std::string name = file.path().lexically_normal();
        if (std::regex_match(name, program) && !known_.contains(name)) whole_program(name);
      }
    }
  }

  void whole_program(const std::string& name) {
    const Lines lines = split_lines(content_of(name));
    const std::set<std::size_t>& on_page = files_[name].shown;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (on_page.contains(i) || lines[i].empty()) continue;
      const std::size_t first = i;
      while (i < lines.size() && !on_page.contains(i)) ++i;
      report_.problems.push_back({fmt::format("{}:{}", name, first + 1),
                                  fmt::format("lines {} to {} are not on the page {}; the first is:\n  {}\n",
                                              first + 1, i, page_.path, lines[first])});
    }
  }

  void link(const Line& link) {
    if (link.text.starts_with("http:") || link.text.starts_with("https:")) return;
    const std::size_t hash = link.text.find('#');
    const std::string target = link.text.substr(0, hash);
    std::string file = page_.path;
    if (!target.empty()) file = (fs::path(page_.path).parent_path() / target).lexically_normal();
    const bool is_there = hash == 0 || fs::exists(file);
    if (target.starts_with('/') || file.starts_with("..") || link.text.empty() || !is_there) {
      problem(link.number, fmt::format("a dead link: there is no '{}'", target));
    } else if (hash != std::string::npos) {
      if (!target.empty() && !linked_.contains(file)) linked_[file] = read_page(file);
      const Page& to = target.empty() ? page_ : linked_[file];
      const std::string anchor = link.text.substr(hash + 1);
      if (!to.anchors.contains(anchor))
        problem(link.number, fmt::format("a dead link: there is no '#{}' in {}", anchor, file));
    }
  }

  void options(const OptionTable& table) {
    static const std::regex name("`build/([^`]*)`");
    const std::string program = found_in(table.caption, name);
    const fs::path path = build_ / program;
    if (!fs::is_regular_file(path)) {
      problem(table.line, "the line above this table names no program, such as `build/part1_basic/client`");
      return;
    }
    Lines help;
    Process process({path.string(), "--help"});
    for (const std::string& line : split_lines(process.rest())) {
      const std::string option = in_one_line(line);
      if (option.starts_with("--") && !option.starts_with("--help ")) help.push_back(option);
    }
    const Comparison comparison = compare(table.rows, help);
    if (comparison.first_difference)
      problem(table.line,
              fmt::format("the table (-) and build/{} --help (+) differ:\n{}", program, comparison.diff));
  }

  const Page& page_;
  const fs::path& build_;
  std::chrono::milliseconds patience_;
  Report report_;
  std::map<std::string, Source> files_;
  std::map<std::string, Source> differences_;
  std::set<std::string> known_;  // files that the page shows whole, but not by their own lines
  std::map<std::string, Page> linked_;
};

std::string counted(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

std::string Report::summary(const Page& page) const {
  const auto is_console = [](const Shown& one) { return one.block->language == "console"; };
  const auto consoles = static_cast<std::size_t>(std::ranges::count_if(blocks, is_console));
  std::string text =
      fmt::format("{}: {}, {}, {} checked", page.path, counted(blocks.size() - consoles, "code block"),
                  counted(consoles, "console block"), counted(page.links.size(), "link"));
  for (const auto& [reason, count] : skipped) text += fmt::format("; {} skipped: {}", count, reason);
  return text;
}

std::vector<std::string> page_paths(const fs::path& root) {
  static const std::regex folder("docs(/zh(/lab)?)?|part[^/]*");
  static const std::regex page(R"((part[^/]*/)?README\.(.*\.)?md|docs/(zh/(lab/)?)?[^/]*\.md)");
  std::set<std::string> paths;
  for (fs::recursive_directory_iterator i(root), end; i != end; ++i) {
    const std::string path = i->path().lexically_relative(root);
    if (!std::regex_match(path, folder)) i.disable_recursion_pending();
    if (std::regex_match(path, page)) paths.insert(path);
  }
  return {paths.begin(), paths.end()};
}

std::string page_name(const std::string& path) {
  static const std::regex ends(R"(^docs/(?=part|zh/)|\.md$)");
  static const std::regex others("[^A-Za-z0-9]");
  return std::regex_replace(std::regex_replace(path, ends, ""), others, "_");
}

Page read_page(const std::string& path) {
  return parse_page(path, content_of(path));
}

Report check_page(const Page& page, const fs::path& build, std::chrono::milliseconds patience) {
  return Checker(page, build, patience).check();
}

Update updated_page(const Page& page, const Report& report) {
  Update update;
  std::map<std::size_t, const Shown*> rewritten;  // by the line of the block
  for (const Shown& one : report.blocks) {
    const Block& block = *one.block;
    if (one.same) continue;
    if (one.updated != block.lines)
      rewritten[block.line] = &one;
    else
      update.left.push_back({page.place(block.line), "this block differs, and is left as it is"});
  }
  update.blocks = rewritten.size();
  for (std::size_t i = 0; i < page.lines.size(); ++i) {
    update.text += page.lines[i] + '\n';
    const auto found = rewritten.find(i + 1);
    if (found == rewritten.end()) continue;
    for (const std::string& line : found->second->updated) update.text += line + '\n';
    i += found->second->block->lines.size();
  }
  return update;
}
