#include "docs/check/rest.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

namespace {

// The value behind "Name:" in /proc/PID/status; empty if the thread has gone.
std::string value_of(const std::string& status, std::string_view name) {
  const std::size_t at = status.find(name);
  if (at == std::string::npos) return {};
  const std::size_t begin = status.find_first_not_of(" \t", at + name.size());
  return status.substr(begin, status.find('\n', begin) - begin);
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

const bool can_see_sleep = std::filesystem::exists("/proc/self/stat");

std::optional<std::string> all_asleep(const std::set<pid_t>& sessions) try {
  std::string record;
  if (sessions.empty() || !can_see_sleep) return record;
  for (const auto& process : std::filesystem::directory_iterator("/proc")) {
    const pid_t id = std::atoi(process.path().filename().c_str());
    // A child that has just been forked is not in its session yet.
    if (id == 0 || (!sessions.contains(id) && !sessions.contains(getsid(id)))) continue;
    for (const auto& thread : std::filesystem::directory_iterator(process.path() / "task")) {
      const std::string status = content(thread.path() / "status");
      const std::string state = value_of(status, "State:");
      if (state.starts_with('Z')) continue;  // has ended
      if (!state.starts_with('S') && !state.starts_with('T') && !state.starts_with('t')) return std::nullopt;
      record +=
          thread.path().filename().string() + ' ' + value_of(status, "\nvoluntary_ctxt_switches:") + '\n';
    }
  }
  return record;
} catch (const std::filesystem::filesystem_error&) {
  return std::nullopt;  // a process has ended while its threads were listed
}
