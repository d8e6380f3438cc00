// What stands in for the reader's own ports and folders while a page is checked.
#pragma once

#include <filesystem>
#include <string>

#include "common/testing/port.hpp"

/// The ports 1234 and 1235, the folders build/ and my/: each page has others, so that pages are checked at
/// the same time, and beside a server that runs. The folder of my/ is temporary.
class StandIns {
 public:
  explicit StandIns(std::filesystem::path build);
  StandIns(const StandIns&) = delete;
  StandIns& operator=(const StandIns&) = delete;
  ~StandIns();

  /// A command of a page as it is run. The tutorial's own programs get `--port 1234` if they have no --port.
  /// `cmake -B build` prepares a temporary folder; what has been built already is not built once more.
  std::string in_command(std::string command);
  /// What a page types into a program, or into a file of my/.
  std::string in_input(std::string text) const;
  /// The other way: what a program prints, as the reader's own would print it.
  std::string in_output(std::string text) const;

  const std::filesystem::path& my() const { return my_; }

 private:
  ReservedPort port_;         // for 1234
  ReservedPort second_port_;  // for 1235
  std::filesystem::path temporary_;
  std::filesystem::path build_;
  std::filesystem::path my_;
};
