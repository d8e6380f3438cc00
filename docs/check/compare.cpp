// ./tutorial compare: what the pages show beside what the programs print; --update makes the pages true,
// and --translated renews the marks of a page in Chinese.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "docs/check/check.hpp"
#include "docs/check/columns.hpp"
#include "docs/check/translation.hpp"
#include "docs/check/update.hpp"

namespace {

const Repository repository = {REPOSITORY, BUILD};

struct Count {
  std::size_t same = 0;
  std::size_t all = 0;
};

struct Counts {
  Count steps;
  Count code;
  std::map<std::string, int> skipped;
  std::size_t problems = 0;
};

Paper paper() {
  winsize size{};
  const bool is_terminal = isatty(STDOUT_FILENO) != 0;
  if (!is_terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_col == 0) size.ws_col = 100;
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org
  return {size.ws_col, is_terminal && (no_color == nullptr || *no_color == '\0')};
}

std::string title(const Page& page, const Block& block, bool same) {
  return fmt::format("{}: {}{}", page.place(block.line), block.caption, same ? "" : "  (DIFFERS)");
}

void compare(const Page& page, const Report& report, Counts& counts) {
  for (const Shown& shown : report.shown) {
    fmt::print("{}", side_by_side(title(page, *shown.block, shown.same), {"THE PAGE", shown.block->lines},
                                  {"YOUR BUILD", shown.printed}, paper()));
    counts.steps.same += shown.same ? 1 : 0;
    ++counts.steps.all;
  }
  for (const Quote& quote : report.quotes) {
    if (!quote.same) {
      fmt::print("{}", side_by_side(title(page, *quote.block, false), {"THE PAGE", quote.block->lines},
                                    {"THE FILE " + quote.file, quote.now.value_or(Lines())}, paper()));
    }
    counts.code.same += quote.same ? 1 : 0;
    ++counts.code.all;
  }
  for (const Problem& problem : report.problems) {
    fmt::print("{}: {}\n", problem.place, problem.text.substr(0, problem.text.find('\n')));
  }
  if (!report.problems.empty()) fmt::print("\n");
  for (const auto& [reason, count] : report.skipped) counts.skipped[reason] += count;
  counts.problems += report.problems.size();
}

void update(const Page& page, const Report& report) {
  const Update update = updated_page(page, report);
  for (const Problem& problem : update.left) fmt::print("{}: {}\n", problem.place, problem.text);
  if (update.blocks > 0) std::ofstream(repository.root / page.path) << update.text;
  fmt::print("{}: {} block{} updated\n\n", page.path, update.blocks, update.blocks == 1 ? "" : "s");
}

int run(const std::vector<std::string>& arguments) {
  std::string name;
  bool updates = false;
  bool translated = false;
  for (const std::string& argument : arguments) {
    if (argument == "--update") {
      updates = true;
    } else if (argument == "--translated") {
      translated = true;
    } else if (name.empty() && !argument.starts_with('-')) {
      name = argument;
    } else {
      fmt::print(stderr, "compare: '{}'? Usage: compare [PAGE] [--update | --translated]\n", argument);
      return 2;
    }
  }
  std::vector<std::string> paths = page_paths(repository);
  if (!name.empty()) std::erase_if(paths, [&](const std::string& path) { return page_name(path) != name; });
  if (paths.empty()) {
    fmt::print(stderr, "compare: there is no page '{}'\n", name);
    return 2;
  }

  if (translated && (name.empty() || english_of(paths[0]).empty())) {
    fmt::print(stderr, "compare: --translated needs a page in Chinese, such as zh_part1\n");
    return 2;
  }

  Counts counts;
  for (const std::string& path : paths) {
    if (translated) {
      const std::string text =
          with_new_marks(read_page(repository, english_of(path)), read_page(repository, path));
      std::ofstream(repository.root / path) << text;
    }
    const Page page = read_page(repository, path);
    const Report report = check_page(page, repository);
    compare(page, report, counts);
    if (updates) update(page, report);
  }
  fmt::print("{} of {} steps and {} of {} code blocks are the same", counts.steps.same, counts.steps.all,
             counts.code.same, counts.code.all);
  for (const auto& [reason, count] : counts.skipped) fmt::print("; {} not run: {}", count, reason);
  fmt::print("\n");
  return counts.problems == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    setenv("TUTORIAL_INSIDE_TEST", "1", 1);  // a page that runs the tests is not a reason to run them here
    std::filesystem::current_path(repository.root);
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "compare: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
