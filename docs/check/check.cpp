#include "docs/check/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <utility>

#include "common/testing/process.hpp"
#include "docs/check/code.hpp"
#include "docs/check/translation.hpp"

namespace {

namespace fs = std::filesystem;

class Checker {
 public:
  Checker(const Page& page, const Repository& repository, std::chrono::milliseconds patience)
      : page_(page), repository_(repository), console_(page, repository.build, patience, report_) {}

  Report check() {
    report_.problems = page_.problems;
    report_.links = page_.links.size();
    if (const std::string english = english_of(page_.path); !english.empty()) {
      translation(english);
      return std::move(report_);
    }
    for (const Block& one : page_.blocks) block(one);
    for (const Difference& one : differences_) difference(one);
    console_.finish();
    whole_programs();
    for (const OptionTable& table : page_.tables) options(table);
    for (const Link& one : page_.links) link(one);
    return std::move(report_);
  }

 private:
  void problem(std::size_t line, std::string text) {
    report_.problems.push_back({page_.place(line), std::move(text)});
  }

  void quote(const Block& block, const std::optional<Lines>& now) {
    Shown& shown = report_.blocks.emplace_back();
    shown.block = &block;
    shown.updated = now.value_or(Lines());
    shown.same = block.lines == shown.updated;
    shown.whole = now.has_value();
    if (!shown.same) shown.diff = compare(block.lines, shown.updated).diff;
  }

  // Its blocks are those of the English page, which are run and looked for there.
  void translation(const std::string& english) {
    if (!fs::is_regular_file(repository_.root / english)) {
      report_.problems.push_back({page_.path, "there is no " + english});
      return;
    }
    const Page original = read_page(repository_, english);
    const auto faults = translation_faults(original, page_);
    report_.problems.insert(report_.problems.end(), faults.begin(), faults.end());
    if (std::ranges::equal(page_.blocks, original.blocks, {}, &Block::language, &Block::language)) {
      for (std::size_t i = 0; i < page_.blocks.size(); ++i)
        if (!is_picture(page_.blocks[i])) quote(page_.blocks[i], original.blocks[i].lines);
    }
    for (const Link& one : page_.links) link(one);
  }

  void block(const Block& block) {
    const std::string own = own_file(block);
    if (block.language == "console") {
      console_.run(block);
    } else if (!own.empty()) {
      console_.write_file(own, block.lines);
    } else if (block.language == "diff" && block.caption.find(".diff`") == std::string::npos) {
      difference_block(block);
    } else if (block.language != "python" && !is_picture(block)) {
      code(block);
    }
  }

  static std::string own_file(const Block& block) {
    for (const std::string& span : code_spans(block.caption)) {
      if (span.starts_with("my/") && span.find("..") == std::string::npos) return span;
    }
    return {};
  }

  // The files that a text names in `backticks`, by their paths from the root, or as targets of links: each where it
  // is named last.
  std::vector<std::string> files_in(const std::string& line) const {
    static const std::regex name(R"(`([^`]+)`|\]\(([^)\s#]+)[^)]*\))");
    std::vector<std::string> files;
    for (std::sregex_iterator i(line.begin(), line.end(), name), end; i != end; ++i) {
      const fs::path from = (*i)[1].matched ? fs::path() : fs::path(page_.path).parent_path();
      const std::string file = (from / ((*i)[1].matched ? (*i)[1] : (*i)[2]).str()).lexically_normal();
      if (!fs::is_regular_file(repository_.root / file)) continue;
      std::erase(files, file);
      files.push_back(file);
    }
    return files;
  }

  void difference_block(const Block& block) {
    const std::vector<std::string> files = files_in(block.paragraph);
    if (files.size() < 2) {
      problem(block.line, "the paragraph above this block does not name two files of the repository");
      return;
    }
    const std::string& from = files[files.size() - 2];
    const std::string& to = files.back();
    for (Difference& one : differences_) {
      if (one.from == from && one.to == to) {
        one.blocks.push_back(&block);
        return;
      }
    }
    differences_.push_back({from, to, {&block}});
  }

