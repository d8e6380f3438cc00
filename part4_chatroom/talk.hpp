// Who is in the room, and what is said there: kept once for all who hear it. docs/part4.md explains it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <string>
#include <string_view>
#include <utility>

#include "common/message.hpp"
#include "common/socket.hpp"

using Clock = std::chrono::steady_clock;

constexpr std::size_t largest_name = 64;
constexpr std::size_t largest_message = 64 * 1024;
constexpr std::size_t most_in_inboxes = 20 * 1024 * 1024;  // of memory, for all clients together

/// Somebody in the room, or at the door: whoever has no name yet hears nothing and is not heard.
struct Client {
  Client(Socket connected, std::string address) : socket(std::move(connected)), who(std::move(address)) {
    socket.set_nonblocking();
  }

  Socket socket;
  std::string who;                       // for the log: its address, and later its name
  std::string name;                      // empty until its first message, which is the name
  MessageReader inbox{largest_message};  // bytes that have come and are not a whole message yet
  Clock::time_point came = Clock::now();
  Clock::time_point began = came;  // when the message in its inbox began; this round if there is none
  bool leaves = false;

  // Of a Talk, whose bytes are numbered from the first that was ever said:
  std::size_t heard = 0;                                // the next byte for it to hear
  std::deque<std::pair<std::size_t, std::size_t>> own;  // from there on, where its own words begin and end
  Clock::time_point moved;                              // when it last took some of it, or had heard all
  std::size_t said_lately = 0;                          // bytes, since somebody was far behind
};

/// What has been said, as far as somebody has not heard it.
class Talk {
 public:
  static constexpr std::size_t largest = 1024 * 1024;

  /// From now on `client` hears what is said.
  void join(Client& client) const { client.heard = end(); }

  /// `client` says `bytes` to all others.
  void say(Client& client, std::string_view bytes) {
    if (client.own.empty() || client.own.back().second < end()) client.own.emplace_back(end(), end());
    bytes_ += bytes;
    client.own.back().second = end();
    client.said_lately += bytes.size();
    behind_ += bytes.size();
  }

  /// How many bytes `client` has not heard yet.
  std::size_t unheard(const Client& client) const { return client.name.empty() ? 0 : end() - client.heard; }
  bool is_too_far_behind(const Client& client) const { return unheard(client) > largest; }

  /// Gives the kernel what `client` has not heard yet, but for its own words, as far as there is room.
  void send_to(Client& client, Clock::time_point now) const {
    while (unheard(client) > 0) {
      if (!client.own.empty() && client.own.front().first == client.heard) {
        client.heard = client.own.front().second;
        client.own.pop_front();
        continue;
      }
      const std::size_t piece_end = client.own.empty() ? end() : client.own.front().first;
      const std::size_t sent = client.socket.try_send(
          std::string_view(bytes_).substr(client.heard - forgotten_, piece_end - client.heard));
      if (sent > 0) client.moved = now;
      client.heard += sent;
      if (client.heard < piece_end) return;
    }
    client.moved = now;
  }

  /// Whether to read what `client` says. The further somebody is behind, the less it may have said lately.
  bool may_speak(const Client& client) const { return behind_ + client.said_lately <= largest / 4 * 3; }

  /// Forgets what all have heard, and sees how far they are behind: to be called once a round.
  void look_around(std::list<Client>& clients, Clock::time_point now) {
    std::size_t most = behind_ = 0;
    for (const Client& client : clients) {
      most = std::max(most, unheard(client));
      // Whoever takes nothing counts 64 KiB less with each second: perhaps it does not read at all.
      const std::chrono::duration<double> pause = now - client.moved;
      const double counted = static_cast<double>(unheard(client)) - pause.count() * largest / 16;
      if (counted > 0) behind_ = std::max(behind_, static_cast<std::size_t>(counted));
    }
    forgotten_ += bytes_.size() - most;
    bytes_.erase(0, bytes_.size() - most);
    if (behind_ > largest / 2) return;
    for (Client& client : clients) client.said_lately = 0;
  }

 private:
  std::size_t end() const { return forgotten_ + bytes_.size(); }

  std::string bytes_;
  std::size_t forgotten_ = 0;  // how many bytes were said before those: the number of the first of them
  std::size_t behind_ = 0;     // the most that anyone has not heard, as far as it counts
};
