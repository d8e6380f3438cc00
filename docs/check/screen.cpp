#include "docs/check/screen.hpp"

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