  void difference(const Difference& one) {
    const auto found = faults(one, page_);
    report_.problems.insert(report_.problems.end(), found.begin(), found.end());
    const std::vector<Lines> now = found.empty() ? std::vector<Lines>() : rewritten(one);
    for (std::size_t i = 0; i < one.blocks.size(); ++i)
      quote(*one.blocks[i], found.empty() ? one.blocks[i]->lines : now[i]);
    // Whoever knows the one file and the difference knows the other.
    for (std::size_t i = 0; i < read_lines(one.to).size(); ++i) on_page_[one.to].insert(i);
  }

  void code(const Block& block) {
    const std::vector<std::string> files = files_in(block.caption);
    if (files.empty()) {
      problem(block.line, "the line above this block names no file of the repository");
      return;
    }
    const std::string& file = files.front();
    const Lines lines = read_lines(repository_.root / file);
    const std::vector<std::size_t> places = places_in(lines, block.lines);
    for (const std::size_t place : places) {
      for (std::size_t i = 0; i < block.lines.size(); ++i) on_page_[file].insert(place + i);
    }
    if (!places.empty()) {
      quote(block, block.lines);
      return;
    }
    const auto now = rewritten(lines, block.lines);
    quote(block, now);
    if (!now) {
      problem(block.line, fmt::format("these are not lines of {}", file));
      return;
    }
    const Comparison comparison = compare(block.lines, *now);
    const std::size_t line = std::min(comparison.first_difference.value_or(0) + 1, block.lines.size());
    problem(block.line + line, fmt::format("the page (-) and {} (+) differ:\n{}", file, comparison.diff));
  }

  // Every line of a part's server and clients, and of the steps that lead to them, stands on the part's page.
  void whole_programs() {
    static const std::regex page(R"(docs/(part[0-9]+)\.md)");
    static const std::regex program(R"([^/]+/(steps/[^/]+|server|client(?!_test)\w*)\.cpp)");
    std::smatch match;
    if (!std::regex_match(page_.path, match, page)) return;
    for (const auto& folder : fs::directory_iterator(repository_.root)) {
      if (!folder.path().filename().string().starts_with(match[1].str() + '_')) continue;
      for (const auto& file : fs::recursive_directory_iterator(folder)) {
        const std::string name = file.path().lexically_relative(repository_.root);
        if (std::regex_match(name, program)) whole_program(name);
      }
    }
  }

  void whole_program(const std::string& name) {
    const Lines lines = read_lines(repository_.root / name);
    const std::set<std::size_t>& on_page = on_page_[name];
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (on_page.contains(i) || lines[i].empty()) continue;
      const std::size_t first = i;
      while (i < lines.size() && !on_page.contains(i)) ++i;
      report_.problems.push_back({fmt::format("{}:{}", name, first + 1),
                                  fmt::format("lines {} to {} are not on the page {}; the first is:\n  {}\n",
                                              first + 1, i, page_.path, lines[first])});
    }
  }

  void link(const Link& link) {
    if (link.target.starts_with("http:") || link.target.starts_with("https:")) return;
    const std::size_t hash = link.target.find('#');
    const std::string target = link.target.substr(0, hash);
    std::string file = page_.path;
    if (!target.empty()) file = (fs::path(page_.path).parent_path() / target).lexically_normal();
    const bool is_there = hash == 0 || fs::exists(repository_.root / file);
    if (target.starts_with('/') || file.starts_with("..") || link.target.empty() || !is_there) {
      problem(link.line, fmt::format("a dead link: there is no '{}'", target));
    } else if (hash != std::string::npos) {
      const Page to = target.empty() ? page_ : read_page(repository_, file);
      const std::string anchor = link.target.substr(hash + 1);
      if (!to.anchors.contains(anchor))
        problem(link.line, fmt::format("a dead link: there is no '#{}' in {}", anchor, file));
    }
  }

