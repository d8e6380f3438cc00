// What guests of a room do in the checks of part 4, which play all of them.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <vector>

#include "common/check/check.hpp"
#include "common/text.hpp"

/// What a guest says again and again until another hears it.
inline const std::string ping = "Do you hear me?";

/// Connects to the server, and says `name`.
inline Connection& enter(Student& server, const std::string& name) {
  Connection& client = server.connect(name);
  client.send(with_header(name));
  return client;
}

/// Waits until `listener` hears `speaker`: a server need not say when it has let somebody in. Throws Mismatch if that
/// takes over 5 s.
inline void wait_until_heard(Connection& speaker, Connection& listener) {
  for (int tries = 0; tries < 25; ++tries) {
    speaker.send(with_header(ping));
    if (listener.has_more(std::chrono::milliseconds(200))) return;
  }
  listener.fail("two messages: the name of another guest, and what that guest has said");
}

/// Expects that `listener` hears `name` say `text`. Pings are passed over, and what strangers say. Throws Mismatch.
inline void expect_heard(Connection& listener, const std::string& name, const std::string& text) {
  const std::string expected =
      "two messages, " + python_bytes(name) + " and " +
      (text.size() <= 100 ? python_bytes(text) : fmt::format("{} bytes of '{}'", text.size(), text[0]));
  while (true) {
    const std::vector<std::string> heard = listener.messages(2, expected);
    const std::string& heard_name = heard[0];
    const std::string& heard_text = heard[1];
    if (heard_name == name && heard_text == text) return;
    const bool from_friend = heard_name == "alice" || heard_name == "bob" || heard_name == "carol";
    if (from_friend && heard_text != ping)
      listener.fail(expected, "this is what " + heard_name + " has said");
  }
}

/// Expects that each of the two hears what the other says. Throws Mismatch.
inline void expect_talk(Connection& alice, Connection& bob) {
  const std::string question = random_word();
  alice.send(with_header(question));
  expect_heard(bob, "alice", question);
  const std::string answer = random_word();
  bob.send(with_header(answer));
  expect_heard(alice, "bob", answer);
}
