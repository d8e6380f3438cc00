#include "part4_chatroom/line_editor.hpp"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cwchar>
#include <initializer_list>

#include "common/text.hpp"
#include "common/unicode.hpp"

namespace {

constexpr std::size_t most_remembered = 100;

// A signal handler can reach nothing but globals.
termios mode_before;
termios raw_mode;

// A job in the background leaves the terminal as it is: it would be stopped for touching it.
bool owns_terminal() {
  return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
}

void put_back() {
  if (owns_terminal()) ::tcsetattr(STDIN_FILENO, TCSANOW, &mode_before);
}

void handle(int number, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGCONT);   // so that `kill` ends a stopped program before it goes on
  action.sa_flags = SA_RESTART | flags;  // so that of all calls only pselect() and poll() are interrupted
  ::sigaction(number, &action, nullptr);
}

// For a handler that sends its own signal once more: the handler is gone when it begins, and the signal not blocked.
constexpr int handled_once = static_cast<int>(SA_RESETHAND | SA_NODEFER);

// In the background, after `bg`, this stops the program until `fg`.
void go_on(int) {
  const int error = errno;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw_mode);
  errno = error;
}

// Puts the terminal back, and lets the signal do what it does without a handler.
void end_or_stop(int number) {
  const int error = errno;
  if (number != SIGTSTP) discard_unread_input();
  put_back();
  ::raise(number);
  // Only Ctrl-Z comes back, after `fg` in the shell.
  handle(number, end_or_stop, handled_once);
  errno = error;
  go_on(number);
}

// How many columns of the terminal a code point takes: 2 for a Chinese character or an emoji, 0 for an accent
// that stands on the letter before it. wcwidth(3)
int columns_of(char32_t c) {
  // wcwidth() knows the characters of the locale's encoding. This is UTF-8 on Linux, and on macOS.
  static const bool knows_utf8 =
      std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr || std::setlocale(LC_CTYPE, "en_US.UTF-8") != nullptr;
  const int columns = knows_utf8 ? ::wcwidth(static_cast<wchar_t>(c)) : 1;
  return columns == -1 ? 1 : columns;
}

int columns_of(std::string_view text) {
  int columns = 0;
  while (!text.empty()) columns += columns_of(take_character(text).value_or(U' '));
  return columns;
}

// True if the cursor may stand at `at`: not within a code point, not before an accent or a skin tone, and not
// after a joiner (U+200D), which makes one emoji of two.
bool is_boundary(std::string_view text, std::size_t at) {
  if (at == 0 || at >= text.size()) return true;
  const bool is_within = (text[at] & 0xc0) == 0x80;
  if (is_within || text.substr(0, at).ends_with("\xe2\x80\x8d")) return false;
  std::string_view rest = text.substr(at);
  const char32_t c = take_character(rest).value_or(U' ');
  return columns_of(c) != 0 && !(0x1f3fb <= c && c <= 0x1f3ff);
}

std::size_t after(std::string_view text, std::size_t at) {
  do ++at;
  while (!is_boundary(text, at));
  return std::min(at, text.size());
}

std::size_t before(std::string_view text, std::size_t at) {
  if (at == 0) return 0;
  do --at;
  while (!is_boundary(text, at));
  return at;
}

bool is_text(char byte) {
  return byte == '\t' || (static_cast<unsigned char>(byte) >= ' ' && byte != '\x7f');
}

// The characters at the front of `typed`, or one key: a control character, or what the arrows and their
// neighbours send, as `ESC [ D` or `ESC [ 3 ~`: ECMA-48, 5.4. Empty if the rest of the key has not come yet.
std::string_view first_key(std::string_view typed) {
  const auto text_end = std::find_if_not(typed.begin(), typed.end(), is_text);
  if (text_end != typed.begin()) return typed.substr(0, static_cast<std::size_t>(text_end - typed.begin()));
  if (typed[0] != '\x1b') return typed.substr(0, 1);
  if (typed.size() == 1) return {};
  if (typed[1] != '[' && typed[1] != 'O') return typed.substr(0, 1);
  typed = typed.substr(0, 16);  // no key sends more
  for (std::size_t i = 2; i < typed.size(); ++i) {
    if ('@' <= typed[i] && typed[i] <= '~') return typed.substr(0, i + 1);
  }
  return typed.size() < 16 ? std::string_view() : typed;
}

bool is_one_of(std::string_view key, std::initializer_list<std::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

void discard_unread_input() {
  if (owns_terminal()) ::tcflush(STDIN_FILENO, TCIFLUSH);
}

RawMode::RawMode() : is_on_(::isatty(STDOUT_FILENO) != 0 && ::tcgetattr(STDIN_FILENO, &mode_before) == 0) {
  if (!is_on_) return;
  raw_mode = mode_before;
  raw_mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);  // but ISIG stays: Ctrl-C, Ctrl-Z
  raw_mode.c_iflag &= ~static_cast<tcflag_t>(ICRNL);                   // Enter is \r
  raw_mode.c_cc[VMIN] = 1;
  raw_mode.c_cc[VTIME] = 0;
  const auto handle_unless_ignored = [this](int number, void (*handler)(int), int flags) {
    struct sigaction before {};
    ::sigaction(number, nullptr, &before);
    if (before.sa_handler == SIG_IGN) return;
    handlers_before_.emplace_back(number, before);
    handle(number, handler, flags);
  };
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) {
    handle_unless_ignored(number, end_or_stop, handled_once);
  }
  sigset_t redraw;
  sigemptyset(&redraw);
  for (const int number : {SIGCONT, SIGWINCH}) {
    handle_unless_ignored(number, go_on, 0);
    sigaddset(&redraw, number);
  }
  ::pthread_sigmask(SIG_BLOCK, &redraw, &signals_before_);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw_mode);
}

