// ./tutorial compare: what the pages show beside what the programs print; --update makes the pages true,
// and --translated renews the marks of a page in Chinese.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "docs/check/check.hpp"

namespace {

void show(const Page& page, const Report& report) {
  for (const Shown& one : report.blocks) {
    if (one.diff.empty()) continue;
    fmt::print("{}: {}{}\n{}\n", page.place(one.block->line), one.block->caption,
               one.same ? "" : "  (DIFFERS)", one.diff);
  }
  for (const Problem& problem : report.problems) {
    fmt::print("{}: {}\n", problem.place, problem.text.substr(0, problem.text.find('\n')));
  }
  fmt::print("{}\n\n", report.summary(page));
}

void update(const Page& page, const Report& report) {
  const Update update = updated_page(page, report);
  for (const Problem& problem : update.left) fmt::print("{}: {}\n", problem.place, problem.text);
  if (update.blocks > 0) std::ofstream(page.path) << update.text;
  fmt::print("{}: {} block{} updated\n\n", page.path, update.blocks, update.blocks == 1 ? "" : "s");
}

int run(std::vector<std::string> arguments) {
  const bool updates = std::erase(arguments, "--update") > 0;
  const bool translated = std::erase(arguments, "--translated") > 0;
  std::string name;
  for (const std::string& argument : arguments) {
    if (!name.empty() || argument.starts_with('-')) {
      fmt::print(stderr, "compare: '{}'? Usage: compare [PAGE] [--update | --translated]\n", argument);
      return 2;
    }
    name = argument;
  }
  std::vector<std::string> paths = page_paths(".");
  if (!name.empty()) std::erase_if(paths, [&](const std::string& path) { return page_name(path) != name; });
  if (paths.empty()) {
    fmt::print(stderr, "compare: there is no page '{}'\n", name);
    return 2;
  }
  if (translated && (name.empty() || english_of(paths[0]).empty())) {
    fmt::print(stderr, "compare: --translated needs a page in Chinese, such as zh_part1\n");
    return 2;
  }

  bool are_true = true;
  for (const std::string& path : paths) {
    if (translated) {
      const std::string text = with_new_marks(read_page(english_of(path)), read_page(path));
      std::ofstream(path) << text;
    }
    const Page page = read_page(path);
    const Report report = check_page(page, BUILD);
    show(page, report);
    if (updates) update(page, report);
    are_true = are_true && report.problems.empty();
  }
  return are_true ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    std::filesystem::current_path(REPOSITORY);
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "compare: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
