// The arrows of the house: which folder may include which. CONTRIBUTING.md has a picture of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

// The folder of a file, with all parts under one name: `part/check` of part4_chatroom/check/check.cpp, and `part`
// of part3_objects/pickle/object.hpp, since only the folders of the workshop have rules of their own.
std::string room_of(const std::string& file) {
  static const std::regex pattern("(common|docs|part)[0-9]?[a-z_]*/(?:(testing|check|tests|bench)/)?.*");
  std::smatch match;
  if (!std::regex_match(file, match, pattern)) return file;
  return match[2].matched ? match.str(1) + "/" + match.str(2) : match.str(1);
}

std::string top_folder(const std::string& file) {
  return file.substr(0, file.find('/'));
}

// What each folder may include besides its own files; tests may include anything.
const std::map<std::string, std::vector<std::string>> arrows = {
    {"common", {}},
    {"common/testing", {"common"}},
    {"common/check", {"common", "common/testing"}},
    {"part", {"common"}},
    {"part/check", {"common", "common/testing", "common/check", "part"}},
    {"part/bench", {"common", "common/testing", "part"}},
    {"docs/check", {"common", "common/testing"}},
};

bool may_include(const std::string& file, const std::string& included) {
  const std::string from = room_of(file);
  const std::string to = room_of(included);
  if (from.ends_with("/tests")) return true;
  if (to.starts_with("part") && top_folder(file) != top_folder(included)) return false;
  const auto allowed = arrows.find(from);
  return from == to ||
         (allowed != arrows.end() && std::ranges::find(allowed->second, to) != allowed->second.end());
}

TEST(House, HasArrowsThatGoOneWay) {
  const std::regex include(R"re(#include "(.+)")re");
  int files = 0;
  for (const fs::path& folder : fs::directory_iterator(REPOSITORY)) {
    if (!fs::exists(folder / "CMakeLists.txt") && folder.filename() != "docs") continue;
    if (fs::exists(folder / "CMakeCache.txt")) continue;  // a build folder
    for (const fs::path& path : fs::recursive_directory_iterator(folder)) {
      if (path.extension() != ".cpp" && path.extension() != ".hpp") continue;
      const std::string file = fs::relative(path, REPOSITORY);
      ++files;
      std::ifstream source(path);
      for (std::string line; std::getline(source, line);) {
        std::smatch match;
        if (!std::regex_match(line, match, include)) continue;
        EXPECT_TRUE(fs::exists(fs::path(REPOSITORY) / match.str(1))) << file << ": " << line;
        EXPECT_TRUE(may_include(file, match.str(1))) << file << " must not include " << match.str(1);
      }
    }
  }
  EXPECT_GT(files, 60);
}

TEST(House, RefusesArrowsThatGoUp) {
  EXPECT_TRUE(may_include("part1_basic/server.cpp", "common/socket.hpp"));
  EXPECT_TRUE(may_include("part3_objects/check/check.cpp", "part3_objects/pickle/object.hpp"));
  EXPECT_TRUE(may_include("docs/tests/docs_test.cpp", "part1_basic/anything.hpp"));
  EXPECT_FALSE(may_include("common/socket.cpp", "common/testing/process.hpp"));
  EXPECT_FALSE(may_include("common/testing/port.cpp", "common/check/student.hpp"));
  EXPECT_FALSE(may_include("common/check/student.cpp", "part1_basic/check/guests.hpp"));
  EXPECT_FALSE(may_include("part1_basic/server.cpp", "part2_header/message.hpp"));
  EXPECT_FALSE(may_include("part4_chatroom/server.cpp", "part4_chatroom/tests/room.hpp"));
  EXPECT_FALSE(may_include("docs/check/page.cpp", "common/check/student.hpp"));
}

}  // namespace
