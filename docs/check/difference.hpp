// The blocks of a page that show how one file becomes another.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "docs/check/likeness.hpp"
#include "docs/check/page.hpp"

/// Two files of the repository, by their paths from its root, and the blocks that show their difference.
struct Difference {
  std::string from;
  std::string to;
  std::vector<const Block*> blocks;
};

/// What is wrong, each with its line of the page; nothing if the blocks together are the whole difference: each
/// line that is taken out (`-`) or put in (`+`) once, hunk by hunk in any order, and around them lines of both
/// files. Between two hunks stands `...`.
std::vector<std::pair<std::size_t, std::string>> faults(const Difference& difference);

/// What the blocks would be if they were written now, as git-diff(1) sees the difference: each change goes to
/// the block that shows most of its lines already; one that none shows, to where the change before it is.
std::vector<Lines> rewritten(const Difference& difference);
