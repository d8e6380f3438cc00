// For tests: how much memory this program has taken.
#pragma once

#include <cstddef>

/// Begins to watch. Only one can watch at a time.
class MemoryWatch {
 public:
  MemoryWatch();

  /// The most bytes that were in use at one moment since then, beyond those in use before, with what malloc() needs
  /// for each block.
  std::size_t peak() const;

 private:
  std::size_t before_;
};
