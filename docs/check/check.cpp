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
  Checker(const Page& page, const Repository& repository, Patience patience)
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
    report_.quotes.push_back({&block, block.lines == now, now.has_value(), now.value_or(Lines())});
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
    const bool is_code = block.language == "cpp" || block.language == "cmake" || block.language == "bash";
    if (const std::string own = own_file(block); block.language != "console" && !own.empty()) {
      console_.write_file(own, block.lines);
      ++report_.unchecked["typed in"];
    } else if (block.language == "console") {
      console_.run(block);
    } else if (is_picture(block)) {
      ++report_.unchecked["pictures"];
    } else if (block.caption.find("not in the repository") != std::string::npos) {
      ++report_.unchecked["not in the repository"];
    } else if (is_code) {
      code(block);
    } else if (block.language == "diff") {
      difference_block(block);
    } else if (block.language == "python" && block.caption.find("Python") != std::string::npos) {
      ++report_.unchecked["Python"];
    } else if (block.language == "python") {
      problem(block.line, "the line above this block does not say that it is Python's");
    } else {
      problem(block.line,
              fmt::format(
                  "a block of '{}': it has to be cpp, cmake, bash, diff, python, console, text or mermaid",
                  block.language));
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
      problem(block.line,
              "the line above this block names no file of the repository, nor says that it is "
              "\"not in the repository\"");
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
    const std::vector<Pair> pairs = align(block.lines, *now);
    const std::size_t line = std::min(first_difference(pairs).value_or(0) + 1, block.lines.size());
    problem(block.line + line,
            fmt::format("the page (-) and {} (+) differ:\n{}", file, diff(pairs, block.lines, *now)));
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
    static const std::regex url(R"(https?://[A-Za-z0-9.-]+(:[0-9]+)?([/?#]\S*)?)");
    const std::string& target = link.target;
    if (target.starts_with("http:") || target.starts_with("https:")) {
      if (!std::regex_match(target, url)) problem(link.line, fmt::format("'{}' is not an address", target));
      return;
    }
    const std::size_t hash = std::min(target.find('#'), target.size());
    const std::string anchor = target.substr(std::min(hash + 1, target.size()));
    const fs::path from = repository_.root / page_.path;
    const fs::path to = hash == 0 ? from : (from.parent_path() / target.substr(0, hash)).lexically_normal();
    const std::string name = to.lexically_relative(repository_.root);
    if (target.empty() || target.starts_with('/') || name.starts_with("..") ||
        (hash != 0 && !fs::exists(to))) {
      problem(link.line, fmt::format("a dead link: there is no '{}'", target.substr(0, hash)));
    } else if (hash < target.size() && !has_anchor(to, name, anchor)) {
      problem(link.line, fmt::format("a dead link: there is no '#{}' in {}", anchor, name));
    }
  }

  bool has_anchor(const fs::path& file, const std::string& name, const std::string& anchor) {
    static const std::regex line_numbers(R"(L([0-9]{1,6})(-L([0-9]{1,6}))?)");
    if (name == page_.path) return page_.anchors.contains(anchor);
    if (file.extension() == ".md") return read_page(repository_, name).anchors.contains(anchor);
    std::smatch match;
    if (!fs::is_regular_file(file) || !std::regex_match(anchor, match, line_numbers)) return false;
    const std::size_t last = std::stoul(match[3].matched ? match[3] : match[1]);
    return last >= 1 && last <= read_lines(file).size();
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
    const Lines help = help_of(path);
    const std::vector<Pair> pairs = align(rows, help);
    const auto row = first_difference(pairs);
    if (!row) return;
    problem(*row < table.rows.size() ? table.rows[*row].number : table.line,
            fmt::format("the table (-) and {} --help (+) differ:\n{}", *program, diff(pairs, rows, help)));
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
  std::string text = fmt::format("{}: {}, {}, {} checked", page.path, counted(quotes.size(), "code block"),
                                 counted(shown.size(), "console block"), counted(links, "link"));
  for (const auto& [reason, count] : skipped) text += fmt::format("; {} skipped: {}", count, reason);
  std::string separator = "; other blocks: ";
  for (const auto& [what, count] : unchecked) {
    text += fmt::format("{}{} ({})", std::exchange(separator, ", "), what, count);
  }
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

Report check_page(const Page& page, const Repository& repository, Patience patience) {
  return Checker(page, repository, patience).check();
}

Update updated_page(const Page& page, const Report& report) {
  Update update;
  std::map<std::size_t, std::pair<const Block*, Lines>> rewritten;  // by the line of the block
  for (const auto* list : {&report.shown, &report.quotes}) {
    for (const Shown& one : *list) {
      if (one.same) continue;
      const Block& block = *one.block;
      const Lines lines = list == &report.shown ? updated(block.lines, one.printed) : one.printed;
      if (one.whole && lines != block.lines)
        rewritten[block.line] = {&block, lines};
      else
        update.left.push_back({page.place(block.line), "this block differs, and is left as it is"});
    }
  }
  update.blocks = rewritten.size();
  for (std::size_t i = 0; i < page.lines.size(); ++i) {
    update.text += page.lines[i] + '\n';
    const auto found = rewritten.find(i + 1);
    if (found == rewritten.end()) continue;
    for (const std::string& line : found->second.second) update.text += line + '\n';
    i += found->second.first->lines.size();
  }
  return update;
}