  void options(const OptionTable& table) {
    const std::vector<std::string> spans = code_spans(table.caption);
    const auto program = std::find_if(spans.begin(), spans.end(),
                                      [](const std::string& span) { return span.starts_with("build/"); });
    const fs::path path = program == spans.end() ? "" : repository_.build / program->substr(6);
    if (!fs::is_regular_file(path)) {
      problem(table.line, "the line above this table names no program, such as `build/part1_basic/client`");
      return;
    }
    Lines rows;
    for (const Line& row : table.rows) rows.push_back(row.text);
    const Comparison comparison = compare(rows, help_of(path));
    if (!comparison.first_difference) return;
    const std::size_t row = *comparison.first_difference;
    problem(row < rows.size() ? table.rows[row].number : table.line,
            fmt::format("the table (-) and {} --help (+) differ:\n{}", *program, comparison.diff));
  }

  // `--buffer BYTES | 1024 | the most that one recv() returns`, an option a line; without --help itself
  static Lines help_of(const fs::path& program) {
    static const std::regex option(R"(  (--\S+ \S+)  +(.*?)(?: \(default (.*)\))?)");
    Process process({program.string(), "--help"});
    Lines rows;
    for (const std::string& line : split_lines(process.rest())) {
      std::smatch match;
      if (std::regex_match(line, match, option)) {
        rows.push_back(fmt::format("{} | {} | {}", match[1].str(), match[3].str(), match[2].str()));
      } else if (line.starts_with("  --") && !line.starts_with("  --help ")) {
        rows.push_back(line);
      }
    }
    return rows;
  }

  const Page& page_;
  const Repository& repository_;
  Report report_;
  Console console_;
  std::vector<Difference> differences_;
  std::map<std::string, std::set<std::size_t>> on_page_;  // which lines (from 0) of which file the page shows
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
                  counted(consoles, "console block"), counted(links, "link"));
  for (const auto& [reason, count] : skipped) text += fmt::format("; {} skipped: {}", count, reason);
  return text;
}

std::vector<std::string> page_paths(const Repository& repository) {
  std::set<std::string> paths;
  for (const auto& top : fs::directory_iterator(repository.root)) {
    const std::string name = top.path().filename();
    if (name == "README.md" || name == "README.zh.md") paths.insert(name);
    if (name.starts_with("part") && fs::exists(top.path() / "README.md")) paths.insert(name + "/README.md");
  }
  for (const std::string folder : {"docs/", "docs/zh/"}) {
    if (!fs::is_directory(repository.root / folder)) continue;
    for (const auto& file : fs::directory_iterator(repository.root / folder)) {
      if (file.path().extension() == ".md") paths.insert(folder + file.path().filename().string());
    }
  }
  return {paths.begin(), paths.end()};
}

std::string page_name(std::string path) {
  path.erase(path.rfind(".md"));
  if (path.starts_with("docs/part") || path.starts_with("docs/zh/")) path.erase(0, path.find('/') + 1);
  for (char& character : path) {
    if (std::isalnum(static_cast<unsigned char>(character)) == 0) character = '_';
  }
  return path;
}

Page read_page(const Repository& repository, const std::string& path) {
  std::ifstream file(repository.root / path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::stringstream text;
  text << file.rdbuf();
  return parse_page(path, text.str());
}

Report check_page(const Page& page, const Repository& repository, std::chrono::milliseconds patience) {
  return Checker(page, repository, patience).check();
}

Update updated_page(const Page& page, const Report& report) {
  Update update;
  std::map<std::size_t, const Shown*> rewritten;  // by the line of the block
  for (const Shown& one : report.blocks) {
    const Block& block = *one.block;
    if (one.same) continue;
    if (one.whole && one.updated != block.lines)
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