RawMode::~RawMode() {
  if (!is_on_) return;
  for (const auto& [number, action] : handlers_before_) ::sigaction(number, &action, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &signals_before_, nullptr);
  put_back();
}

std::optional<std::string> LineEditor::next_line(std::string& typed) {
  std::string_view rest = typed;
  std::optional<std::string> line;
  while (!rest.empty() && !line && !has_ended_) {
    const std::string_view key = first_key(rest);
    if (key.empty()) break;
    rest.remove_prefix(key.size());
    const bool is_enter = key == "\r" || (key == "\n" && !after_return_);  // a pasted \r\n is one end
    after_return_ = key == "\r";
    if (!is_enter && !skipping_) press(key);
    const bool is_too_long = line_.size() > largest_;
    if ((is_enter && !skipping_) || is_too_long) line = take_line();
    skipping_ = is_too_long || (skipping_ && !is_enter);
  }
  typed.erase(0, typed.size() - rest.size());
  return line;
}

void LineEditor::press(std::string_view key) {
  if (is_text(key[0])) {
    line_.insert(cursor_, key);
    cursor_ += key.size();
  } else if (is_one_of(key, {"\x02", "\x1b[D", "\x1bOD"})) {  // Ctrl-B, ←
    cursor_ = before(line_, cursor_);
  } else if (is_one_of(key, {"\x06", "\x1b[C", "\x1bOC"})) {  // Ctrl-F, →
    cursor_ = after(line_, cursor_);
  } else if (is_one_of(key, {"\x01", "\x1b[H", "\x1bOH", "\x1b[1~"})) {  // Ctrl-A, Home
    cursor_ = 0;
  } else if (is_one_of(key, {"\x05", "\x1b[F", "\x1bOF", "\x1b[4~"})) {  // Ctrl-E, End
    cursor_ = line_.size();
  } else if (is_one_of(key, {"\x7f", "\x08"})) {  // Backspace
    erase(before(line_, cursor_), cursor_);
  } else if (key == "\x04" && line_.empty()) {  // Ctrl-D
    has_ended_ = true;
  } else if (is_one_of(key, {"\x04", "\x1b[3~"})) {  // Ctrl-D, Delete
    erase(cursor_, after(line_, cursor_));
  } else if (key == "\x15") {  // Ctrl-U
    erase(0, cursor_);
  } else if (key == "\x0b") {  // Ctrl-K
    erase(cursor_, line_.size());
  } else if (key == "\x17") {  // Ctrl-W: the word before the cursor, and the spaces after it
    const std::size_t word_end = line_.substr(0, cursor_).find_last_not_of(' ');
    const std::size_t space = word_end == std::string::npos ? word_end : line_.rfind(' ', word_end);
    erase(space == std::string::npos ? 0 : space + 1, cursor_);
  } else if (is_one_of(key, {"\x10", "\x1b[A", "\x1bOA"})) {  // Ctrl-P, ↑
    if (recalled_ > 0) recall(recalled_ - 1);
  } else if (is_one_of(key, {"\x0e", "\x1b[B", "\x1bOB"})) {  // Ctrl-N, ↓
    if (recalled_ < history_.size()) recall(recalled_ + 1);
  }
}

void LineEditor::erase(std::size_t begin, std::size_t end) {
  line_.erase(begin, end - begin);
  cursor_ = begin;
}

void LineEditor::recall(std::size_t index) {
  if (recalled_ == history_.size()) new_line_ = line_;
  recalled_ = index;
  line_ = index == history_.size() ? new_line_ : history_[index];
  cursor_ = line_.size();
}

std::string LineEditor::take_line() {
  const bool is_new = history_.empty() || history_.back() != line_;
  if (!line_.empty() && line_.size() <= largest_ && is_new) history_.push_back(line_);
  if (history_.size() > most_remembered) history_.erase(history_.begin());
  recalled_ = history_.size();
  cursor_ = 0;
  return std::exchange(line_, {});
}

std::string LineEditor::picture(std::string_view prompt, int columns) const {
  // The prompt scrolls with the line. The last column stays empty, since a character there moves the cursor on
  // to the next row of some terminals.
  const std::string all = std::string(prompt) + line_;
  const std::size_t cursor = prompt.size() + cursor_;
  int room = std::max(columns, 1) - 1;
  const auto takes_room = [&](std::size_t from, std::size_t to, int spare) {
    const int needed = columns_of(shown(std::string_view(all).substr(from, to - from)));
    if (needed + spare > room) return false;
    room -= needed;
    return true;
  };
  // A quarter of the room for what follows the cursor, what is before it in the rest, then whatever still fits.
  std::size_t begin = cursor;
  std::size_t end = cursor;
  const int spare = room - room / 4;
  while (end < all.size() && takes_room(end, after(all, end), spare)) end = after(all, end);
  while (begin > 0 && takes_room(before(all, begin), begin, 0)) begin = before(all, begin);
  while (end < all.size() && takes_room(end, after(all, end), 0)) end = after(all, end);

  const std::string_view seen = std::string_view(all).substr(begin, end - begin);
  // The cursor gets to its place by printing what is before it once more: the terminal knows best how wide that is.
  return shown(seen) + (cursor == end ? "" : "\r" + shown(seen.substr(0, cursor - begin)));
}

std::string shown(std::string_view text) {
  std::string all = printable(text.substr(0, text.find('\\')));
  while (text.find('\\') != std::string_view::npos) {
    text.remove_prefix(text.find('\\') + 1);
    all += '\\' + printable(text.substr(0, text.find('\\')));
  }
  return all;
}
