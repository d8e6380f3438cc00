// The code blocks of a page and the files that they are from.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "docs/check/likeness.hpp"
#include "docs/check/page.hpp"

/// A file of the repository, line by line.
Lines read_lines(const std::filesystem::path& file);

/// The first line of each run of the file's lines that the block is, whatever the indentation of both.
std::vector<std::size_t> places_in(const Lines& file, const Lines& block);

/// What the block would be if it were written now, with its own indentation: the lines from its first to its
/// last in the file, those that are nearest to it in number; else as many lines as it has, if at least half
/// of them are the same. Nothing if the file has neither.
std::optional<Lines> rewritten(const Lines& file, const Lines& block);

/// Two files of the repository, by their paths from its root, and the blocks that show their difference.
struct Difference {
  std::string from;
  std::string to;
  std::vector<const Block*> blocks;
};

/// What is wrong; nothing if the blocks together are the whole difference as git-diff(1) sees it: each line
/// that is taken out (`-`) or put in (`+`) once, hunk by hunk in any order, and around them lines of both
/// files. Between two hunks stands `...`.
std::vector<Problem> faults(const Difference& difference, const Page& page);

/// What the blocks would be if they were written now: each change goes to the block that shows most of its
/// lines already; one that none shows, to where the one before it is.
std::vector<Lines> rewritten(const Difference& difference);
