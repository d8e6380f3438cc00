#include "docs/check/difference.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <regex>
#include <set>
#include <utility>

#include "common/testing/process.hpp"
#include "docs/check/code.hpp"

namespace {

constexpr std::size_t context = 2;  // lines around a change that a rewritten block shows

// A hunk as a page shows it: the lines of either file, of which the first and the last few are the same.
struct Hunk {
  std::size_t line = 0;  // of the page
  Lines before;
  Lines after;
  std::size_t lead = 0;
  std::size_t trail = 0;

  // True if its first change stands at these lines of the two files.
  bool stands_at(const Lines& old_file, std::size_t i, const Lines& new_file, std::size_t j) const {
    const auto holds = [&](const Lines& file, std::size_t at, const Lines& lines) {
      return at >= lead && at - lead + lines.size() <= file.size() &&
             std::equal(lines.begin(), lines.end(), file.begin() + static_cast<std::ptrdiff_t>(at - lead));
    };
    return holds(old_file, i, before) && holds(new_file, j, after);
  }
};

std::vector<Hunk> hunks_of(const Block& block) {
  std::vector<Hunk> hunks;
  bool begins = true;
  for (std::size_t i = 0; i < block.lines.size(); ++i) {
    const std::string& line = block.lines[i];
    if (line == left_out) {
      begins = true;
      continue;
    }
    if (std::exchange(begins, false)) hunks.push_back({block.line + 1 + i, {}, {}, 0, 0});
    Hunk& hunk = hunks.back();
    const std::string text = line.empty() ? "" : line.substr(1);  // editors remove the space of a blank line
    const bool removed = line.starts_with('-');
    const bool added = line.starts_with('+');
    if (!added) hunk.before.push_back(text);
    if (!removed) hunk.after.push_back(text);
    if (removed || added) {
      hunk.trail = 0;
    } else if (hunk.lead + 1 == hunk.before.size() && hunk.before.size() == hunk.after.size()) {
      ++hunk.lead;
    } else {
      ++hunk.trail;
    }
  }
  return hunks;
}

// True if the hunks, each used once, lead from one file to the other; what no hunk changes has to be the same.
bool leads(const Lines& old_file, std::size_t i, const Lines& new_file, std::size_t j,
           const std::vector<Hunk>& hunks) {
  for (;; ++i, ++j) {
    for (std::size_t k = 0; k < hunks.size(); ++k) {
      const Hunk& hunk = hunks[k];
      if (!hunk.stands_at(old_file, i, new_file, j)) continue;
      std::vector<Hunk> others = hunks;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(k));
      const std::size_t same = hunk.lead + hunk.trail;
      if (leads(old_file, i + hunk.before.size() - same, new_file, j + hunk.after.size() - same, others))
        return true;
    }
    if (i == old_file.size() || j == new_file.size() || old_file[i] != new_file[j]) break;
  }
  return i == old_file.size() && j == new_file.size() && hunks.empty();
}

// Lines [begin, end) of the one file that lines of the other take the place of; either may be none.
struct Change {
  std::size_t old_begin = 0;
  std::size_t old_end = 0;
  std::size_t new_begin = 0;
  std::size_t new_end = 0;
};

std::vector<Change> changes(const std::string& from, const std::string& to) {
  static const std::regex head(R"(@@ -([0-9]+)(,([0-9]+))? \+([0-9]+)(,([0-9]+))? @@.*)");
  Process git({"git", "diff", "--no-index", "--no-ext-diff", "--no-textconv", "--no-color", "--histogram",
               "--unified=0", "--", from, to});
  std::vector<Change> result;
  for (const std::string& line : split_lines(git.rest())) {
    std::smatch match;
    if (!std::regex_match(line, match, head)) continue;
    // The number of the first line; of the one before, if there are none.
    const auto begin = [&](std::size_t group, std::size_t count) {
      return std::stoul(match[group]) - (count == 0 ? 0 : 1);
    };
    const std::size_t removed = match[3].matched ? std::stoul(match[3]) : 1;
    const std::size_t added = match[6].matched ? std::stoul(match[6]) : 1;
    const std::size_t i = begin(1, removed);
    const std::size_t j = begin(4, added);
    result.push_back({i, i + removed, j, j + added});
  }
  return result;
}

