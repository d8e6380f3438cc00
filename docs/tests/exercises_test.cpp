// The checks of the exercises at the end of the pages. Their solutions in C++ stand on the pages, and are checked
// with them (docs_test); here are other right programs, wrong ones, and what is no solution at all.
#include <gtest/gtest.h>

#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "docs/check/check.hpp"
#include "docs/tests/checking_testing.hpp"

namespace {

// What stands before the text of the programs below, all in Python and without a single quote. serve(client) and
// receive(client) are theirs.
constexpr const char* one_after_the_other = R"(
import pickle, signal, socket, struct, sys

def messages(connection):
    data = b""
    while piece := connection.recv(1024):
        data += piece
        while len(data) >= 10:
            size = int(data[:10])
            if size > 1048576: raise ValueError(size)
            if len(data) < 10 + size: break
            yield data[10:10 + size]
            data = data[10 + size:]
    if data: raise ValueError("cut off")

def message(body):
    return b"%-10d%s" % (len(body), body)

def safe_loads(data):
    for name in (b"cbuiltins", b"\x93"):
        if name in data: raise ValueError(name)
    return pickle.loads(data)

def server(serve):
    s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        connection, address = s.accept()
        try:
            serve(connection)
        except (OSError, ValueError, EOFError) as error:
            print(error)
        connection.close()

def client(receive):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
        try:
            receive(connection)
        except ValueError as error:
            sys.exit(error)
)";

// A chat server, to which an exercise adds what it is about.
constexpr const char* chat_room = R"(
import asyncio, sys
room = {}
async def receive(reader):
    return await reader.readexactly(int(await reader.readexactly(10)))
def message(*bodies):
    return b"".join(b"%-10d%s" % (len(body), body) for body in bodies)
def say(name, text, writers):
    for writer in writers: writer.write(message(name, text))
async def serve(reader, writer):
    try:
        name = await enter(reader, writer)
        room[writer] = name
        while True:
            text = await receive(reader)
            talk(writer, name, text, [other for other in room if other is not writer])
    except (ValueError, OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
        print(error)
    room.pop(writer, None)
    writer.close()
async def enter(reader, writer):
    return await receive(reader)
def talk(writer, name, text, others):
    say(name, text, others)
)";

constexpr const char* run_room = R"(
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
)";

struct Solution {
  const char* name;
  const char* part;
  const char* number;
  const char* side;
  const char* own_program;  // that of the part itself, which is no solution
  std::string text;
};

void PrintTo(const Solution& solution, std::ostream* out) {
  *out << solution.name;
}

std::string name_of_solution(const testing::TestParamInfo<Solution>& info) {
  return info.param.name;
}

