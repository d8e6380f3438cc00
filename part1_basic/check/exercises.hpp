// Part 1, what the exercises of docs/part1.md ask for.
#pragma once

#include <vector>

#include "common/check/check.hpp"

std::vector<Exercise> exercises();