// The lines of a change as a block shows them.
Lines marked(const Change& change, const Lines& old_file, const Lines& new_file) {
  Lines lines;
  for (std::size_t i = change.old_begin; i < change.old_end; ++i) lines.push_back('-' + old_file[i]);
  for (std::size_t j = change.new_begin; j < change.new_end; ++j) lines.push_back('+' + new_file[j]);
  return lines;
}

// What the first lines have more of than the second.
Lines without(const Lines& lines, const Lines& others) {
  std::multiset<std::string> rest(others.begin(), others.end());
  Lines result;
  for (const std::string& line : lines) {
    if (const auto found = rest.find(line); found != rest.end())
      rest.erase(found);
    else
      result.push_back(line);
  }
  return result;
}

bool is_change(const std::string& line) {
  return line.starts_with('-') || line.starts_with('+');
}

}  // namespace

std::vector<std::pair<std::size_t, std::string>> faults(const Difference& difference) {
  const Lines old_file = read_lines(difference.from);
  const Lines new_file = read_lines(difference.to);
  const std::string name = fmt::format("the difference from {} to {}", difference.from, difference.to);
  std::vector<Hunk> hunks;
  Lines shown;
  for (const Block* block : difference.blocks) {
    const std::vector<Hunk> more = hunks_of(*block);
    hunks.insert(hunks.end(), more.begin(), more.end());
    std::copy_if(block->lines.begin(), block->lines.end(), std::back_inserter(shown), is_change);
  }
  if (leads(old_file, 0, new_file, 0, hunks)) return {};

  std::vector<std::pair<std::size_t, std::string>> result;
  for (const Hunk& hunk : hunks) {
    bool stands = false;
    for (std::size_t i = 0; i <= old_file.size() && !stands; ++i) {
      for (std::size_t j = 0; j <= new_file.size() && !stands; ++j)
        stands = hunk.stands_at(old_file, i, new_file, j);
    }
    if (!stands) result.emplace_back(hunk.line, "the hunk that begins here is not of " + name);
  }
  Lines all;
  for (const Change& change : changes(difference.from, difference.to)) {
    for (std::string& line : marked(change, old_file, new_file)) all.push_back(std::move(line));
  }
  const auto list = [&](const Lines& lines, const char* what) {
    if (lines.empty()) return;
    result.emplace_back(difference.blocks.front()->line,
                        fmt::format("{} {}:\n  {}\n", name, what, fmt::join(lines, "\n  ")));
  };
  list(without(all, shown), "lacks");
  list(without(shown, all), "has too much");
  if (result.empty()) list(all, "is shown in another way than it is");
  return result;
}

std::vector<Lines> rewritten(const Difference& difference) {
  const Lines old_file = read_lines(difference.from);
  const Lines new_file = read_lines(difference.to);
  const std::vector<Change> all = changes(difference.from, difference.to);
  std::vector<Lines> result(difference.blocks.size());
  const auto keep = [&](Lines& lines, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) lines.push_back(old_file[i].empty() ? "" : ' ' + old_file[i]);
  };

  std::vector<std::size_t> block_of(all.size(), 0);
  for (std::size_t k = 0; k < all.size(); ++k) {
    const Lines lines = marked(all[k], old_file, new_file);
    std::size_t fewest = lines.size();
    if (k > 0) block_of[k] = block_of[k - 1];
    for (std::size_t i = 0; i < result.size(); ++i) {
      const std::size_t missing = without(lines, difference.blocks[i]->lines).size();
      if (missing < fewest) {
        fewest = missing;
        block_of[k] = i;
      }
    }
  }
  for (std::size_t k = 0; k < all.size(); ++k) {
    const bool is_last = k + 1 == all.size();
    const std::size_t previous = k == 0 ? 0 : all[k - 1].old_end;
    const std::size_t next = is_last ? old_file.size() : all[k + 1].old_begin;
    const auto near = [&](std::size_t first, std::size_t second) {
      return block_of[first] == block_of[second] && all[second].old_begin - all[first].old_end <= 2 * context;
    };
    Lines& lines = result[block_of[k]];
    if (k == 0 || !near(k - 1, k)) {
      if (!lines.empty()) lines.push_back(left_out);
      keep(lines, std::max(previous, all[k].old_begin - std::min(context, all[k].old_begin)),
           all[k].old_begin);
    }
    const Lines changed = marked(all[k], old_file, new_file);
    lines.insert(lines.end(), changed.begin(), changed.end());
    keep(lines, all[k].old_end, !is_last && near(k, k + 1) ? next : std::min(next, all[k].old_end + context));
  }
  return result;
}