std::vector<Solution> solutions() {
  const std::string simple = one_after_the_other;
  const std::string room = chat_room;
  return {
      {"OwnAddress", "part1_basic", "1", "server", "server", simple + R"(
def serve(connection):
    connection.sendall(b"you are %s:%d\n" % (connection.getpeername()[0].encode(), connection.getpeername()[1]))
server(serve)
)"},
      {"Pieces", "part1_basic", "2", "client", "client --read stream", simple + R"(
def receive(connection):
    sizes = []
    while piece := connection.recv(5000):
        sizes.append(len(piece))
        print(len(piece), "bytes")
    print(sum(sizes), "bytes in", len(sizes), "pieces")
client(receive)
)"},
      {"Echo", "part1_basic", "3", "server", "server", simple + R"(
def serve(connection):
    while piece := connection.recv(5000): connection.sendall(piece)
server(serve)
)"},
      {"Capitals", "part2_header", "1", "server", "server --interval 0.1", simple + R"(
def serve(connection):
    for body in messages(connection): connection.sendall(message(body.upper()))
server(serve)
)"},
      {"FourBytes", "part2_header", "2", "client", "client", simple + R"(
def receive(connection):
    data = b""
    while piece := connection.recv(5000):
        data += piece
        while len(data) >= 4:
            (size,) = struct.unpack(">I", data[:4])
            if size > 1048576: raise ValueError(size)
            if len(data) < 4 + size: break
            print(data[4:4 + size].decode())
            data = data[4 + size:]
    if data: raise ValueError("cut off")
client(receive)
)"},
      {"Lines", "part2_header", "3", "server", "server --interval 0.1", simple + R"(
def serve(connection):
    data = b""
    while piece := connection.recv(5000):
        *lines, data = (data + piece).split(b"\n")
        for line in lines:
            if len(line) > 1000: raise ValueError(len(line))
            connection.sendall(b"%d\n" % len(line))
        if len(data) > 1000: raise ValueError(len(data))
server(serve)
)"},
      {"Sum", "part3_objects", "1", "client", "client", simple + R"(
def add(value):
    if type(value) in (int, float): return value
    if type(value) in (list, tuple): return sum(map(add, value))
    if type(value) is dict: return sum(map(add, value.values()))
    return 0
def receive(connection):
    for body in messages(connection): print("the sum is", float(add(pickle.loads(body))))
client(receive)
)"},
      {"Backwards", "part3_objects", "2", "server", "server", simple + R"(
def serve(connection):
    for body in messages(connection):
        value = safe_loads(body)
        if type(value) is not list: raise ValueError(value)
        connection.sendall(message(pickle.dumps(value[::-1])))
server(serve)
)"},
      {"Calculator", "part3_objects", "3", "server", "server", simple + R"(
def answer(question):
    try:
        operation = {"sum": lambda numbers: sum(numbers, 0.0), "largest": max}[question["operation"]]
        if type(question["numbers"]) is not list: raise TypeError("numbers: not a list")
        return {"result": operation(question["numbers"])}
    except (KeyError, TypeError, ValueError) as error:
        return {"error": f"operation or numbers: {error}"}
def serve(connection):
    for body in messages(connection): connection.sendall(message(pickle.dumps(answer(safe_loads(body)))))
server(serve)
)"},
      {"Names", "part4_chatroom", "1", "server", "steps/step4_outbox", room + R"(
async def enter(reader, writer):
    name = await receive(reader)
    if name in room.values(): raise ValueError(name)
    return name
)" + run_room},
      {"Private", "part4_chatroom", "2", "server", "steps/step4_outbox", room + R"(
def talk(writer, name, text, others):
    if not text.startswith(b"/to "): return say(name, text, others)
    bob, _, text = text[4:].partition(b" ")
    found = [other for other in room if room[other] == bob]
    say(name, text, found)
    if not found: say(b"server", b"there is no " + bob, [writer])
)" + run_room},
      {"Deadline", "part4_chatroom", "3", "server", "steps/step4_outbox", room + R"(
async def enter(reader, writer):
    return await asyncio.wait_for(receive(reader), 2)
)" + run_room},
  };
}

class ExerciseTest : public testing::TestWithParam<Solution> {
 protected:
  static Checked check(const std::string& command, const std::string& only = "") {
    const Solution& solution = GetParam();
    return run_check(solution.part, {"--exercise", solution.number, std::string("--") + solution.side,
                                     command, "--only", only});
  }
};

TEST_P(ExerciseTest, TakesAnotherRightProgram) {
  if (!has_python()) GTEST_SKIP() << "python3, in which this student writes, is not installed";
  const auto [exit_code, report] = check(python_command(GetParam().text));
  EXPECT_EQ(exit_code, 0) << report;
  EXPECT_EQ(report.find("\nFAIL"), std::string::npos) << report;
}

TEST_P(ExerciseTest, DoesNotTakeTheProgramOfThePartUnchanged) {
  const std::string program = std::string(PROGRAMS "../") + GetParam().part + "/" + GetParam().own_program;
  const auto [exit_code, report] = check(program + " --port {port}");
  EXPECT_EQ(exit_code, 1) << report;
  EXPECT_NE(report.find("\nFAIL"), std::string::npos) << report;
}

