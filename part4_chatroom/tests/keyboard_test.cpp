// The clients at a real keyboard: what a person types there, what the screen shows, and what the shell finds after
// the end.
#include <gtest/gtest.h>
#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <ostream>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "docs/check/screen.hpp"
#include "part4_chatroom/line_editor.hpp"
#include "part4_chatroom/tests/fake_server.hpp"
#include "part4_chatroom/tests/room.hpp"

namespace {

using Heard = std::pair<std::string, std::string>;

const std::string left = "\x1b[D";
const std::string right = "\x1b[C";
const std::string up = "\x1b[A";
const std::string down = "\x1b[B";
const std::string home = "\x1b[H";
const std::string end = "\x1b[F";
const std::string remove = "\x1b[3~";  // the key Delete
const std::string backspace = "\x7f";

std::string repeated(int times, const std::string& text) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// What the keys make of a line, whose cursor is `|`.
std::string edited(const std::string& keys) {
  LineEditor editor(1000);
  std::string typed = keys + "\x0b";  // Ctrl-K shows where the cursor is
  EXPECT_EQ(editor.next_line(typed), std::nullopt);
  EXPECT_EQ(typed, "");
  const std::string before = editor.picture("", 1000);
  typed = keys;
  LineEditor again(1000);
  again.next_line(typed);
  typed = "\r";
  const std::string whole = again.next_line(typed).value_or("");
  return before + "|" + whole.substr(before.size());
}

TEST(LineEditor, PutsWhatIsTypedWhereTheCursorIs) {
  EXPECT_EQ(edited("hello"), "hello|");
  EXPECT_EQ(edited("heo" + left + "ll"), "hell|o");
  EXPECT_EQ(edited("ello" + home + "h"), "h|ello");
  EXPECT_EQ(edited("hell" + home + end + "o"), "hello|");
  EXPECT_EQ(edited("helo" + left + left + right + "l"), "hell|o");
  EXPECT_EQ(edited("a" + right + right + "b" + repeated(5, left) + "c"), "c|ab");
}

TEST(LineEditor, KnowsTheKeysOfAllTerminals) {
  for (const std::string key : {"\x1b[H", "\x1bOH", "\x1b[1~", "\x01"}) EXPECT_EQ(edited("ab" + key), "|ab");
  for (const std::string key : {"\x1b[F", "\x1bOF", "\x1b[4~", "\x05"})
    EXPECT_EQ(edited("ab\x01" + key), "ab|");
  for (const std::string key : {"\x1b[D", "\x1bOD", "\x02"}) EXPECT_EQ(edited("ab" + key), "a|b");
  for (const std::string key : {"\x1b[C", "\x1bOC", "\x06"}) EXPECT_EQ(edited("ab\x01" + key), "a|b");
  for (const std::string key : {"\x7f", "\x08"}) EXPECT_EQ(edited("ab" + key), "a|");
  for (const std::string key : {"\x1b[3~", "\x04"}) EXPECT_EQ(edited("ab\x01" + key), "|b");
}

TEST(LineEditor, ErasesCharactersAndWordsAndBothSides) {
  EXPECT_EQ(edited("abc" + left + backspace), "a|c");
  EXPECT_EQ(edited("abc" + left + remove), "ab|");
  EXPECT_EQ(edited(backspace + remove + "a" + remove), "a|");
  EXPECT_EQ(edited("one two  \x17"), "one |");
  EXPECT_EQ(edited("one\x17"), "|");
  EXPECT_EQ(edited("   \x17"), "|");
  EXPECT_EQ(edited("one two" + left + "\x17"), "one |o");
  EXPECT_EQ(edited("one two" + repeated(3, left) + "\x15"), "|two");
  EXPECT_EQ(edited("one two" + repeated(3, left) + "\x0b"), "one |");
}

// A character is what the reader takes for one: with its accents, and an emoji with all that it is joined of.
TEST(LineEditor, MovesAndErasesByCharactersAndNotByBytes) {
  for (const std::string character :
       {"é", "e\u0301", "你", "ซ้", "😀", "👍🏽", "👩‍👩‍👧", "❤️"}) {
    EXPECT_EQ(edited("a" + character + backspace), "a|") << character;
    EXPECT_EQ(edited("a" + character + left), "a|" + character);
    EXPECT_EQ(edited("a" + character + "b" + left + backspace), "a|b") << character;
    EXPECT_EQ(edited(character + character + home + right), character + "|" + character);
    EXPECT_EQ(edited(character + "a" + home + remove), "|a");
  }
  EXPECT_EQ(edited("a\xff" + backspace), "a|");
}

TEST(LineEditor, IgnoresKeysThatItDoesNotKnow) {
  // F1, F5, Ctrl-→, Alt-b but for the b, Ctrl-T, Escape twice, the marks around a pasted text
  EXPECT_EQ(edited("a\x1bOP\x1b[15~\x1b[1;5C\x1b"
                   "b\x14\x1b\x1b"
                   "c\x1b[200~d\x1b[201~"),
            "abcd|");
  EXPECT_EQ(edited("a\x1b[" + std::string(1000, '0') + "b"), "a" + std::string(986, '0') + "b|");
}

TEST(LineEditor, RecallsTheLinesBefore) {
  LineEditor editor(1000);
  const auto line_of = [&](std::string typed) { return editor.next_line(typed).value_or("(none)"); };
  EXPECT_EQ(line_of(up + down + "one\r"), "one");
  EXPECT_EQ(line_of("two\r"), "two");
  EXPECT_EQ(line_of("two\r"), "two");
  EXPECT_EQ(line_of("\r"), "");
  EXPECT_EQ(line_of(up + "!\r"), "two!");
  EXPECT_EQ(line_of(up + up + up + "\r"), "one");
  EXPECT_EQ(line_of(up + up + up + up + up + up + "\r"), "one");
  EXPECT_EQ(line_of("new" + up + up + down + down + "er\r"), "newer");
  EXPECT_EQ(line_of("\x10\x10\x0e\r"), "newer");
  for (int i = 0; i < 1000; ++i) line_of(std::to_string(i) + "\r");
  EXPECT_EQ(line_of(repeated(2000, up) + "\r"), "900");
}

TEST(LineEditor, EndsALineAtEnterAndAtEachEndOfAPastedText) {
  LineEditor editor(1000);
  std::string typed = "one\rtwo\nthree\r\nfour\r";
  for (const std::string line : {"one", "two", "three", "four"}) EXPECT_EQ(editor.next_line(typed), line);
  typed += "\n";  // of the \r before
  EXPECT_EQ(editor.next_line(typed), std::nullopt);
  typed += "\n";
  EXPECT_EQ(editor.next_line(typed), "");
  typed += "a\tb\r";
  EXPECT_EQ(editor.next_line(typed), "a\tb");
}

TEST(LineEditor, EndsWithCtrlDInAnEmptyLineOnly) {
  LineEditor editor(1000);
  std::string typed = "ab\x04\x04" + left + "\x04\r";
  EXPECT_EQ(editor.next_line(typed), "a");
  EXPECT_FALSE(editor.has_ended());
  typed = "\x04";
  EXPECT_EQ(editor.next_line(typed), std::nullopt);
  EXPECT_TRUE(editor.has_ended());
}

TEST(LineEditor, RefusesALineThatIsTooLongOnce) {
  LineEditor editor(10);
  std::string typed = "0123456789\r0123456789a";
  EXPECT_EQ(editor.next_line(typed), "0123456789");
  EXPECT_EQ(editor.next_line(typed), "0123456789a");
  for (int i = 0; i < 1000; ++i) {
    typed += "and more";
    EXPECT_EQ(editor.next_line(typed), std::nullopt);
    EXPECT_EQ(typed, "");
  }
  typed = "end\rhello\r";
  EXPECT_EQ(editor.next_line(typed), "hello");
  typed = up + up + "\r";
  EXPECT_EQ(editor.next_line(typed), "0123456789");
}

// The line that a terminal shows, and the column of the cursor there, for text of one column a byte.
struct View {
  std::string line;
  std::size_t cursor = 0;

