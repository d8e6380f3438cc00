#include "docs/check/screen.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

void Screen::show(std::string_view bytes) {
  constexpr std::string_view erase = "\x1b[K";
  for (const char byte : bytes) {
    escape_ += byte;
    if (escape_ == erase) {
      current_.resize(cursor_);
      escape_.clear();
    } else if (!erase.starts_with(escape_)) {
      for (const char plain : std::exchange(escape_, {})) put(plain);
    }
  }
}

void Screen::put(char byte) {
  const bool is_key = current_.ends_with("^C") || current_.ends_with("^D");
  if (is_key && byte != '\n' && byte != '\r') put('\n');
  if (byte == '\n') {
    lines_.push_back(std::exchange(current_, {}));
    cursor_ = 0;
  } else if (byte == '\r') {
    cursor_ = 0;
  } else if (byte == '\b') {
    if (cursor_ > 0) --cursor_;
  } else {
    if (cursor_ == current_.size())
      current_ += byte;
    else
      current_[cursor_] = byte;
    ++cursor_;
  }
}

const bool can_see_sleep = std::filesystem::exists("/proc/self/stat");

std::optional<std::string> all_asleep(const std::set<pid_t>& sessions) try {
  std::string record;
  if (sessions.empty() || !can_see_sleep) return record;
  for (const auto& process : std::filesystem::directory_iterator("/proc")) {
    const pid_t id = std::atoi(process.path().filename().c_str());
    // A child that has just been forked is not in its session yet.
    if (id == 0 || (!sessions.contains(id) && !sessions.contains(getsid(id)))) continue;
    for (const auto& thread : std::filesystem::directory_iterator(process.path() / "task")) {
      std::ifstream status(thread.path() / "status");
      std::string state;
      std::string switches;
      for (std::string line; std::getline(status, line);) {
        if (line.starts_with("State:")) state = line;
        if (line.starts_with("voluntary_ctxt_switches:")) switches = line;
      }
      if (state.starts_with("State:\tZ")) continue;  // has ended
      if (state.find_first_of("STt", 7) != 7) return std::nullopt;
      record += thread.path().filename().string() + ' ' + switches + '\n';
    }
  }
  return record;
} catch (const std::filesystem::filesystem_error&) {
  return std::nullopt;  // a process has ended while its threads were listed
}
