// Part 4, a load generator: how fast is the server, and next to what? It fills a room, lets one speak, and
// measures how long it takes until everybody has heard them. docs/part4.md reads its figures.
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/message.hpp"
#include "common/program.hpp"
#include "common/socket.hpp"
#include "part4_chatroom/bench/load.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t text_size = 64;  // bytes of a message

// What happens in the room. Whoever has entered last speaks.
struct Load {
  std::size_t clients;
  std::size_t window;  // messages that are sent at once

  std::string said() const {
    std::string bytes;
    for (std::size_t i = 0; i < window; ++i) bytes += with_header(std::string(text_size, 'x'));
    return bytes;
  }
};

// All names have the same length, so that the floor knows what to wait for.
std::string name_of(std::size_t client) {
  return with_header(fmt::format("client{:04}", client));
}

// A server to be measured, and whether it sends the speaker's name before each message.
struct Contestant {
  std::string name;
  ServerProcess::Serve serve;
  bool sends_names = true;
};

// What one round of one server has shown.
struct Round {
  double deliveries_a_second = 0;
  double processor_seconds_a_delivery = 0;  // 0 where there is no /proc
  std::optional<std::size_t> memory;
  std::vector<double> windows;  // seconds each
};

// The least that a server can do: one recv() of what somebody says, and a send() of it to each of the others.
// It knows who speaks and how much, does not look at what it passes on, and cannot do anything else.
void serve_floor(const Load& load, const std::string& host, const std::string& port) {
  const Address address = Address::to_listen_on(host, static_cast<std::uint16_t>(std::stoi(port)));
  Socket listening_socket(address.family(), SOCK_STREAM);
  listening_socket.set_reuse_address();
  listening_socket.bind(address);
  listening_socket.listen();
  std::vector<Socket> clients;
  std::string buffer(name_of(0).size(), '\0');
  const auto receive = [&](Socket& socket) {
    if (::recv(socket.descriptor(), buffer.data(), buffer.size(), MSG_WAITALL) <= 0) std::_Exit(EXIT_SUCCESS);
  };
  while (clients.size() < load.clients) {
    clients.push_back(listening_socket.accept().socket);
    clients.back().set_no_delay();
    receive(clients.back());
  }

  buffer.resize(load.said().size());
  while (true) {
    receive(clients.back());
    for (Socket& client : std::span(clients).first(clients.size() - 1)) client.send_all(buffer);
  }
}

void serve_python(const std::string& host, const std::string& port) {
  ::execlp("python3", "python3", BENCH_SERVER, host.c_str(), port.c_str(), nullptr);
}

// All the clients of a room, in this one thread.
class Crowd {
 public:
  // Connects all of them to the server, and returns when it has let in everybody.
  Crowd(const Load& load, ServerProcess& server, bool names_come)
      : said_(load.said()), heard_size_(said_.size() + (names_come ? load.window * name_of(0).size() : 0)) {
    for (std::size_t i = 0; i < load.clients; ++i) {
      Socket& client = clients_.emplace_back(server.connect());
      client.set_no_delay();
      // A server that stops ends this program with an error, and not never.
      const timeval longest_wait{10, 0};
      ::setsockopt(client.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &longest_wait, sizeof longest_wait);
      client.send_all(name_of(i));
    }
    // Servers let people in one after the other: when everybody hears the last one, all are in.
    exchange_window();
  }

  // The last one sends a window; returns when everybody else has heard it. The server sends in the order of the
  // room. To wait for each in that order would mean to wake up for each; this waits for the last of a group, and
  // then finds that the others of it have something too.
  void exchange_window() {
    constexpr std::size_t group = 25;
    clients_.back().send_all(said_);
    for (std::size_t begin = 0; begin < clients_.size() - 1; begin += group) {
      for (std::size_t i = std::min(begin + group, clients_.size() - 1); i-- > begin;) {
        std::size_t left = heard_size_;
        while (left > 0) {
          const std::size_t received = clients_[i].recv(buffer_).size();
          if (received == 0 || received > left) throw std::runtime_error("the server sends something else");
          left -= received;
        }
      }
    }
  }

 private:
  std::string said_;
  std::size_t heard_size_;  // bytes that bring one window
  std::vector<Socket> clients_;
  std::vector<char> buffer_ = std::vector<char>(256 * 1024);
};

Round measure(const Contestant& contestant, const Load& load, const Options& options) {
  ServerProcess server(options.host(), options.port(), contestant.serve);
  Crowd crowd(load, server, contestant.sends_names);
  for (int i = 0; i < 20; ++i) crowd.exchange_window();

  Round round;
  const auto used = server.processor_seconds();
  const Clock::time_point begin = Clock::now();
  const Clock::time_point end = begin + options.seconds("--seconds");
  Clock::time_point now = begin;
  while (now < end) {
    crowd.exchange_window();
    const Clock::time_point heard = Clock::now();
    round.windows.push_back(Seconds(heard - now).count());
    now = heard;
  }
  const double deliveries = static_cast<double>(round.windows.size()) * static_cast<double>(load.window) *
                            static_cast<double>(load.clients - 1);
  round.deliveries_a_second = deliveries / Seconds(now - begin).count();
  if (used) round.processor_seconds_a_delivery = (*server.processor_seconds() - *used) / deliveries;
  round.memory = server.memory();
  return round;
}

