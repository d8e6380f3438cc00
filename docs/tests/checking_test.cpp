// The checks of all parts, with programs as students write them: right ones, and ones with one bug each. That
// they find the tutorial's own programs right is tested in each part's folder (part1.check.server, ...).
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <ostream>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "common/check/check.hpp"
#include "common/testing/port.hpp"
#include "common/testing/process.hpp"
#include "docs/check/check.hpp"
#include "docs/tests/checking_testing.hpp"

namespace {

// --- Not a program of the part at all ---

class AnyCheck : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(AnyCheck, FindsNothingRightInAnotherKindOfProgram) {
  const auto& [part, side] = GetParam();
  for (const std::string program : {
           "true",
           "exit 3",
           "./no-such-program",
           "kill -SEGV $$",
           "echo 'welcome to the server!'; echo 'bob > hi'; echo \"{1: 'Hey', 2: 'There'}\"",
       }) {
    const auto [exit_code, report] = run_check(part, {side, program + " # {port}"});
    EXPECT_EQ(exit_code, 1);
    EXPECT_NE(report.find(side == "--client" ? "your client did not connect to 127.0.0.1:"
                                             : "nobody listens there"),
              std::string::npos)
        << report;
    EXPECT_NE(report.find("\n0 of "), std::string::npos) << report;
  }
}

TEST_P(AnyCheck, SendsTheReaderToSectionsThatExist) {
  const auto& [part, side] = GetParam();
  std::istringstream list(run_check(part, {"--list", side.substr(2)}).report);
  int count = 0;
  for (std::string title, section; std::getline(list, title) && std::getline(list >> std::ws, section);
       ++count) {
    const std::size_t hash = section.find('#');
    ASSERT_NE(hash, std::string::npos) << section;
    const Page page = read_page(REPOSITORY "/" + section.substr(0, hash));
    EXPECT_TRUE(page.anchors.contains(section.substr(hash + 1))) << title << ": " << section;
  }
  EXPECT_GE(count, 3);
}

std::string name_of_check(const testing::TestParamInfo<AnyCheck::ParamType>& info) {
  return std::get<0>(info.param) + (std::get<1>(info.param) == "--client" ? "_client" : "_server");
}
INSTANTIATE_TEST_SUITE_P(Of, AnyCheck,
                         testing::Combine(testing::Values("part1_basic", "part2_header", "part3_objects",
                                                          "part4_chatroom"),
                                          testing::Values("--server", "--client")),
                         name_of_check);

// --- Programs of students ---

struct Program {
  const char* name;
  const char* part;
  const char* side;
  const char* text;  // Python, without a single quote
};

void PrintTo(const Program& program, std::ostream* out) {
  *out << program.name;
}

const Program welcome_server = {"WelcomeServer", "part1_basic", "--server", R"(
import socket, sys
s = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1)
while True:
    client, address = s.accept()
    try:
        client.sendall(b"welcome to the server!")
    except OSError as error:
        print(error)
    client.close()
)"};

const Program stream_client = {"StreamClient", "part1_basic", "--client", R"(
import socket, sys
try: s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
except OSError as error:
    print(error)
    sys.exit(-1)
data = b""
while piece := s.recv(8):
    data += piece
text = data.decode()
print("The server says:", "".join(c if c.isprintable() else "?" for c in text))
)"};

const Program message_client = {"MessageClient", "part2_header", "--client", R"(
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
data = b""
while piece := s.recv(1024):
    data += piece
    while len(data) >= 10:
        size = int(data[:10])
        if not 0 <= size <= 1048576: sys.exit("that is no size of a message")
        if len(data) < 10 + size: break
        text = data[10:10 + size].decode()
        print(">", text.replace("\x1b", "ESC"))
        data = data[10 + size:]
if data: sys.exit("cut off")
)"};

