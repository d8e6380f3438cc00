// Part 4, a long run: people join the room, talk, leave and vanish all the time. Every message is accounted for
// at everybody who should have heard it, and the server must not grow.
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/message.hpp"
#include "common/program.hpp"
#include "common/socket.hpp"
#include "part4_chatroom/bench/load.hpp"

namespace {

using Clock = std::chrono::steady_clock;

// What a person has said are the numbers 0, 1, 2, ..., so whoever misses one or hears one twice notices. Each
// person is a number too, which grows: who comes back is somebody else.
using Person = std::size_t;

// What somebody says is remembered until everybody has heard it.
struct Speaker {
  std::size_t said = 0;
  bool gone = false;
  bool vanished = false;  // with a reset, which may take with it what was said last
};

// Somebody who is connected.
struct Guest {
  Person person;
  Socket socket;
  MessageReader inbox{64 * 1024};
  std::optional<Person> speaker = std::nullopt;     // whose text comes next
  std::map<Person, std::size_t> heard = {};         // of each speaker: how many, or the number of the next
  std::optional<Person> hears_from = std::nullopt;  // everybody from this person on has joined later
  bool leaves = false;
};

class Soak {
 public:
  Soak(ServerProcess& server, std::size_t places, std::uint32_t seed)
      : server_(server), guests_(places), random_(seed) {
    join(guests_[0]);  // who never leaves, so that somebody always listens
  }

  // One thing happens to one place of the room.
  void step() {
    const std::size_t place = below(guests_.size());
    std::optional<Guest>& guest = guests_[place];
    if (!guest) return join(guest);
    if (guest->leaves) return;
    const std::size_t what = below(100);
    if (what < 70) {
      say(*guest, 1);
    } else if (what < 80) {
      say(*guest, 20);
    } else if (place != 0 && what < 86) {
      leave(*guest);
    } else if (place != 0 && what < 90) {
      guest->socket.send_all("1000      half a message");
      leave(*guest);
    } else if (place != 0 && what < 96) {
      vanish(guest);
    }
  }

  // Receives what has come, and waits for it for a while.
  void listen(int milliseconds) {
    std::vector<pollfd> waiting(guests_.size());
    for (std::size_t i = 0; i < guests_.size(); ++i) {
      waiting[i] = {guests_[i] ? guests_[i]->socket.descriptor() : -1, POLLIN, 0};
    }
    ::poll(waiting.data(), static_cast<nfds_t>(waiting.size()), milliseconds);
    for (std::size_t i = 0; i < guests_.size(); ++i) {
      if (waiting[i].revents != 0) receive(guests_[i]);
    }
  }

  // Waits until everybody has heard all that was said.
  void settle() {
    const Clock::time_point end = Clock::now() + std::chrono::seconds(20);
    while (const auto missing = who_misses_what()) {
      if (Clock::now() > end) throw std::runtime_error(*missing);
      listen(100);
    }
    // A guest that vanished may have been heard late: it is forgotten only now if it was gone the last time.
    for (const Person person : std::exchange(forgotten_next_, {})) {
      speakers_.erase(person);
      for (auto& guest : guests_) {
        if (guest) guest->heard.erase(person);
      }
    }
    for (const auto& [person, speaker] : speakers_) {
      if (speaker.gone) forgotten_next_.push_back(person);
    }
  }

  // Everybody leaves.
  void empty() {
    for (auto& guest : guests_) {
      if (guest && !guest->leaves) leave(*guest);
    }
    const Clock::time_point end = Clock::now() + std::chrono::seconds(20);
    for (auto& guest : guests_) {
      while (guest) {
        if (Clock::now() > end) throw std::runtime_error("the server does not close a connection");
        listen(100);
      }
    }
  }

  void print_counts() const {
    fmt::print("{} joined, {} left, {} vanished\n", next_person_, left_, vanished_);
    fmt::print("{} messages said, {} heard: none lost, none twice, none out of order\n", said_, heard_);
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }

  void join(std::optional<Guest>& place) {
    place.emplace(Guest{next_person_++, server_.connect()});
    place->socket.set_nonblocking();
    place->socket.set_no_delay();
    place->socket.send_all(with_header(std::to_string(place->person)));
    say(*place, 1);  // who hears it knows that this guest is in the room
  }

  void say(Guest& guest, std::size_t count) {
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i) {
      bytes += with_header(std::to_string(speakers_[guest.person].said++) + std::string(below(200), ' '));
    }
    guest.socket.send_all(bytes);
    said_ += count;
  }

  void leave(Guest& guest) {
    guest.socket.shutdown(SHUT_WR);
    guest.leaves = true;
    speakers_[guest.person].gone = true;
    ++left_;
  }