  bool operator==(const View&) const = default;
};

void PrintTo(const View& view, std::ostream* out) {
  *out << "'" << view.line << "', the cursor in column " << view.cursor;
}

View view_of(const std::string& keys, int columns) {
  LineEditor editor(100'000);
  std::string typed = keys;
  editor.next_line(typed);
  const std::string picture = editor.picture("me > ", columns);
  const std::size_t back = picture.find('\r');
  Screen screen;
  screen.show(picture);
  return {screen.current(), back == std::string::npos ? picture.size() : picture.size() - back - 1};
}

TEST(LineEditor, ScrollsALineThatIsWiderThanTheScreen) {
  EXPECT_EQ(view_of("0123", 10), (View{"me > 0123", 9}));
  EXPECT_EQ(view_of("01234", 10), (View{"e > 01234", 9}));
  EXPECT_EQ(view_of("0123456789", 10), (View{"123456789", 9}));
  EXPECT_EQ(view_of("0123456789" + home, 10), (View{"me > 0123", 5}));
  EXPECT_EQ(view_of("0123456789" + left, 10), (View{"123456789", 8}));
  EXPECT_EQ(view_of("0123456789" + repeated(5, left), 10), (View{"> 0123456", 7}));
}

TEST(LineEditor, ShowsSomethingOnTheSmallestScreens) {
  EXPECT_EQ(view_of("0123", 0), (View{"", 0}));
  EXPECT_EQ(view_of("0123", 1), (View{"", 0}));
  EXPECT_EQ(view_of("0123", 2), (View{"3", 1}));
  EXPECT_EQ(view_of("0123" + left, 3), (View{"12", 2}));
}

TEST(LineEditor, LeavesRoomForWideCharacters) {
  EXPECT_EQ(view_of("你好你好", 10).line, " 你好你好");
  EXPECT_EQ(view_of("你好你好你", 10).line, "好你好你");
  EXPECT_EQ(view_of(repeated(9, "e\u0301"), 10).line, repeated(9, "e\u0301"));
}

TEST(LineEditor, ShowsWhatTheTerminalWouldObeyEscapedButABackslashAsItIs) {
  EXPECT_EQ(view_of("a\\b\tc\xff\xc2\x9b", 80).line, "me > a\\b\\tc\\xff\\xc2\\x9b");
  EXPECT_EQ(shown("\\\\a\\"), "\\\\a\\");
}

// However the keys come, in whole or byte by byte, the lines are the same, and no picture is wider than the screen.
TEST(LineEditor, MakesTheSameOfKeysInAnyPieces) {
  const std::vector<std::string> keys = {
      "a",    " ",    "word ", "é",    "e\u0301", "你",      "👩‍👩‍👧",
      "\xff", "\xe4", "\\",    "\t",   left,      right,     up,
      down,   home,   end,     remove, "\x1b",    backspace, "\x17",
      "\x15", "\x0b", "\r",    "\n",   "\r\n",    "\x1b["};
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same test each time
  for (int round = 0; round < 200; ++round) {
    std::string typed;
    for (int i = 0; i < 60; ++i) typed += keys[random() % keys.size()];
    LineEditor at_once(2000);
    LineEditor in_pieces(2000);
    std::vector<std::string> lines;
    std::vector<std::string> same_lines;
    std::string rest = typed;
    while (const auto line = at_once.next_line(rest)) lines.push_back(*line);
    std::string piece;
    for (const char byte : typed) {
      piece += byte;
      while (const auto line = in_pieces.next_line(piece)) same_lines.push_back(*line);
      Screen screen;
      screen.show(in_pieces.picture("me > ", 12));
      EXPECT_EQ(screen.lines().size(), 0U);
      EXPECT_EQ(shown(screen.current()), screen.current());
    }
    EXPECT_EQ(lines, same_lines) << shown(typed);
    EXPECT_EQ(at_once.picture("", 1000), in_pieces.picture("", 1000));
  }
}

// A person at a terminal, and what she sees.
class Person {
 public:
  // `shell` is run by sh, with the client as `"$@"`.
  Person(const std::string& client, std::uint16_t port, const std::string& shell = "exec \"$@\"",
         const std::string& name = "alice")
      : program_(command_line(client, port, shell, name), Process::Stdio::terminal) {}

  void type(std::string_view keys) { program_.type(keys); }
  void resize(unsigned short columns) { program_.resize(24, columns); }
  Process& program() { return program_; }

  // Waits until the line with the cursor is this.
  void sees(const std::string& line) {
    until("the line '" + line + "'", [&] { return screen_.current() == line; });
  }

  // Waits until one of the lines above ends with this.
  void has_seen(const std::string& text) {
    until("a line '" + text + "'", [&] {
      const auto is_it = [&](const std::string& line) { return line.ends_with(text); };
      return std::any_of(screen_.lines().begin(), screen_.lines().end(), is_it);
    });
  }

  const std::vector<std::string>& lines() const { return screen_.lines(); }
  const std::string& current() const { return screen_.current(); }

  // All that is seen until the program has ended, and its exit code.
  int wait() {
    screen_.show(program_.rest());
    return program_.wait();
  }

 private:
  static std::vector<std::string> command_line(const std::string& client, std::uint16_t port,
                                               const std::string& shell, const std::string& name) {
    std::vector<std::string> command = {
        "sh", "-c", shell, "sh", PROGRAMS + client, "--port", std::to_string(port)};
    if (!name.empty()) command.insert(command.end(), {"--name", name});
    return command;
  }

  template <typename Condition>
  void until(const std::string& what, Condition condition) {
    const auto latest = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
      const auto bytes = program_.read(std::chrono::milliseconds(100));
      if (bytes) screen_.show(*bytes);
      if (condition()) return;
      if (bytes && std::chrono::steady_clock::now() < latest) continue;
      std::string seen;
      for (const std::string& line : screen_.lines()) seen += line + "\n";
      throw std::runtime_error("no " + what + " on the screen:\n" + seen + screen_.current());
    }
  }

  Process program_;
  Screen screen_;
};

// What the server that the test plays hears next.
std::string heard_by(Socket& socket) {
  static constexpr std::size_t header = 10;
  std::string bytes;
  std::size_t size = header;
  while (bytes.size() < size) {
    std::string more(size - bytes.size(), '\0');
    if (!socket.wait_readable(deadline)) throw std::runtime_error("the client says nothing");
    more.resize(socket.recv(more).size());
    if (more.empty()) throw std::runtime_error("the client has left");
    bytes += more;
    if (bytes.size() == header) size += static_cast<std::size_t>(std::stoi(bytes));
  }
  return bytes.substr(header);
}

// alice at client_select, in the room of a server that the test plays.
struct Session {
  FakeServer server;
  Person alice;
  Socket socket;

