// For tests: pickles as Python shows them, and those that have to be refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// The bytes that Python's repr() shows, without the b and the quotes: `\x80\x04N.`.
std::string from_python(std::string_view text);

/// A pickle, and what loads() says about it.
struct RefusedPickle {
  std::string pickle;
  std::string why;
};

/// One for each reason to refuse, and many that are made to do harm: to run code, or to take time or memory.
std::vector<RefusedPickle> refused_pickles();