const Program object_client = {"ObjectClient", "part3_objects", "--client", R"(
import io, pickle, socket, sys
class DataOnly(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError(name)
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
data = b""
while piece := s.recv(1024):
    data += piece
    while len(data) >= 10:
        size = int(data[:10])
        if size > 1048576: sys.exit("that is no size of a message")
        if len(data) < 10 + size: break
        object = DataOnly(io.BytesIO(data[10:10 + size])).load()
        print(object)
        data = data[10 + size:]
)"};

const Program chat_client = {"ChatClient", "part4_chatroom", "--client", R"(
import os, select, socket, sys
def show(text):
    sys.stdout.write(text)
    sys.stdout.flush()
def message(body):
    return b"%-10d%s" % (len(body), body)
show("Your name? ")
typed = said = b""
heard = []
s = None
while True:
    for ready in select.select([0] + ([s] if s else []), [], [])[0]:
        if ready == 0:
            more = os.read(0, 4096)
            if not more: sys.exit()
            typed += more
            *lines, typed = typed.split(b"\n")
            for line in lines:
                if s is None: s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                if line: s.sendall(message(line))
        else:
            more = s.recv(4096)
            if not more: sys.exit()
            said += more
            while len(said) >= 10:
                size = int(said[:10])
                if not 0 <= size <= 65536: sys.exit("that is no size of a message")
                if len(said) < 10 + size: break
                text = said[10:10 + size].decode(errors="replace")
                heard.append("".join(c if c.isprintable() else repr(c)[1:-1] for c in text))
                said = said[10 + size:]
            while len(heard) > 1: show(heard.pop(0) + " > " + heard.pop(0) + "\n")
)"};

// Each guest has a thread. What is said to it waits in a queue for a second thread, so nobody waits for a guest.
const Program thread_server = {"ThreadServer", "part4_chatroom", "--server", R"(
import queue, socket, sys, threading
room = {}
lock = threading.Lock()
def pack(body):
    return b"%-10d%s" % (len(body), body)
def receive(guest, limit):
    header = exactly(guest, 10)
    if not header.strip().isdigit() or int(header) > limit: raise ValueError(header)
    return exactly(guest, int(header))
def exactly(guest, size):
    data = b""
    while len(data) < size:
        piece = guest.recv(size - len(data))
        if not piece: raise EOFError
        data += piece
    return data
def send(guest, words):
    try:
        while data := words.get(): guest.sendall(data)
    except OSError as error: print(error)
def serve(guest):
    guest.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    words = queue.Queue()
    threading.Thread(target=send, args=[guest, words], daemon=True).start()
    try:
        name = receive(guest, 64)
        with lock: room[guest] = words
        while True:
            text = receive(guest, 65536)
            with lock:
                for other in room:
                    if other is not guest: room[other].put(pack(name) + pack(text))
    except (ValueError, EOFError, OSError) as error: print(error)
    with lock: room.pop(guest, None)
    words.put(b"")
    guest.close()
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True: threading.Thread(target=serve, args=[s.accept()[0]], daemon=True).start()
)"};

// One thread and select(), like the original, but with what the original lacks.
const Program select_server = {"SelectServer", "part4_chatroom", "--server", R"(
import os, select, socket, sys
class Guest:
    def __init__(self): self.inbox = self.outbox = b""; self.name = None
def pack(body):
    return b"%-10d%s" % (len(body), body)
s = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1)
s.setblocking(False)
guests = {}
closed = []
while True:
    waiting = [guest for guest in guests if guests[guest].outbox]
    readable, writable, _ = select.select([s] + list(guests), waiting, [])
    for guest in readable:
        if guest is s: continue
        me = guests[guest]
        try:
            data = guest.recv(65536)
            if not data: raise ValueError("the end")
            me.inbox += data
            while len(me.inbox) >= 10:
                header = me.inbox[:10].strip()
                if not header.isdigit() or int(header) > 65536: raise ValueError(header)
                end = 10 + int(header)
                if len(me.inbox) < end: break
                body, me.inbox = me.inbox[10:end], me.inbox[end:]
                if me.name is None: me.name = body
                else:
                    for other in guests.values():
                        if other is not me and other.name: other.outbox += pack(me.name) + pack(body)
        except (OSError, ValueError) as error:
            del guests[guest]
            guest.close()
    for guest, me in list(guests.items()):
        try:
            me.outbox = me.outbox[guest.send(me.outbox):]
        except BlockingIOError: pass
        except OSError as error:
            del guests[guest]
            guest.close()
        if len(me.outbox) > 1048576:
            del guests[guest]
            guest.close()
    if s in readable:
        guest, address = s.accept()
        if guest.fileno() >= 1024: guest.close(); continue
        guest.setblocking(False)
        guest.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        guests[guest] = Guest()
    for descriptor in closed: os.close(descriptor)
    closed = []
)"};

