// Part 4, a load generator: how fast is the server, and next to what? It fills a room, lets some speak, and
// measures how long it takes until everybody has heard them. docs/part4.md reads its figures.
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/message.hpp"
#include "common/program.hpp"
#include "common/socket.hpp"
#include "part4_chatroom/bench/load.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// What happens in the room. The last who have entered are those who speak.
struct Load {
  std::size_t clients;
  std::size_t senders;
  std::size_t window;  // messages that each sender sends at once
  std::size_t size;    // bytes of a message's text

  std::string said() const {
    std::string bytes;
    for (std::size_t i = 0; i < window; ++i) bytes += with_header(std::string(size, 'x'));
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
  double deliveries_a_second;
  std::optional<double> processor_seconds_a_delivery;
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
  const auto pass_on = [&](Socket& sender) {
    receive(sender);
    for (Socket& client : clients) {
      if (&client != &sender) client.send_all(buffer);
    }
  };
  pass_on(clients.back());  // Crowd's constructor
  while (true) {
    for (std::size_t i = clients.size() - load.senders; i < clients.size(); ++i) pass_on(clients[i]);
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
      : load_(load),
        said_(load.said()),
        heard_size_(said_.size() + (names_come ? load.window * name_of(0).size() : 0)) {
    for (std::size_t i = 0; i < load.clients; ++i) {
      Socket& client = clients_.emplace_back(server.connect());
      client.set_no_delay();
      // A server that stops ends this program with an error, and not never.
      const timeval longest_wait{10, 0};
      ::setsockopt(client.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &longest_wait, sizeof longest_wait);
      client.send_all(name_of(i));
    }
    // Servers let people in one after the other: when everybody hears the last one, all are in.
    clients_.back().send_all(said_);
    hear(1);
  }

  // Every sender sends a window; returns when everybody has heard all of them.
  void exchange_window() {
    for (std::size_t i = clients_.size() - load_.senders; i < clients_.size(); ++i)
      clients_[i].send_all(said_);
    hear(load_.senders);
  }

 private:
  // Everybody receives what the last `senders` have said. The server sends in the order of the room. To wait
  // for each in that order would mean to wake up for each; this waits for the last of a group, and then finds
  // that the others of it have something too.
  void hear(std::size_t senders) {
    constexpr std::size_t group = 25;
    for (std::size_t begin = 0; begin < clients_.size(); begin += group) {
      for (std::size_t i = std::min(begin + group, clients_.size()); i-- > begin;) {
        const bool is_sender = i >= clients_.size() - senders;
        std::size_t left = heard_size_ * (is_sender ? senders - 1 : senders);
        while (left > 0) {
          const std::size_t received = clients_[i].recv(buffer_).size();
          if (received == 0 || received > left) throw std::runtime_error("the server sends something else");
          left -= received;
        }
      }
    }
  }

  Load load_;
  std::string said_;
  std::size_t heard_size_;  // bytes that bring one window of one sender
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
                            static_cast<double>(load.senders) * static_cast<double>(load.clients - 1);
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

double median_of(const std::vector<Round>& rounds, const std::function<double(const Round&)>& value) {
  std::vector<double> values;
  for (const Round& round : rounds) values.push_back(value(round));
  return quantile(values, 0.5);
}

double rate_of(const Round& round) {
  return round.deliveries_a_second;
}
double processor_of(const Round& round) {
  return round.processor_seconds_a_delivery.value_or(0);
}

void print_results(const Load& load, const std::vector<Contestant>& contestants,
                   const std::vector<std::vector<Round>>& results) {
  fmt::print("\n{} clients, {} speaking, windows of {}, {} bytes a message\n", load.clients, load.senders,
             load.window, load.size);
  fmt::print("{:<8}{:>16}{:>8}{:>16}{:>8}{:>12}{:>12}{:>12}\n", "", "deliveries/s", "ratio", "CPU/delivery",
             "ratio", "median", "99 %", "memory");
  for (std::size_t i = 0; i < contestants.size(); ++i) {
    std::vector<double> windows;
    for (const Round& round : results[i]) {
      windows.insert(windows.end(), round.windows.begin(), round.windows.end());
    }
    const double rate = median_of(results[i], rate_of);
    const double processor = median_of(results[i], processor_of);
    fmt::print("{:<8}{:>16.0f}{:>8.2f}", contestants[i].name, rate, rate / median_of(results[0], rate_of));
    if (processor > 0) {
      fmt::print("{:>13.3f} us{:>8.2f}", processor * 1e6, processor / median_of(results[0], processor_of));
    } else {
      fmt::print("{:>16}{:>8}", "-", "-");
    }
    fmt::print("{:>9.0f} us{:>9.0f} us", quantile(windows, 0.5) * 1e6, quantile(windows, 0.99) * 1e6);
    const auto memory = results[i].back().memory;
    fmt::print("{:>12}\n", memory ? fmt::format("{:.1f} MiB", static_cast<double>(*memory) / 1048576) : "-");
  }
  const auto [least, most] =
      std::minmax_element(results[0].begin(), results[0].end(),
                          [](const Round& a, const Round& b) { return rate_of(a) < rate_of(b); });
  fmt::print("noise: the rounds of the floor lie between {:.2f} and {:.2f} of their median\n",
             rate_of(*least) / median_of(results[0], rate_of),
             rate_of(*most) / median_of(results[0], rate_of));
}

// `50,200,900` as numbers, each from 1 to `most`.
std::vector<std::size_t> numbers(const Options& options, const std::string& name, std::size_t most) {
  std::vector<std::size_t> all;
  std::string_view rest = options.text(name);
  while (true) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (error != std::errc() || number < 1 || number > most || (!rest.empty() && rest[0] != ',')) {
      throw UsageError(fmt::format("{} takes whole numbers from 1 to {}, with commas between", name, most));
    }
    all.push_back(number);
    if (rest.empty()) return all;
    rest.remove_prefix(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Usage usage = {
      "Measures the chat server. It starts three servers in turn, fills the room of each with clients, and "
      "lets\n"
      "one or more of them speak: each sends a window of messages, and the next one when everybody has "
      "heard\n"
      "the last. A delivery is a message that one client has heard. The servers are\n"
      "  floor    one recv() and a send() to each, nothing else: what the system itself costs\n"
      "  server   the chat server of part 4\n"
      "  python   a chat server in Python with select(), if there is a python3\n"
      "and the ratios are to the floor. A window is timed from its sending until everybody has heard it. "
      "When\n"
      "many speak, a server can be better than the floor: it may send what several have said in one go.",
      {{"--clients", "N[,N]...", "50,200,900", "how many are in the room"},
       {"--window", "N[,N]...", "1,32", "how many messages are sent at once"},
       {"--size", "BYTES", "64", "how long each message is"},
       {"--senders", "N", "1", "how many speak at the same time"},
       {"--rounds", "N", "5", "how often each server is measured; the medians are shown"},
       {"--seconds", "SECONDS", "0.3", "how long a round takes"}}};
  return run_program(argc, argv, usage, [&](const Options& options) {
    const auto senders = static_cast<std::size_t>(options.number("--senders", 1, 100));
    const auto size = static_cast<std::size_t>(options.number("--size", 0, 65536));
    const auto rounds = options.number("--rounds", 1, 1000);
    const bool has_python = std::system("command -v python3 >/dev/null") == 0;

    for (const std::size_t clients : numbers(options, "--clients", 1000)) {
      if (clients < std::max<std::size_t>(2, senders))
        throw UsageError("--clients: not enough to speak and to hear");
      allow_descriptors(clients + 100);
      for (const std::size_t window : numbers(options, "--window", 1000)) {
        const Load load{clients, senders, window, size};
        // More than that, and a server may rightly drop those who hear it for not reading fast enough.
        if (senders * load.said().size() > 512 * 1024) throw UsageError("over 512 KiB are said at once");
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