  void vanish(std::optional<Guest>& guest) {
    const linger at_once{1, 0};  // close() sends a reset and not an end: SO_LINGER in socket(7)
    ::setsockopt(guest->socket.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    speakers_[guest->person].gone = speakers_[guest->person].vanished = true;
    guest.reset();
    ++vanished_;
  }

  void receive(std::optional<Guest>& guest) {
    const auto bytes = guest->socket.try_recv(buffer_);
    if (!bytes) return;
    if (bytes->empty()) {
      if (!guest->leaves) throw std::runtime_error(fmt::format("{} was dropped", guest->person));
      guest.reset();
      return;
    }
    guest->inbox.push(*bytes);
    while (const auto message = guest->inbox.next()) {
      const Person number = number_of(*message);
      if (guest->speaker) {
        hear(*guest, *std::exchange(guest->speaker, std::nullopt), number);
      } else {
        guest->speaker = number;
      }
    }
  }

  void hear(Guest& guest, Person speaker, std::size_t number) {
    ++heard_;
    for (auto& other : guests_) {
      if (number == 0 && other && other->person == speaker) other->hears_from = next_person_;
    }
    const auto [heard, is_first] = guest.heard.try_emplace(speaker, number);
    const bool from_the_first = guest.hears_from && speaker >= *guest.hears_from;
    if (number != heard->second || (is_first && from_the_first && number != 0)) {
      throw std::runtime_error(fmt::format("{} has heard number {} of {}, not {}", guest.person, number,
                                           speaker, is_first ? 0 : heard->second));
    }
    ++heard->second;
  }

  // Nothing if all have heard all that they should: of who joined later than they, everything, and of the
  // others whatever came after what they have heard first.
  std::optional<std::string> who_misses_what() const {
    for (const auto& guest : guests_) {
      if (!guest || guest->leaves) continue;
      if (!guest->hears_from && guest->person != 0) return fmt::format("nobody has heard {}", guest->person);
      for (const auto& [person, speaker] : speakers_) {
        if (person == guest->person || speaker.vanished) continue;
        const auto heard = guest->heard.find(person);
        const std::size_t count = heard == guest->heard.end() ? 0 : heard->second;
        const bool should =
            heard != guest->heard.end() || (guest->hears_from && person >= *guest->hears_from);
        if (should && count != speaker.said) {
          return fmt::format("{} has heard {} of {} messages of {}", guest->person, count, speaker.said,
                             person);
        }
      }
    }
    return std::nullopt;
  }

  static std::size_t number_of(std::string_view text) {
    std::size_t number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) {
      throw std::runtime_error("somebody has heard what nobody has said");
    }
    return number;
  }

  ServerProcess& server_;
  std::vector<std::optional<Guest>> guests_;
  std::map<Person, Speaker> speakers_;
  std::vector<Person> forgotten_next_;
  std::mt19937 random_;
  Person next_person_ = 0;
  std::size_t left_ = 0;
  std::size_t vanished_ = 0;
  std::size_t said_ = 0;
  std::size_t heard_ = 0;
  std::array<char, 64 * 1024> buffer_{};
};

double mebibytes(std::size_t bytes) {
  return static_cast<double>(bytes) / (1024 * 1024);
}

}  // namespace

int main(int argc, char** argv) {
  const Usage usage = {
      "Lets people join the chat room, talk, leave and vanish, at random. Fails if anybody misses a message, "
      "hears\n"
      "one twice or out of order, and if the server's memory or descriptors grow. (Under a sanitizer the "
      "memory\n"
      "does: it keeps for a while what has been freed.)",
      {{"--clients", "N", "100", "for how many there is a place in the room"},
       {"--seconds", "SECONDS", "60", "how long that goes on"},
       {"--seed", "N", "1", "of the random numbers"}}};
  return run_program(argc, argv, usage, [&](const Options& options) {
    const auto places = static_cast<std::size_t>(options.number("--clients", 2, 1000));
    const auto seed = static_cast<std::uint32_t>(options.number("--seed", 0, UINT32_MAX));
    const auto duration = options.seconds("--seconds");
    allow_descriptors(places + 100);
    ServerProcess server(options.host(), options.port(), chat_server_beside(argv[0]));
    Socket first = server.connect();  // now it listens
    first.shutdown(SHUT_WR);
    std::array<char, 1> nothing;
    first.recv(nothing);  // it has closed the connection, too
    const auto descriptors_before = server.descriptors();

    Soak soak(server, places, seed);
    const Clock::time_point begin = Clock::now();
    std::optional<std::size_t> memory_before;
    for (std::size_t i = 1; Clock::now() - begin < duration; ++i) {
      soak.step();
      soak.listen(0);
      if (i % 200 == 0) soak.settle();
      if (!memory_before && Clock::now() - begin > duration / 4) memory_before = server.memory();
    }
    soak.settle();
    const auto memory_after = server.memory();
    soak.empty();
    const auto descriptors_after = server.descriptors();

    soak.print_counts();
    if (!memory_before || !memory_after) return;  // no /proc here
    fmt::print("memory of the server: {:.1f} MiB after a quarter of the time, {:.1f} MiB at the end\n",
               mebibytes(*memory_before), mebibytes(*memory_after));
    fmt::print("descriptors of the server: {} before, {} after\n", *descriptors_before, *descriptors_after);
    if (*memory_after > *memory_before + 1024 * 1024) throw std::runtime_error("the server's memory grows");
    if (*descriptors_after != *descriptors_before) throw std::runtime_error("the server loses descriptors");
  });
}
