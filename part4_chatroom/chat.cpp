#include "part4_chatroom/chat.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "common/text.hpp"

namespace {

constexpr std::size_t largest_name = 64;
constexpr std::string_view erase_line = "\r\x1b[K";  // back to its start, and EL in ECMA-48

int columns() {
  winsize size{};  // all 0 where nobody has said how large the terminal is
  const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : 80;
}

}  // namespace

Usage chat_usage(std::string purpose) {
  return {std::move(purpose),
          {{"--name", "NAME", "", "your name in the room; else the program asks for it"}}};
}

Keyboard::~Keyboard() {
  if (!has_ended_) discard_unread_input();  // after Ctrl-D, the shell is what is meant
}

bool Keyboard::read_more(const Socket* other) {
  std::array<pollfd, 2> waiting{pollfd{STDIN_FILENO, POLLIN, 0},
                                pollfd{other ? other->descriptor() : -1, POLLIN, 0}};
  std::array<char, 4096> buffer;
  ssize_t count = -1;
  do {
    if (::poll(waiting.data(), waiting.size(), -1) == -1) continue;
    if (waiting[1].revents != 0) return false;
    // Whatever poll() says of stdin, POLLNVAL too (macOS: of devices): read() waits, or fails and says why.
    count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  } while (count == -1 && errno == EINTR);
  if (count == -1) throw std::system_error(errno, std::system_category(), "cannot read stdin");
  typed_.append(buffer.data(), static_cast<std::size_t>(count));
  has_ended_ = count == 0;
  return true;
}

std::optional<std::string> Keyboard::next_line() {
  if (editor_ != nullptr) {
    auto line = editor_->next_line(typed_);
    has_ended_ = has_ended_ || editor_->has_ended();
    return line;
  }
  if (skipping_) {
    const std::size_t end = typed_.find('\n');
    typed_.erase(0, end);
    if (end == std::string::npos) return std::nullopt;
    typed_.erase(0, 1);
    skipping_ = false;
  }
  // What has been searched already is not searched again: a long line comes in many pieces.
  const std::size_t end = typed_.find('\n', std::exchange(searched_, typed_.size()));
  if (end == std::string::npos) {
    skipping_ = typed_.size() > largest_message + 1;  // the one more may be a \r
    if (!skipping_ && (!has_ended_ || typed_.empty())) return std::nullopt;
    searched_ = 0;
    return std::exchange(typed_, {});
  }
  std::string line = typed_.substr(0, end);
  typed_.erase(0, end + 1);
  searched_ = 0;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::optional<std::string> Keyboard::wait_for_line(const Socket* other) {
  while (true) {
    if (auto line = next_line()) return line;
    if (has_ended_ || !read_more(other)) return std::nullopt;
  }
}

void Screen::prompt(std::string_view text) {
  show(editor_ == nullptr ? std::string(text) : editor_->picture(text, columns()));
}

void Screen::line_was_typed(std::string_view prompt, std::string_view line) {
  show(std::string(prompt) + (editor_ == nullptr ? "" : shown(line)));
  if (editor_ != nullptr || ::isatty(STDIN_FILENO) == 0) fmt::print("\n");
  last_line_.clear();
}

void Screen::message(std::string_view name, std::string_view text) {
  erase_prompt();
  fmt::print("{} > {}\n", printable_name(name), printable(text));
}

void Screen::erase_prompt() {
  if (std::exchange(last_line_, {}).empty()) return;
  // On a terminal back to the start of the line, to erase it (EL in ECMA-48); a pipe cannot go back.
  fmt::print("{}", ::isatty(STDOUT_FILENO) != 0 ? erase_line : "\n");
}

void Screen::end_prompt() {
  if (!std::exchange(last_line_, {}).empty()) std::putchar('\n');
}

// Prints what is new, and all of it only if that does not go on where the old has ended.
void Screen::show(const std::string& last_line) {
  const bool goes_on = last_line.starts_with(last_line_);
  fmt::print("{}{}", goes_on ? "" : erase_line,
             std::string_view(last_line).substr(goes_on ? last_line_.size() : 0));
  last_line_ = last_line;
}

bool Conversation::show(std::string_view bytes, Screen& screen) {
  inbox_.push(bytes);
  bool shown = false;
  while (const auto message = inbox_.next()) {
    if (name_) {
      screen.message(*name_, *message);
      shown = true;
      name_.reset();
    } else {
      name_ = *message;
    }
  }
  return shown;
}

void Conversation::end(Screen& screen) const {
  screen.end_prompt();
  if (inbox_.inside_message() || name_) {
    throw std::runtime_error("the server closed the connection inside a message");
  }
  fmt::print("connection closed by the server\n");
}

std::string ask_for_name(const Options& options, Keyboard& keyboard, Screen& screen) {
  const auto is_name = [](const std::string& text) { return !text.empty() && text.size() <= largest_name; };
  const std::string rule = fmt::format("a name has 1 to {} bytes", largest_name);
  const std::string& given = options.text("--name");
  if (is_name(given)) return given;
  if (!given.empty()) throw UsageError("--name: " + rule);

  while (true) {
    if (const auto typed = keyboard.next_line()) {
      screen.line_was_typed("Username: ", *typed);
      if (!is_name(*typed)) throw std::runtime_error(rule);
      return *typed;
    }
    if (keyboard.has_ended()) throw std::runtime_error("the input ended before a name was typed");
    screen.prompt("Username: ");
    keyboard.read_more();
  }
}

Socket enter_room(const Options& options, const std::string& name) {
  Socket socket = Socket::connect_to(Address::resolve(options.host(), options.port()));
  socket.set_no_delay();
  socket.send_all(with_header(name));
  return socket;
}

void say(Socket& socket, const std::string& text) {
  if (text.size() > largest_message) {
    report(fmt::format("a message has at most {} bytes: this one is not sent", largest_message));
  } else if (!text.empty()) {
    socket.send_all(with_header(text));
  }
}

void leave_room(Socket& socket) {
  socket.shutdown(SHUT_WR);
  // Closing a socket while bytes come in resets the connection, and a reset may overtake what was said.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  std::array<char, 4096> unread;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !socket.wait_readable(left)) return;
    if (const auto bytes = socket.try_recv(unread); bytes && bytes->empty()) return;
  }
}