const Program chat_server = {"ChatServer", "part4_chatroom", "--server", R"(
import asyncio, sys
room = {}
async def receive(reader, limit):
    header = (await reader.readexactly(10)).strip()
    if not header.isdigit() or int(header) > limit: raise ValueError(header)
    return await reader.readexactly(int(header))
def message(body):
    return b"%-10d%s" % (len(body), body)
async def serve(reader, writer):
    try:
        room[writer] = await receive(reader, 64)
        while True:
            text = await receive(reader, 65536)
            for other in list(room):
                if other is not writer:
                    other.write(message(room[writer]) + message(text))
    except (ValueError, OSError, asyncio.IncompleteReadError) as error:
        print(error)
    room.pop(writer, None)
    writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
)"};

class RightProgram : public testing::TestWithParam<Program> {};

TEST_P(RightProgram, Passes) {
  if (!has_python()) GTEST_SKIP() << "python3, in which this student writes, is not installed";
  const auto [exit_code, report] =
      run_check(GetParam().part, {GetParam().side, python_command(GetParam().text)});
  EXPECT_EQ(exit_code, 0) << report;
  EXPECT_EQ(report.find("\nFAIL"), std::string::npos) << report;
}

std::string name_of_program(const testing::TestParamInfo<Program>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Of, RightProgram,
                         testing::Values(welcome_server, stream_client, message_client, object_client,
                                         chat_client, chat_server, thread_server, select_server),
                         name_of_program);

// A program with one bug: `right` is replaced by `wrong`. Of what is checked, `title` must fail, and the report
// must say `reason`.
struct Bug {
  const char* name;
  const Program* program;
  const char* right;
  const char* wrong;
  const char* title;
  const char* reason;
};

void PrintTo(const Bug& bug, std::ostream* out) {
  *out << bug.name;
}

class WrongProgram : public testing::TestWithParam<Bug> {};

TEST_P(WrongProgram, Fails) {
  if (!has_python()) GTEST_SKIP() << "python3, in which this student writes, is not installed";
  const Bug& bug = GetParam();
  std::string text = bug.program->text;
  const std::size_t at = text.find(bug.right);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string(bug.right).size(), bug.wrong);

  const auto [exit_code, report] =
      run_check(bug.program->part, {bug.program->side, python_command(text), "--only", bug.title});
  if (report.find("cannot be judged on this machine") != std::string::npos) GTEST_SKIP() << report;
  EXPECT_EQ(exit_code, 1) << report;
  EXPECT_NE(report.find("FAIL  " + std::string(bug.title)), std::string::npos) << report;
  EXPECT_NE(report.find(bug.reason), std::string::npos) << report;
}