// The value below which the part `rank` of all lies: 0.5 is the median.
double quantile(std::vector<double> values, double rank) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(values.size() - 1) * rank);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double median_of(const std::vector<Round>& rounds, double Round::*figure) {
  std::vector<double> values;
  for (const Round& round : rounds) values.push_back(round.*figure);
  return quantile(values, 0.5);
}

void print_results(const Load& load, const std::vector<Contestant>& contestants,
                   const std::vector<std::vector<Round>>& results) {
  fmt::print("\n{} clients, 1 speaking, windows of {}, {} bytes a message\n", load.clients, load.window,
             text_size);
  fmt::print("{:<8}{:>16}{:>8}{:>16}{:>8}{:>12}{:>12}{:>12}\n", "", "deliveries/s", "ratio", "CPU/delivery",
             "ratio", "median", "99 %", "memory");
  constexpr auto rate_of = &Round::deliveries_a_second;
  constexpr auto processor_of = &Round::processor_seconds_a_delivery;
  const double floor_rate = median_of(results[0], rate_of);
  for (std::size_t i = 0; i < contestants.size(); ++i) {
    std::vector<double> windows;
    for (const Round& round : results[i]) {
      windows.insert(windows.end(), round.windows.begin(), round.windows.end());
    }
    const double rate = median_of(results[i], rate_of);
    const double processor = median_of(results[i], processor_of);
    fmt::print("{:<8}{:>16.0f}{:>8.2f}", contestants[i].name, rate, rate / floor_rate);
    if (processor > 0) {
      fmt::print("{:>13.3f} us{:>8.2f}", processor * 1e6, processor / median_of(results[0], processor_of));
    } else {
      fmt::print("{:>16}{:>8}", "-", "-");
    }
    fmt::print("{:>9.0f} us{:>9.0f} us", quantile(windows, 0.5) * 1e6, quantile(windows, 0.99) * 1e6);
    const auto memory = results[i].back().memory;
    fmt::print("{:>12}\n", memory ? fmt::format("{:.1f} MiB", static_cast<double>(*memory) / 1048576) : "-");
  }
  const auto [least, most] = std::ranges::minmax_element(results[0], {}, rate_of);
  fmt::print("noise: the rounds of the floor lie between {:.2f} and {:.2f} of their median\n",
             least->deliveries_a_second / floor_rate, most->deliveries_a_second / floor_rate);
}

// `50,200,900` as numbers, each from `least` to 1000.
std::vector<std::size_t> numbers(const Options& options, const std::string& name, std::size_t least) {
  std::vector<std::size_t> all;
  std::istringstream text(options.text(name) + ',');
  std::size_t number = 0;
  char comma = ',';
  while (text >> number >> comma && comma == ',' && number >= least && number <= 1000) all.push_back(number);
  if (text.eof()) return all;
  throw UsageError(fmt::format("{} takes whole numbers from {} to 1000, with commas between", name, least));
}

}  // namespace

int main(int argc, char** argv) {
  const Usage usage = {
      "Measures the chat server. It starts three servers in turn, fills the room of each with clients, and "
      "lets\n"
      "one of them speak: it sends a window of messages, and the next one when everybody has heard the "
      "last.\n"
      "A delivery is a message that one client has heard. The servers are\n"
      "  floor    one recv() and a send() to each, nothing else: what the system itself costs\n"
      "  server   the chat server of part 4\n"
      "  python   a chat server in Python with select(), if there is a python3\n"
      "and the ratios are to the floor. A window is timed from its sending until everybody has heard it.",
      {{"--clients", "N[,N]...", "50,200,900", "how many are in the room"},
       {"--window", "N[,N]...", "1,32", "how many messages are sent at once"},
       {"--rounds", "N", "5", "how often each server is measured; the medians are shown"},
       {"--seconds", "SECONDS", "0.3", "how long a round takes"}}};
  return run_program(argc, argv, usage, [&](const Options& options) {
    const auto rounds = options.number("--rounds", 1, 1000);
    const bool has_python = std::system("command -v python3 >/dev/null") == 0;

    for (const std::size_t clients : numbers(options, "--clients", 2)) {
      allow_descriptors(clients + 100);
      for (const std::size_t window : numbers(options, "--window", 1)) {
        const Load load{clients, window};
        std::vector<Contestant> contestants = {
            {"floor", [&](const auto& host, const auto& port) { serve_floor(load, host, port); }, false},
            {"server", chat_server_beside(argv[0])}};
        if (has_python) contestants.push_back({"python", serve_python});
        std::vector<std::vector<Round>> results(contestants.size());
        for (std::int64_t i = 0; i < rounds; ++i) {
          for (std::size_t j = 0; j < contestants.size(); ++j) {
            results[j].push_back(measure(contestants[j], load, options));
          }
        }
        print_results(load, contestants, results);
      }
    }
  });
}
