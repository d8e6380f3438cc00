// Part 2, what the exercises of docs/part2.md ask for.
#pragma once

#include <vector>

#include "common/check/check.hpp"

std::vector<Exercise> exercises();
