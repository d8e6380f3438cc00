// For the tests of the clients: a server that does what the test wants.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "part4_chatroom/tests/room.hpp"

class FakeServer {
 public:
  std::uint16_t port() const {
    return static_cast<std::uint16_t>(std::stoi(port_of(listening_.local_address().text())));
  }

  // Waits for a client and for its name.
  Socket welcome(const std::string& name) {
    if (!listening_.wait_readable(deadline)) throw std::runtime_error("no client comes");
    Socket socket = listening_.accept().socket;
    const std::string expected = with_header(name);
    std::string received(expected.size(), '\0');
    std::size_t size = 0;
    while (size < received.size()) {
      if (!socket.wait_readable(deadline)) throw std::runtime_error("the client says no name");
      const std::size_t more = socket.recv(std::span(received).subspan(size)).size();
      if (more == 0) throw std::runtime_error("the client has left");
      size += more;
    }
    EXPECT_EQ(received, expected);
    return socket;
  }

 private:
  Socket listening_ = listening_on();
};
