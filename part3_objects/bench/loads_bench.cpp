// Reads a pickle from stdin, loads it again and again for some tenths of a second, and prints the processor time of
// the fastest round in seconds. pickle_bench.py does the same with Python's.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <iostream>
#include <iterator>
#include <limits>
#include <string>

#include "part3_objects/pickle/object.hpp"
#include "part3_objects/pickle/pickle.hpp"

namespace {

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// With the time that it takes to destroy the object, as Python's has.
double fastest_round(const std::string& pickle) {
  double fastest = std::numeric_limits<double>::infinity();
  const double begin = processor_seconds();
  for (double now = begin; now < begin + 0.3;) {
    loads(pickle);
    const double after = processor_seconds();
    fastest = std::min(fastest, after - now);
    now = after;
  }
  return fastest;
}

}  // namespace

int main() {
  try {
    const std::string pickle(std::istreambuf_iterator<char>(std::cin), {});
    fmt::print("{}\n", fastest_round(pickle));
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    fmt::print(stderr, "loads_bench: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