  explicit Session(const std::string& shell = "exec \"$@\"", const std::string& client = "client_select")
      : alice(client, server.port(), shell), socket(server.welcome("alice")) {
    alice.sees("alice > ");
  }

  void say(const std::string& name, const std::string& text) {
    socket.send_all(with_header(name) + with_header(text));
  }
};

TEST(Keyboard, KeepsWhatIsBeingTypedBelowWhatComes) {
  Session session;
  Person& alice = session.alice;
  alice.type("hallo" + left + left + left);
  alice.sees("alice > hallo");
  session.say("bob", "hi");
  alice.has_seen("bob > hi");
  alice.sees("alice > hallo");
  alice.type(backspace + "e");
  alice.sees("alice > hello");
  alice.type(end + repeated(9, backspace));
  alice.sees("alice > ");
  alice.type("bye\r");
  EXPECT_EQ(heard_by(session.socket), "bye");
  alice.has_seen("alice > bye");
  alice.sees("alice > ");
  EXPECT_EQ(alice.lines(), (std::vector<std::string>{"bob > hi", "alice > bye"}));
}

TEST(Keyboard, EditsTheNameToo) {
  FakeServer server;
  Person alice("client_select", server.port(), "exec \"$@\"", "");
  alice.sees("Username: ");
  alice.type("你好" + backspace + backspace + "lice" + home + "a");
  alice.sees("Username: alice");
  alice.type("\r");
  Socket socket = server.welcome("alice");
  alice.sees("alice > ");
  alice.type(up + "hello\r");  // the name is nothing that has been said
  EXPECT_EQ(heard_by(socket), "hello");
}

TEST(Keyboard, ShowsPastedLinesAsIfTheyHadBeenTyped) {
  Session session;
  session.alice.type("one\ntwo\r\nthree\rand a half");
  for (const std::string line : {"one", "two", "three"}) EXPECT_EQ(heard_by(session.socket), line);
  session.alice.sees("alice > and a half");
  EXPECT_EQ(session.alice.lines(), (std::vector<std::string>{"alice > one", "alice > two", "alice > three"}));
}

// Types what is longer than a terminal can hold: in pieces, each once the one before is seen.
std::string type_much(Person& person, std::size_t size) {
  std::string line;
  for (int number = 0; line.size() < size;) {
    std::string piece;
    while (piece.size() < 1000) piece += std::to_string(number++) + " ";
    person.type(piece);
    person.sees(piece.substr(piece.size() - 99));
    line += piece;
  }
  return line;
}

TEST(Keyboard, SendsALineOfAnyLengthWhole) {
  Session session;
  const std::string line = type_much(session.alice, 60'000);
  session.alice.type("\r");
  session.alice.has_seen("alice > " + line);
  EXPECT_EQ(heard_by(session.socket), line);
}

TEST(Keyboard, RefusesALineThatIsTooLongOnce) {
  Session session;
  type_much(session.alice, 64'000);
  session.alice.type(std::string(2'000, 'x'));
  session.alice.sees("alice > ");
  for (int i = 0; i < 10; ++i) session.alice.type(std::string(1'000, 'x'));
  session.alice.type("\rhello\r");
  session.alice.has_seen("alice > hello");
  session.alice.sees("alice > ");
  EXPECT_EQ(heard_by(session.socket), "hello");
  const auto is_refusal = [](const std::string& line) {
    return line == "client_select: a message has at most 65536 bytes: this one is not sent";
  };
  EXPECT_EQ(std::count_if(session.alice.lines().begin(), session.alice.lines().end(), is_refusal), 1);
}

TEST(Keyboard, LeavesAtCtrlDInAnEmptyLineAndNotInAHalfOne) {
  Session session;
  session.alice.type("half\x04\x04\x04");
  session.alice.sees("alice > half");
  session.alice.type(" a line\r");
  session.alice.has_seen("alice > half a line");
  session.alice.sees("alice > ");
  session.alice.type("\x04");
  EXPECT_EQ(heard_by(session.socket), "half a line");
  EXPECT_EQ(session.alice.wait(), 0);
  EXPECT_EQ(session.alice.lines(), (std::vector<std::string>{"alice > half a line", "alice > "}));
}

TEST(Keyboard, ScrollsAtTheEdgeOfAScreenOfAnySize) {
  Session session;
  const std::string line = repeated(30, "0123456789");
  session.alice.type(line);
  session.alice.sees(line.substr(line.size() - 99));
  session.alice.resize(21);
  session.alice.sees("01234567890123456789");
  session.alice.type(home);
  session.alice.sees("alice > 012345678901");
  session.alice.resize(10);
  session.alice.sees("lice > 01");
  session.say("bob", "hi");
  session.alice.has_seen("bob > hi");
  session.alice.sees("lice > 01");
  session.alice.resize(0);  // of unknown size, as before: 80 columns
  session.alice.sees("alice > " + line.substr(0, 71));
  session.alice.type("\r");
  EXPECT_EQ(heard_by(session.socket), line);
}

TEST(Keyboard, IsThereOnATerminalWithoutASize) {
  Session session("stty rows 0 cols 0; exec \"$@\"");
  session.alice.type("hello" + left + "\r");
  EXPECT_EQ(heard_by(session.socket), "hello");
}

TEST(Keyboard, KeepsToThePlainTerminalIfOnlyOneSideIsOne) {
  Session session("\"$@\" | cat");
  session.alice.type("hello\n");
  EXPECT_EQ(heard_by(session.socket), "hello");
  session.alice.has_seen("alice > hello");
  session.alice.sees("alice > ");
}

// Says after the end whether the terminal is as before, and takes a line from it, as a shell would.
const std::string as_before = R"sh(
trap : INT QUIT
before=$(stty -g)
sh -c 'echo "I am $$"; exec "$@"' sh "$@"; code=$?
if [ "$before" = "$(stty -g)" ]; then state=before; else state='NOT before'; fi
echo "ended with $code, the terminal is as $state"
read -r line
echo "the shell has got '$line'")sh";

class EveryEnd : public testing::TestWithParam<std::string> {};  // of a client

TEST_P(EveryEnd, LeavesNothingHalfTypedToTheShell) {
  Session session(as_before, GetParam());
  Person& alice = session.alice;
  const bool waits_for_enter = GetParam() == "client";  // before it looks whether the server is there
  if (waits_for_enter) {
    alice.type("one\r");
    alice.has_seen("alice > one");
    alice.sees("alice > ");
  } else {
    alice.type("half a command");
    alice.sees("alice > half a command");
  }
  session.socket.shutdown(SHUT_WR);
  if (waits_for_enter) alice.type("two\rhalf a command");
  alice.has_seen("connection closed by the server");
  alice.has_seen("ended with 0, the terminal is as before");
  alice.type("\r");
  alice.has_seen("the shell has got ''");
}

INSTANTIATE_TEST_SUITE_P(, EveryEnd, testing::Values("client", "client_threads", "client_select"),
                         [](const auto& client) { return client.param; });

struct End {
  std::string name;
  void (*come)(Session&, pid_t);
  int code;
};

void PrintTo(const End& end_of, std::ostream* out) {
  *out << end_of.name;
}

class EndOfTheEditor : public testing::TestWithParam<End> {};

TEST_P(EndOfTheEditor, PutsTheTerminalBack) {
  Session session(as_before);
  const auto& lines = session.alice.lines();
  ASSERT_FALSE(lines.empty());
  const pid_t client = std::stoi(lines[0].substr(std::string_view("I am ").size()));
  GetParam().come(session, client);
  session.alice.has_seen("ended with " + std::to_string(GetParam().code) + ", the terminal is as before");
  session.alice.type("ls\r");
  session.alice.has_seen("the shell has got 'ls'");
}

INSTANTIATE_TEST_SUITE_P(
    , EndOfTheEditor,
    testing::Values(
        End{"CtrlD", [](Session& session, pid_t) { session.alice.type("\x04"); }, 0},
        End{"CtrlC", [](Session& session, pid_t) { session.alice.type("half\x03"); }, 128 + SIGINT},
        End{"CtrlBackslash", [](Session& session, pid_t) { session.alice.type("\x1c"); }, 128 + SIGQUIT},
        End{"Terminate", [](Session&, pid_t client) { ::kill(client, SIGTERM); }, 128 + SIGTERM},
        End{"HangUp", [](Session&, pid_t client) { ::kill(client, SIGHUP); }, 128 + SIGHUP},
        End{"Error", [](Session& session, pid_t) { session.socket.send_all("no length "); }, 1}),
    [](const auto& end_of) { return end_of.param.name; });

TEST(Keyboard, IsTheShellsAtCtrlZAndTheClientsAgainAtFg) {
  Session session(R"sh(
set -m
before=$(stty -g)
"$@"
if [ "$before" = "$(stty -g)" ]; then echo as before; fi
read -r line
echo "the shell has got '$line'"
fg
if [ "$before" = "$(stty -g)" ]; then echo as before again; fi)sh");
  Person& alice = session.alice;
  alice.type("hal" + left + "l");
  alice.sees("alice > hall");
  alice.type("\x1a");
  alice.has_seen("as before");
  session.say("bob", "hi");
  alice.type("ls\r");
  alice.has_seen("the shell has got 'ls'");
  alice.has_seen("bob > hi");
  alice.sees("alice > hall");
  alice.type(left + "!" + end + "o\r");
  EXPECT_EQ(heard_by(session.socket), "ha!llo");
  alice.sees("alice > ");
  alice.type("\x1a");
  alice.has_seen("as before again");
}

TEST(Keyboard, IsNotTakenByAClientInTheBackgroundWhichEndsAtKill) {
  Session session(R"sh(exec bash -c '
set -m
before=$(stty -g)
"$@"
bg
until jobs | grep -q Stopped; do sleep 0.05; done
if [ "$before" = "$(stty -g)" ]; then echo as before; fi
fg
kill %1
while kill -0 %1 2>/dev/null; do sleep 0.05; done
echo it has ended
if [ "$before" = "$(stty -g)" ]; then echo as before again; fi' bash "$@")sh");
  session.alice.type("\x1a");
  session.alice.has_seen("as before");
  session.alice.type("x");
  session.alice.sees("alice > x");
  session.alice.type("\x1a");
  session.alice.has_seen("it has ended");
  session.alice.has_seen("as before again");
}

// A plain client leaves the line to the terminal, which hands over whole lines of at most 4,095 bytes.
TEST(PlainClient, ShowsThePromptWithoutWhatIsBeingTypedAfterAMessage) {
  Session session("exec \"$@\"", "client_threads");
  session.alice.type("half a li");
  session.alice.sees("alice > half a li");
  session.say("bob", "hi");
  session.alice.has_seen("bob > hi");
  session.alice.sees("alice > ");
  session.alice.type("ne\r");
  EXPECT_EQ(heard_by(session.socket), "half a line");
}

}  // namespace
