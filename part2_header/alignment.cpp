// Part 2, an example: fmt aligns text with the same mini-language as Python. See docs/part2.md.
#include <fmt/core.h>

int main() {
  fmt::print("'{:<30}'\n", "left aligned");
  fmt::print("'{:>30}'\n", "right aligned");
  fmt::print("'{:^30}'\n", "centered");
  fmt::print("'{:*^30}'\n", "centered");  // '*' is the fill character
  fmt::print("'{:<{}}'\n", 22, 10);       // the width can be an argument, too: the header of this part
}