TEST_P(ExerciseTest, FindsNothingRightInAnotherKindOfProgram) {
  for (const std::string program : {
           "true",
           "# ./a-server-that-is-commented-out",
           "echo 'you are 127.0.0.1:{port}'; echo '0 bytes in 0 pieces'; echo 'the sum is 6.5'",
       }) {
    const auto [exit_code, report] = check(program + " # {port}");
    EXPECT_EQ(exit_code, 1);
    EXPECT_NE(report.find("\n0 of "), std::string::npos) << report;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, ExerciseTest, testing::ValuesIn(solutions()), name_of_solution);

// A solution with one bug: `right` is replaced by `wrong`, and then `title` must fail.
struct Bug {
  const char* name;
  const char* solution;
  const char* right;
  const char* wrong;
  const char* title;
};

void PrintTo(const Bug& bug, std::ostream* out) {
  *out << bug.name;
}

class WrongSolution : public testing::TestWithParam<Bug> {};

TEST_P(WrongSolution, Fails) {
  if (!has_python()) GTEST_SKIP() << "python3, in which this student writes, is not installed";
  const Bug& bug = GetParam();
  for (const Solution& solution : solutions()) {
    if (std::string(solution.name) != bug.solution) continue;
    std::string text = solution.text;
    const std::size_t at = text.rfind(bug.right);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, std::string(bug.right).size(), bug.wrong);
    const auto [exit_code, report] =
        run_check(solution.part, {"--exercise", solution.number, std::string("--") + solution.side,
                                  python_command(text), "--only", bug.title});
    EXPECT_EQ(exit_code, 1) << report;
    EXPECT_NE(report.find("FAIL  " + std::string(bug.title)), std::string::npos) << report;
    return;
  }
  FAIL() << "there is no solution " << bug.solution;
}

