// Part 4, what the exercises of docs/part4.md ask for.
#pragma once

#include <vector>

#include "common/check/check.hpp"

std::vector<Exercise> exercises();
