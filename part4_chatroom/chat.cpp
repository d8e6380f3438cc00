#include "part4_chatroom/chat.hpp"

#include <fmt/format.h>
#include <poll.h>
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
constexpr std::size_t largest_message = 64 * 1024;

}  // namespace

Usage chat_usage(std::string purpose) {
  return {std::move(purpose),
          {{"--name", "NAME", "", "your name in the room; else the program asks for it"}}};
}

bool Keyboard::read_more() {
  std::array<char, 4096> buffer;
  ssize_t count = 0;
  do {
    count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  } while (count == -1 && errno == EINTR);
  if (count == -1) throw std::system_error(errno, std::system_category(), "cannot read stdin");
  typed_.append(buffer.data(), static_cast<std::size_t>(count));
  ended_ = count == 0;
  return !ended_;
}

std::optional<std::string> Keyboard::next_line() {
  const std::size_t end = typed_.find('\n');
  if (end == std::string::npos) {
    if (ended_ && !typed_.empty()) return std::exchange(typed_, {});
    return std::nullopt;
  }
  std::string line = typed_.substr(0, end);
  typed_.erase(0, end + 1);
  return line;
}

std::optional<std::string> Keyboard::wait_for_line(const Socket* wake) {
  while (true) {
    if (auto line = next_line()) return line;
    if (ended_) return std::nullopt;
    std::array<pollfd, 2> waiting{pollfd{STDIN_FILENO, POLLIN, 0},
                                  pollfd{wake ? wake->descriptor() : -1, POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), -1) == -1) {
      if (errno == EINTR) continue;
      throw std::system_error(errno, std::system_category(), "cannot wait for stdin");
    }
    if (waiting[1].revents != 0) return std::nullopt;
    read_more();
  }
}

void Screen::prompt(std::string_view text) {
  if (std::exchange(prompt_waits_, true)) return;
  fmt::print("{}", text);
}

void Screen::line_was_typed() {
  if (::isatty(STDIN_FILENO) == 0) fmt::print("\n");
  prompt_waits_ = false;
}

void Screen::message(std::string_view name, std::string_view text) {
  // On a terminal back to the start of the prompt's line, to erase it (EL in ECMA-48); a pipe cannot go back.
  if (std::exchange(prompt_waits_, false)) fmt::print("{}", ::isatty(STDOUT_FILENO) != 0 ? "\r\x1b[K" : "\n");
  fmt::print("{} > {}\n", printable(name), printable(text));
}

void Screen::end_prompt() {
  if (std::exchange(prompt_waits_, false)) std::putchar('\n');
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

Socket enter_room(const Options& options, Keyboard& keyboard, Screen& screen, std::string& name) {
  name = options.text("--name");
  const bool is_typed = name.empty();
  if (is_typed) {
    screen.prompt("Username: ");
    const auto typed = keyboard.wait_for_line();
    if (!typed) throw std::runtime_error("the input ended before a name was typed");
    screen.line_was_typed();
    name = *typed;
  }
  if (name.empty() || name.size() > largest_name) {
    const std::string why = fmt::format("a name has 1 to {} bytes, not {}", largest_name, name.size());
    if (is_typed) throw std::runtime_error(why);
    throw UsageError("--name: " + why);
  }
  Socket socket = Socket::connect_to(Address::resolve(options.host(), options.port()));
  socket.set_no_delay();
  socket.send_all(with_header(name));
  return socket;
}

void say(Socket& socket, const std::string& text) {
  if (text.size() > largest_message) {
    report(fmt::format("a message has at most {} bytes, not {}", largest_message, text.size()));
  } else if (!text.empty()) {
    socket.send_all(with_header(text));
  }
}

void leave_room(Socket& socket) {
  socket.shutdown(SHUT_WR);
  // Who closes a socket while bytes come in resets the connection, and a reset may overtake what was said.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  std::array<char, 4096> unread;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !socket.wait_readable(left)) return;
    if (const auto bytes = socket.try_recv(unread); bytes && bytes->empty()) return;
  }
}
