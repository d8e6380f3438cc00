// A page made true.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "docs/check/check.hpp"

struct Update {
  std::string text;           // of the page
  std::size_t blocks = 0;     // how many have been rewritten
  std::vector<Problem> left;  // blocks that differ and cannot be rewritten
};

/// Rewrites the blocks of a page that differ, and nothing else. A console block gets what the programs
/// printed, but keeps its own lines where they are still true: `...`, ports, times. A code block gets the
/// lines from its first to its last as they stand in the file now, or those that are most like it
/// (rewritten() in code.hpp). Left as they are: blocks that could not be run to their end, and code that
/// the file does not hold any more.
Update updated_page(const Page& page, const Report& report);
