// Part 3, what the exercises of docs/part3.md ask for.
#pragma once

#include <vector>

#include "common/check/check.hpp"

std::vector<Exercise> exercises();
