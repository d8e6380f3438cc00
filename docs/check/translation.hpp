// A page in Chinese, and the page in English that it says the same as.
#pragma once

#include <string>
#include <vector>

#include "docs/check/page.hpp"

/// "docs/part1.md" for docs/zh/part1.md, "docs/lab/07_a_signal.md" for docs/zh/lab/07_a_signal.md, "README.md" for
/// README.zh.md; empty for a page that is not a translation.
std::string english_of(const std::string& path);

/// Where the two part first. They have to have the same headings, folds, blocks, but for the words in pictures, and
/// options in tables, in the same order; then all marks are looked at. Above each Chinese heading stands a
/// mark, `<a id="the-end"></a><!-- 1c2d3e4f -->`: the anchor of the English heading, and a hash of what the English
/// section said when it was translated. Line breaks do not count, nor do blocks.
std::vector<Problem> translation_faults(const Page& english, const Page& chinese);

/// The text of the Chinese page with marks of the English one as it is now. Throws std::runtime_error if the
/// headings are not the same.
std::string with_new_marks(const Page& english, const Page& chinese);