std::string name_of_bug(const testing::TestParamInfo<Bug>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(
    With, WrongSolution,
    testing::Values(
        Bug{"AnAddressOfItsOwn", "OwnAddress", "connection.getpeername()[1]", "connection.getsockname()[1]",
            "sends a client its address and port"},
        Bug{"OnePieceOnly", "Pieces", "while piece := connection.recv(5000):",
            "if piece := connection.recv(5000):", "reports the size of each piece"},
        Bug{"OneRecv", "Echo", "while piece := connection.recv(5000):", "if piece := connection.recv(5000):",
            "sends back what has come"},
        Bug{"AShortWrite", "Echo", "connection.sendall(piece)", "connection.send(piece[:3000])",
            "sends back a megabyte"},
        Bug{"NoEnd", "Echo", "connection.sendall(piece)", "connection.sendall(piece)\n    signal.pause()",
            "closes when the client has ended its direction"},
        Bug{"Unchanged", "Capitals", "body.upper()", "body", "answers each message in capital letters"},
        Bug{"CharactersCounted", "Capitals", "len(body), body", "len(body.decode()), body",
            "answers messages of 1 byte"},
        Bug{"AHeaderThatIsNotALength", "Capitals", "size = int(data[:10])",
            "size = int(data[:10]) if data[:1].isdigit() else 0", "refuses a message of 2,000,000,000 bytes"},
        Bug{"TheEndInsideAHeader", "FourBytes", "if data: raise", "if len(data) > 3: raise",
            "ends well between two messages"},
        Bug{"AClientIsNeverLetGo", "Capitals", "        connection.close()",
            "        globals().setdefault(\"all\", []).append(connection)",
            "begins anew after a client that breaks off"},
        Bug{"TheOtherByteOrder", "FourBytes", ">I", "<I", "shows bodies of 8, 200"},
        Bug{"ASignedLength", "FourBytes", ">I", ">i", "refuses lengths over a megabyte"},
        Bug{"ALimitOnlyForWholeLines", "Lines",
            "if len(data) > 1000:", "if False:", "refuses a line without an end"},
        Bug{"ALimitOnlyForHalfLines", "Lines", "if len(line) > 1000: raise ValueError(len(line))", "",
            "takes a line of 1000 bytes, and refuses one of 1001"},
        Bug{"ALimitForAPiece", "Lines",
            "*lines, data =", "if len(data + piece) > 1500: raise ValueError(data)\n        *lines, data =",
            "answers lines that come in any pieces"},
        Bug{"OnePieceOneSum", "Sum", "for body in messages(connection)",
            "while body := connection.recv(5000)[10:]", "finds a sum for each of two objects"},
        Bug{"TruthTakenForANumber", "Sum", "type(value) in (int, float)", "isinstance(value, (int, float))",
            "does not count True, None and"},
        Bug{"KeysCounted", "Sum", "value.values()", "list(value.values()) + list(value)",
            "adds up numbers wherever they are"},
        Bug{"CodeRun", "Backwards", "safe_loads", "pickle.loads", "drops a client whose bytes name code"},
        Bug{"OnePieceOneList", "Backwards", "for body in messages(connection)",
            "while body := connection.recv(5000)[10:]", "takes lists that come in any pieces"},
        Bug{"OnePieceOneQuestion", "Calculator", "for body in messages(connection)",
            "while body := connection.recv(5000)[10:]", "takes questions that come in any pieces"},
        Bug{"DiesOfABodyWithoutAnObject", "Backwards", "ValueError, EOFError", "ValueError",
            "drops a client whose object is not a list"},
        Bug{"SortedInstead", "Backwards", "value[::-1]", "sorted(value, key=str)",
            "leaves every object in the list as it is"},
        Bug{"NoAnswerToAnError", "Calculator", "return {\"error\": f\"operation or numbers: {error}\"}",
            "raise ValueError(error)", "says which field is missing"},
        Bug{"ANameForEver", "Names", "name in room.values()",
            "name in globals().setdefault(\"names\", set()) or globals()[\"names\"].add(name)",
            "lets an alice in when the first has left"},
        Bug{"ANameFreedByWhoeverWantedIt", "Names", "if name in room.values(): raise ValueError(name)",
            "names = globals().setdefault(\"names\", set())\n"
            "    if name in names: names.discard(name); raise ValueError(name)\n    names.add(name)",
            "turns away a second alice"},
        Bug{"AnAnswerForAll", "Private", "[writer])", "room)", "answers a guest that speaks to somebody"},
        Bug{"ToInTheMiddle", "Private", "if not text.startswith",
            "text = text[max(text.find(b\"/to \"), 0):]\n    if not text.startswith",
            "passes on to all what only begins similarly"},
        Bug{"DropsWhoeverSaysNothingToBob", "Private", "bob, _, text = text[4:].partition(b\" \")",
            "bob, text = text[4:].split(b\" \", 1)", "passes on to all what only begins similarly"},
        Bug{"APrivateWordForAll", "Private", "say(name, text, found)", "say(name, text, others)",
            "passes it on to nobody else"},
        Bug{"AsManyLettersAsTheWantedName", "Private", "room[other] == bob", "room[other].startswith(bob)",
            "passes it on to nobody else"},
        Bug{"AsManyLettersAsTheGuestsName", "Private", "room[other] == bob", "bob.startswith(room[other])",
            "passes it on to nobody else"},
        Bug{"ADeadlineForEachByte", "Deadline", "return await asyncio.wait_for(receive(reader), 2)",
            "data = b\"\"\n    while len(data) < 10 or len(data) < 10 + int(data[:10]):\n"
            "        data += await asyncio.wait_for(reader.readexactly(1), 2)\n    return data[10:]",
            "drops a guest that says it byte by byte"},
        Bug{"ADeadlineTooShort", "Deadline", "receive(reader), 2)", "receive(reader), 0.3)",
            "lets guests stay"},
        Bug{"NoDeadline", "Deadline", "asyncio.wait_for(receive(reader), 2)", "receive(reader)",
            "drops a guest that says no name"}),
    name_of_bug);

TEST(Exercises, WantTheRightSideAndANumberThatIsThere) {
  EXPECT_EQ(run_check("part1_basic", {"--exercise", "2", "--server", "true"}).exit_code, 2);
  EXPECT_EQ(run_check("part1_basic", {"--exercise", "0", "--server", "true"}).exit_code, 2);
  EXPECT_EQ(run_check("part1_basic", {"--exercise", "4", "--server", "true"}).exit_code, 2);
}

TEST(Exercises, SendTheReaderToSectionsThatExist) {
  for (const char* const part : {"part1_basic", "part2_header", "part3_objects", "part4_chatroom"}) {
    std::istringstream list(run_check(part, {"--list", "exercises"}).report);
    int count = 0;
    for (std::string title, section; std::getline(list, title) && std::getline(list >> std::ws, section);
         ++count) {
      const std::size_t hash = section.find('#');
      ASSERT_NE(hash, std::string::npos) << section;
      const Page page = read_page(REPOSITORY "/" + section.substr(0, hash));
      EXPECT_TRUE(page.anchors.contains(section.substr(hash + 1))) << title << ": " << section;
    }
    EXPECT_GE(count, 9);
  }
}

}  // namespace
