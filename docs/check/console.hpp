// The console blocks of a page, run on terminals as its reader would.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "docs/check/likeness.hpp"
#include "docs/check/page.hpp"

/// A block that has been compared.
struct Shown {
  const Block* block = nullptr;
  bool same = true;
  std::string diff;  // of a console block, and of any that is not the same
  Lines updated;     // what the block should be; as it is if that cannot be said
};

/// What came of the check of a page.
struct Report {
  std::vector<Problem> problems;
  std::vector<Shown> blocks;
  std::size_t links = 0;
  std::map<std::string, int> skipped;  // how many blocks for which reason
  std::string lacks;                   // "no nc", if that is why some were not run

  /// `docs/part1.md: 23 code blocks, 14 console blocks, 9 links checked; 1 skipped: installs packages`
  std::string summary(const Page& page) const;
};

/// Runs the console blocks of a page in their order, which is the order in time: before each thing that the reader
/// does, all programs have come to rest. Commands are run by bash, in the current directory, each on a terminal of its
/// own; what the reader types into files of my/ is there for them. What comes of it is added to the report. `patience`
/// is how long a program is waited for that waits for something itself; one that is at work, as a compiler is, has ten
/// minutes.
void run_consoles(const Page& page, const std::filesystem::path& build, std::chrono::milliseconds patience,
                  Report& report);

/// The file of my/ that the line above a block says it is; empty if that names none.
std::string own_file(const Block& block);