std::string name_of_bug(const testing::TestParamInfo<Bug>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(
    With, WrongProgram,
    testing::Values(
        Bug{"AByteTooMany", &welcome_server, "server!", "server!\\n", "sends the welcome", "server!\\n'"},
        Bug{"NoClose", &welcome_server, "client.close()", "kept = globals().setdefault(address, client)",
            "sends the welcome", "keeps the connection open"},
        Bug{"ASignalThatEndsIt", &welcome_server, "import socket, sys",
            "import signal, socket, sys; signal.signal(signal.SIGPIPE, signal.SIG_DFL)",
            "survives clients whose connection breaks while it sends", "the signal 13"},
        Bug{"CommandsForTheTerminal", &stream_client, "c if c.isprintable() else \"?\"", "c",
            "sends no command of the server's to the terminal", "the terminal does what it says"},
        Bug{"CommandsInAMessage", &message_client, "text.replace(\"\\x1b\", \"ESC\")", "text",
            "sends no command of a message to the terminal", "the terminal does what it says"},
        Bug{"CommandsInAName", &chat_client, "repr(c)[1:-1]", "c if c != chr(10) else \"?\"",
            "sends no command of a message to the terminal", "the terminal does what it says"},
        Bug{"AForgedLine", &chat_client, "if c.isprintable()", "if c >= \" \" or c == chr(10)",
            "lets no message forge a line of somebody else", "carol > "},
        Bug{"AShortWriteForgotten", &select_server, "me.outbox = me.outbox[guest.send(me.outbox):]",
            "guest.send(me.outbox); me.outbox = b\"\"",
            "loses nothing of what is said to a guest who reads late", "a short write"},
        Bug{"NoReuseInTheRoom", &select_server,
            "s = socket.create_server((\"127.0.0.1\", int(sys.argv[1])), backlog=1)",
            "s = socket.socket(); s.bind((\"127.0.0.1\", int(sys.argv[1]))); s.listen()",
            "can be ended and started again at once", "Address already in use"},
        Bug{"ASetThatOverflows", &select_server, "if guest.fileno() >= 1024: guest.close(); continue", "",
            "still serves those inside when 1,100 silent guests come", "filedescriptor out of range"},
        Bug{"NagleAndDelayedAcknowledgement", &select_server,
            "guest.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)", "",
            "passes on the second of two messages without a delay of 40 ms", "Nagle"},
        Bug{"ClosedTwice", &select_server,
            "            del guests[guest]\n            guest.close()\n    for",
            "            del guests[guest]; number = guest.detach(); os.close(number); "
            "closed.append(number)\n"
            "    for",
            "keeps guests who come while others leave", "Bad file descriptor"},
        Bug{"AnErrorThatNobodyCatches", &welcome_server, "except OSError", "except ZeroDivisionError",
            "survives clients that leave before they are served", "the program has ended with exit code 1"},
        Bug{"OneAtATime", &welcome_server, "client.close()",
            "client.shutdown(socket.SHUT_WR); client.recv(1)",
            "does not wait for a client that says nothing and stays", "a client: nothing"},
        Bug{"NoReuseOfTheAddress", &welcome_server,
            "s = socket.create_server((\"127.0.0.1\", int(sys.argv[1])), backlog=1)",
            "s = socket.socket(); s.bind((\"127.0.0.1\", int(sys.argv[1]))); s.listen()",
            "can be ended and started again at once", "Address already in use"},
        Bug{"WordsOfItsOwn", &stream_client, "data.decode()", "\"welcome to the server!\"",
            "prints what the server sends, whatever it is", "welcome to the server!"},
        Bug{"NoLookForTheEnd", &stream_client, "while piece := s.recv(8):\n    data += piece\n",
            "import time\nwhile True:\n    print(s.recv(8).decode(), end=\"\", flush=True)\n    "
            "time.sleep(0.001)\n",
            "ends when the server has closed the connection", "it goes on"},
        Bug{"PiecesTakenForText", &stream_client, "data += piece", "data += piece.decode().encode()",
            "prints characters of more than one byte", "UnicodeDecodeError"},
        Bug{"APieceTakenForAMessage", &message_client, "while len(data) >= 10:", "if len(data) >= 10:",
            "shows both messages that arrive in one piece", "on the screen, after 'hello "},
        Bug{"CharactersTakenForBytes", &message_client, "data = data[10 + size:]",
            "data = data[10 + len(data[10:10 + size].decode()):]", "counts bytes, not characters",
            "' on the screen, after 'Grüße'"},
        Bug{"OutputHeldBack", &message_client, "data = b\"\"",
            "data = b\"\"; sys.stdout = open(1, \"w\", 100000)",
            "shows a message while the connection stays open", "flush it"},
        Bug{"ALengthBelieved", &message_client, "if not 0 <= size <= 1048576", "if size < 0",
            "refuses a message of 2,000,000,000 bytes", "keeps the connection open"},
        Bug{"NoWordOfWhatIsLost", &message_client, "if data: sys.exit(\"cut off\")", "",
            "reports a connection that is closed inside a message",
            "the same end as that between two messages"},
        Bug{"CodeRun", &object_client, "DataOnly(io.BytesIO(data[10:10 + size])).load()",
            "pickle.loads(data[10:10 + size])", "runs no code that a message names",
            "the client has called it"},
        Bug{"NothingRead", &message_client, "data = b\"\"\nwhile", "sys.exit()\nwhile",
            "refuses a header that is not a length", "expected: 'hello "},
        Bug{"NoObjectRead", &object_client, "data = b\"\"\nwhile", "sys.exit()\nwhile",
            "runs no code that a message names", "expected: the decoded object on the screen"},
        Bug{"BytesNotDecoded", &object_client, "print(object)", "print(data[10:10 + size])",
            "shows the greeting decoded", "the decoded object"},
        Bug{"AnEcho", &chat_server, "if other is not writer:", "if True:",
            "does not send it back to whoever said it", "that came as what alice has said"},
        Bug{"TheTextWithoutTheName", &chat_server, "message(room[writer]) + ", "",
            "passes on what one guest says to all others", "expected: bob: two messages"},
        Bug{"ALargeMessageTaken", &chat_server, "int(header) > limit", "False",
            "refuses a message of 70,000 bytes", "keeps the connection open"},
        Bug{"AWaitForASlowReader", &chat_server, "+ message(text))", "+ message(text)); await other.drain()",
            "does not wait for a guest who reads nothing", "two messages"}),
    name_of_bug);

// --- Around the run ---

TEST(Check, NamesTheStrangerWhoHasThePort) {
  Socket stranger(AF_INET, SOCK_STREAM);
  stranger.bind(Address::to_listen_on("127.0.0.1", 0));
  stranger.listen(0);
  Socket guest(AF_INET, SOCK_STREAM);
  guest.connect(stranger.local_address());  // now his queue is full, and who else comes gets no answer
  const std::string address = stranger.local_address().text();
  const std::string port = address.substr(address.rfind(':') + 1);

  const auto [exit_code, report] = run_check("part1_basic", {"--server", "true", "--port", port});
  EXPECT_EQ(exit_code, 1);
  EXPECT_NE(report.find("port " + port + " is taken by "), std::string::npos) << report;
#ifdef __linux__
  EXPECT_NE(report.find("(process " + std::to_string(::getpid()) + ")"), std::string::npos) << report;
#endif
}

TEST(Check, KeepsItsPortForItself) {
  const ReservedPort port;
  const std::string number = std::to_string(port.number());
  const auto [exit_code, report] = run_check("part1_basic", {"--server", "true", "--port", number});
  EXPECT_EQ(exit_code, 1);
  EXPECT_NE(report.find("another check uses port " + number), std::string::npos) << report;
}

TEST(Check, EndsWhatTheProgramHasStarted) {
  std::uint16_t port = 0;
  Checked result;
  do {  // the port is free again until this check reserves it, and another test may be faster
    port = ReservedPort().number();
    const std::string number = std::to_string(port);
    const std::string program = "'" PROGRAMS "../part1_basic/server' --port " + number + " & wait";
    result = run_check("part1_basic", {"--server", program, "--port", number, "--only", "22 bytes"});
  } while (result.report.find("another check uses port") != std::string::npos);
  EXPECT_EQ(result.exit_code, 0) << result.report;
  EXPECT_NE(port_state(Address::to_listen_on("127.0.0.1", port)), PortState::taken);
}

// A reader of a FIFO reads its end only when the last of its writers has gone.
Process fifo_reader() {
  return Process({"sh", "-c",
                  "folder=$(mktemp -d); mkfifo $folder/fifo; echo $folder/fifo; cat $folder/fifo; "
                  "rm -r $folder; echo all have gone"});
}

TEST(Check, EndsAtCtrlCOnlyWhenTheProgramIsGone) {
  Process reader = fifo_reader();
  const std::string program =
      "trap '' HUP; { echo started; exec tail -f /dev/null; } > " + reader.line() + " # {port}";
  Process check({PROGRAMS "../part1_basic/check", "--server", program});
  EXPECT_EQ(reader.line(), "started");
  check.signal(SIGINT);
  EXPECT_EQ(check.wait(), 128 + SIGINT);
  EXPECT_EQ(reader.line(), "all have gone");
}

#ifdef __linux__
TEST(Check, EndsADaemon) {
  Process reader = fifo_reader();
  const std::string program =
      "trap '' HUP; setsid '" PROGRAMS "../part1_basic/server' --port {port} > " + reader.line() + " &";
  const auto [exit_code, report] =
      run_check("part1_basic", {"--server", program, "--only", "serves one client"});
  EXPECT_EQ(exit_code, 0) << report;
  EXPECT_TRUE(reader.rest().ends_with("all have gone\n"));
}
#endif

TEST(Check, SaysFirstThatFailingIsNormal) {
  const std::string report = run_check("part1_basic", {"--client", "true {port}"}).report;
  EXPECT_LT(report.find("It is normal for something to fail at first"), report.find("\nFAIL"));
}

TEST(Check, StopsAtTheFirstFault) {
  const std::string program = "'" PROGRAMS "../part1_basic/server' --port {port}";
  const auto [exit_code, report] =
      run_check("part1_basic", {"--first", "--exercise", "1", "--server", program});
  EXPECT_EQ(exit_code, 1);
  EXPECT_NE(report.find("\nFAIL"), std::string::npos) << report;
  EXPECT_EQ(report.find("\nFAIL"), report.rfind("\nFAIL")) << report;
  EXPECT_NE(report.find("one fault at a time"), std::string::npos) << report;
}

// When nothing has come, the connection is reset, to see whether the end brings it. That is no news of the program.
TEST(Check, SaysNothingOfTheResetAfterTheFault) {
  const std::string program = "'" PROGRAMS "../part1_basic/client' --read stream --port {port}";
  const std::string report = run_check("part2_header", {"--first", "--client", program}).report;
  EXPECT_NE(report.find("came:     nothing on the screen\n                The program goes on\n      see:"),
            std::string::npos)
      << report;
  EXPECT_EQ(report.find("reset"), std::string::npos) << report;
}

TEST(Check, WritesTheVerdictsForAGrader) {
  const std::string file = testing::TempDir() + "verdicts-" + std::to_string(::getpid()) + ".xml";
  run_check("part1_basic", {"--junit", file, "--client", "echo '<&>'; exit 3 # {port}"});
  std::ifstream written(file);
  const std::string text{std::istreambuf_iterator<char>(written), {}};
  std::remove(file.c_str());
  EXPECT_NE(
      text.find("<testsuite name=\"part1.client\" tests=\"9\" failures=\"1\" errors=\"0\" skipped=\"8\""),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("name=\"prints the whole welcome\""), std::string::npos) << text;
  EXPECT_NE(text.find("&lt;&amp;&gt;"), std::string::npos) << text;
  EXPECT_EQ(run_check("part1_basic", {"--junit", "/no/such/folder/x", "--client", "true # {port}"}).exit_code,
            1);
}

TEST(Check, PlaysABehaviourByHand) {
  Process server({PROGRAMS "../part1_basic/server", "--port", "0"});
  const std::string line = server.line();
  const std::string port = line.substr(line.rfind(':') + 1);
  Process check({PROGRAMS "../part1_basic/check", "--by-hand", "server:1", "--port", port});
  check.until("Start your program in another terminal.");
  check.type("\n");
  check.until("a client connects.");
  check.type("\n");
  check.until("ok    sends the welcome, 22 bytes, and closes the connection");
  EXPECT_EQ(check.wait(), 0);
  EXPECT_EQ(run_check("part1_basic", {"--by-hand", "server:99"}).exit_code, 2);
}

TEST(Check, EndsAtCtrlCWhileItWaitsForEnter) {
  Process check({PROGRAMS "../part1_basic/check", "--by-hand", "server:1"});
  check.until("Enter goes on.");
  check.signal(SIGINT);
  EXPECT_EQ(check.wait(), 128 + SIGINT);
}

TEST(Check, AsksForTheQuotesOfACommand) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--server", "python3", "my/server.py", "{port}"},
                                             {"--server", "my/server", "--port", "{port}"},
                                             {"--client", "my/client", "--host", "{host}", "--only", "words"},
                                             {"--client", "my/client", "1234"}}) {
    const auto [exit_code, report] = run_check("part1_basic", words);
    EXPECT_EQ(exit_code, 2);
    EXPECT_NE(report.find("put the command in quotes: " + words[0] + " \"" + words[1] + " " + words[2]),
              std::string::npos)
        << report;
  }
}

TEST(Check, WantsOneCommand) {
  EXPECT_EQ(run_check("part1_basic", {}).exit_code, 2);
  EXPECT_EQ(run_check("part1_basic", {"--server", "true", "--client", "true"}).exit_code, 2);
  EXPECT_EQ(run_check("part1_basic", {"--server", "true", "--only", "no such words"}).exit_code, 2);
}

}  // namespace
