// The verdict that each of these programs must get: small ones in several languages, right ones and ones with a bug.
// The right ones are files in the folders tests/programs of the parts; a bug replaces some of their text.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "docs/tests/checking_testing.hpp"

namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name;
  std::string file;     // "part1_basic/server.c": part1_basic/tests/programs/server.c
  std::string command;  // how it is started; PROGRAM is replaced
  // Of a program with a bug: what is replaced by what, the first behaviour that fails, the section that its report
  // names, and words in it.
  std::string right = "";
  std::string wrong = "";
  std::string title = "";
  std::string section = "";
  std::string reason = "";
};

void PrintTo(const Case& program, std::ostream* out) {
  *out << program.name;
}

struct Language {
  std::string tool;
  std::string build;  // {file} and {folder} are replaced
  std::string run;
};

Language language_of(const fs::path& file) {
  const std::string ending = file.extension();
  if (ending == ".c") return {"cc", "cc -w {file} -o {folder}/program", "{folder}/program"};
  if (ending == ".cpp")
    return {"c++", "c++ -w -std=c++20 -pthread {file} -o {folder}/program", "{folder}/program"};
  if (ending == ".rs") return {"rustc", "rustc -A warnings {file} -o {folder}/program", "{folder}/program"};
  if (ending == ".java") {
    const std::string java = "java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp {folder} ";
    return {"javac", "javac -d {folder} {file}", java + file.stem().string()};
  }
  if (ending == ".js") return {"node", "true", "node {file}"};
  if (ending == ".pl") return {"perl", "true", "perl {file}"};
  return {"tclsh", "true", "tclsh {file}"};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

class VerdictOf : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    // A stack trace names the folder: a short word in it must not pass for a message that was shown.
    std::string name = fs::temp_directory_path() / ("verdict-ok-next-hello-" + std::string(6, 'X'));
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

TEST_P(VerdictOf, TheProgram) {
  const Case& program = GetParam();
  const std::string part = fs::path(program.file).parent_path();
  const std::string file = fs::path(program.file).filename();
  const Language language = language_of(file);
  std::ifstream source(std::string(REPOSITORY) + "/" + part + "/tests/programs/" + file);
  std::string text{std::istreambuf_iterator<char>(source), {}};
  ASSERT_FALSE(text.empty());
  if (!program.right.empty()) {
    ASSERT_NE(text.find(program.right), std::string::npos);
    text.replace(text.find(program.right), program.right.size(), program.wrong);
  }
  std::ofstream(folder_ / file) << text;
  const auto here = [&](const std::string& command) {
    return replaced(replaced(command, "{file}", folder_ / file), "{folder}", folder_);
  };
  ASSERT_EQ(std::system(here(language.build).c_str()), 0);

  const bool is_server = file[0] == 's' || file[0] == 'S';
  const auto [exit_code, report] =
      run_check(part, {is_server ? "--server" : "--client",
                       replaced(program.command, "PROGRAM", here(language.run)), "--first"});
  if (program.title.empty()) {
    EXPECT_EQ(exit_code, 0) << report;
    return;
  }
  EXPECT_EQ(exit_code, 1);
  EXPECT_NE(report.find("FAIL  " + program.title), std::string::npos) << report;
  EXPECT_NE(report.find("see:      docs/" + program.section + "\n"), std::string::npos) << report;
  EXPECT_NE(report.find(program.reason), std::string::npos) << report;
}

bool is_installed(const std::string& tool) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (fs::exists(fs::path(folder) / tool)) return true;
  }
  return false;
}

std::vector<Case> installed(std::vector<Case> programs) {
  std::erase_if(programs, [](const Case& program) { return !is_installed(language_of(program.file).tool); });
  return programs;
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

const std::string plainly = "PROGRAM {port}";

const std::vector<Case> right_programs = {
    {"CServer", "part1_basic/server.c", plainly},
    {"CServerThatStartsSlowly", "part1_basic/server.c", "sleep 3; PROGRAM {port}"},
    {"CServerThatPrintsALot", "part1_basic/server.c", "yes | head -c 400000; PROGRAM {port}"},
    {"CServerInTheBackground", "part1_basic/server.c", "PROGRAM {port} & echo started"},
    {"CServerAsADaemon", "part1_basic/server.c", "(setsid PROGRAM {port} >/dev/null 2>&1 &)"},
    {"CServerThatForks", "part1_basic/server.c", plainly, "send(client, text, strlen(text), MSG_NOSIGNAL);",
     "if (fork() == 0) { send(client, text, strlen(text), MSG_NOSIGNAL); _exit(0); }"},
    {"JavaServer", "part1_basic/Server.java", plainly},
    {"RustServer", "part1_basic/server.rs", plainly},
    {"TclServer", "part1_basic/server.tcl", plainly},
    {"CClient", "part1_basic/client.c", plainly},
    {"PerlClient", "part1_basic/client.pl", plainly},
    {"NodeClient", "part1_basic/client.js", plainly},
    {"CReader", "part2_header/client.c", plainly},
    {"JavaReader", "part2_header/Client.java", plainly},
    {"NodeReader", "part2_header/client.js", plainly},
    {"NodeReaderThatLogs", "part2_header/client.js", plainly, "received = Buffer.concat([received, piece]);",
     "received = Buffer.concat([received, piece]);\n"
     "  console.error(\"received\", JSON.stringify(piece.toString(\"latin1\")));"},
    {"RustReader", "part2_header/client.rs", plainly},
    {"PerlSender", "part2_header/server.pl", plainly},
    {"CSenderOfObjects", "part3_objects/server.c", plainly},
    {"CRoom", "part4_chatroom/server.c", plainly},
    {"NodeRoom", "part4_chatroom/server.js", plainly},
    {"CppGuest", "part4_chatroom/client.cpp", plainly},
};
INSTANTIATE_TEST_SUITE_P(Right, VerdictOf, testing::ValuesIn(installed(right_programs)), name_of);

const std::string welcome = "sends the welcome, 22 bytes, and closes the connection";
const std::string bind_section = "part1.md#bind-an-address-and-a-port";
const std::string swapped_section = "part1.md#two-bytes-the-wrong-way-round";

const std::vector<Case> wrong_programs = {
    {"NoHtons", "part1_basic/server.c", plainly, "htons(", "(", welcome, swapped_section,
     "htons() is missing"},
    {"AnotherPort", "part1_basic/server.c", plainly, "atoi(argv[argc - 1])", "0", welcome, bind_section,
     "it listens on port"},
    {"AnotherAddress", "part1_basic/server.c", plainly, "\"127.0.0.1\"", "\"127.0.0.2\"", welcome,
     bind_section, "on another address"},
    {"NoListen", "part1_basic/server.c", plainly, "listen(s, 5)", "pause()", welcome, bind_section,
     "nobody listens there"},
    {"ACrashAtOnce", "part1_basic/server.c", plainly, "int on = 1;", "int on = 1; *(volatile int*)0 = on;",
     welcome, bind_section, "with the signal 11"},
    {"NoSuchProgram", "part1_basic/server.c", "./no-such-program {port}", "0", "0", welcome, bind_section,
     "the shell cannot start the program"},
    {"UdpInsteadOfTcp", "part1_basic/server.c", plainly, "SOCK_STREAM", "SOCK_DGRAM", welcome, bind_section,
     "SOCK_DGRAM, it is not"},
    {"NoAccept", "part1_basic/server.c", plainly, "int client = accept(s, NULL, NULL);",
     "pause(); int client = -1;", welcome, "part1.md#send-and-close", "has not accepted this connection"},
    {"ANulByteTooMany", "part1_basic/server.c", plainly, "strlen(text)", "sizeof text", welcome,
     "part1.md#send-and-close", "server!\\x00'"},
    {"NoClose", "part1_basic/server.c", plainly, "close(client);", "", welcome, "part1.md#send-and-close",
     "keeps the connection open"},
    {"OneClientOnly", "part1_basic/server.c", plainly, "close(client);", "close(client); return 0;",
     "serves one client after the other", "part1.md#accept-a-second-socket", "the program has ended"},
    {"AShortQueue", "part1_basic/server.c", plainly, "while (1) {",
     "for (int n = listen(s, 0);; ++n) { if (n == 3) pause();",
     "serves five clients that come at the same moment", "part1.md#listen-the-backlog",
     "the queue of connections"},
    {"SigpipeEndsIt", "part1_basic/server.c", plainly, "MSG_NOSIGNAL", "0",
     "survives clients whose connection breaks while it sends", "part1.md#a-client-that-leaves",
     "the signal 13"},
    {"NoReuseOfTheAddress", "part1_basic/server.c", plainly, "SO_REUSEADDR", "SO_KEEPALIVE",
     "can be ended and started again at once", "part1.md#start-it-again-at-once", "Address already in use"},
    {"ABusyLoop", "part1_basic/server.c", plainly, "while (1) {",
     "fcntl(s, F_SETFL, O_NONBLOCK); while (1) {", "sleeps while nobody comes",
     "part1.md#accept-a-second-socket", "keeps a processor busy"},
    {"JavaWithoutItsArgument", "part1_basic/Server.java", plainly, "arguments[0]", "arguments[1]", welcome,
     bind_section, "ArrayIndexOutOfBoundsException: Index 1"},
    {"JavaThatCatchesNothing", "part1_basic/Server.java", plainly, "catch (IOException error)",
     "catch (ArithmeticException error)", "survives clients", "part1.md#a-client-that-leaves",
     "java.net.SocketException"},
    {"RustThatUnwraps", "part1_basic/server.rs", plainly,
     "let _ = client.write_all(b\"welcome to the server!\");",
     "client.write_all(b\"welcome to the server!\").unwrap();", "survives clients",
     "part1.md#a-client-that-leaves", "panicked at"},
    {"TclWithANewline", "part1_basic/server.tcl", plainly, "puts -nonewline", "puts", welcome,
     "part1.md#send-and-close", "server!\\n'"},
    {"ClientWithoutHtons", "part1_basic/client.c", plainly, "htons(", "(", "prints the whole welcome",
     swapped_section, "htons() is missing"},
    {"ClientThatDoesNotConnect", "part1_basic/client.pl", plainly, "PeerPort => $ARGV[0]",
     "PeerPort => \"0\"", "prints the whole welcome", "part1.md#connect", "cannot connect"},
    {"ClientForTheTerminal", "part1_basic/client.pl", plainly, "$text =~ s/", "(my $unused = $text) =~ s/",
     "sends no command of the server's to the terminal", "part1.md#recv", "the terminal does what it says"},
    {"ClientThatAsksAgainAtTheEnd", "part1_basic/client.c", plainly, "> 0) {",
     ">= 0) {\nif (size == 0) usleep(1000);", "ends when the server has closed the connection",
     "part1.md#several-times", "it goes on"},
    {"ALieBelieved", "part2_header/client.c", plainly, "size < 0 || size > LARGEST", "size < 0",
     "refuses a message of 2,000,000,000 bytes", "part2.md#6-a-length-is-not-to-be-believed",
     "keeps the connection open"},
    {"ACrashAtALie", "part2_header/client.c", plainly,
     "size < 0 || size > LARGEST) return fprintf(stderr, \"no length\\n\"), 1;",
     "size < 0) return 1; char large[size + 1]; large[0] = 1; header[0] = large[0];",
     "refuses a message of 2,000,000,000 bytes", "part2.md#6-a-length-is-not-to-be-believed", "a crash"},
    {"ALimitTooLow", "part2_header/client.c", plainly, "(1024 * 1024)", "60000",
     "shows messages of 1 byte to 1 MiB", "part2.md#2-a-client-that-parses-the-header", "65536 bytes"},
    {"ABufferOf64Bytes", "part2_header/client.c", plainly, "return count;\n}",
     "return count < 64 || size < 65 ? count : 0;\n}", "shows messages of 1 byte to 1 MiB",
     "part2.md#2-a-client-that-parses-the-header", "65 bytes"},
    {"NodeThatCountsCharacters", "part2_header/client.js", plainly,
     "received = received.subarray(10 + size);",
     "received = received.subarray(10 + received.subarray(10, 10 + size).toString().length);",
     "counts bytes, not characters", "part2.md#it-counts-characters", "the program has ended"},
    {"NodeThatStopsAtAnEmptyBody", "part2_header/client.js", plainly,
     "if (received.length < 10 + size) break;",
     "if (size === 0) throw new RangeError(\"an empty body\");\nif (received.length < 10 + size) break;",
     "goes on after a message without a body", "part2.md#2-a-client-that-parses-the-header", "an empty body"},
    {"NodeThatTakesAPieceForAMessage", "part2_header/client.js", plainly, "while (received.length >= 10) {",
     "for (let once = received.length >= 10; once; once = false) {",
     "shows both messages that arrive in one piece", "part2.md#it-takes-two-messages-for-one",
     "after 'hello"},
    {"NodeThatShowsAPieceAtTheEnd", "part2_header/client.js", plainly,
     "if (received.length > 0) throw new Error(\"cut off\");",
     "if (received.length > 10) console.log(received.subarray(10).toString());",
     "reports a connection that is closed inside a message", "part2.md#2-a-client-that-parses-the-header",
     "as if they were the message"},
    {"NodeThatDoesNotMissTheRestOfAHeader", "part2_header/client.js", plainly,
     "if (received.length > 0) throw", "if (received.length > 9) throw",
     "reports a connection that is closed inside a message", "part2.md#2-a-client-that-parses-the-header",
     "the same end"},
    {"RustThatPanicsBetweenMessages", "part2_header/client.rs", plainly, "return Ok(None);",
     "panic!(\"the server has gone\");", "ends well when the connection is closed between two messages",
     "part2.md#2-a-client-that-parses-the-header", "the server has gone"},
    {"PerlThatSendsTheTimeOfAYearAgo", "part2_header/server.pl", plainly, "time()))", "(time() - 31536000)))",
     "then sends the time, again and again", "part2.md#4-send-the-time", "that is not the time"},
    {"PerlThatNeverPauses", "part2_header/server.pl", plainly, "sleep(0.5);", "",
     "sleeps between two messages", "part2.md#4-send-the-time", "a hundred came without one"},
    {"ObjectsAsText", "part3_objects/server.c", plainly, "\\x80\\x04\\x95", "{1:  'Hey'}",
     "sends {1: 'Hey', 2: 'There'} as a pickle after a header", "part3.md#2-create-the-server", "expected"},
    {"NoGuardOfTheSet", "part4_chatroom/server.c", plainly, "client >= FD_SETSIZE", "client >= MOST",
     "still serves those inside when 1,100 silent guests come", "part4.md#the-door", "FD_SET"},
    {"OneGuestAtATime", "part4_chatroom/server.c", plainly, "FD_SET(s, &readable);",
     "static int rounds; if (rounds++ == 0) FD_SET(s, &readable);",
     "passes on what one guest says to all others", "part4.md#a-message-comes-in",
     "has not accepted this connection"},
    {"ALimitOf8000", "part4_chatroom/server.c", plainly, "body > LARGEST", "body > 8000",
     "does not wait for a guest who reads nothing", "part4.md#a-message-goes-out", "came"},
    {"NoLookForTheEndOfAGuest", "part4_chatroom/server.c", plainly, "if (size <= 0) return -1;",
     "if (size < 0) return -1; if (size == 0) return shutdown(descriptor, SHUT_WR), 0;",
     "sleeps while nothing comes", "part4.md#the-loop", "keeps a processor busy"},
    {"AWriterThatNeverSleeps", "part4_chatroom/server.c", plainly, "if (guests[i]->outbox_size > 0) FD_SET",
     "FD_SET", "sleeps while nothing comes", "part4.md#the-loop", "keeps a processor busy"},
    {"ACrashInTheRoom", "part4_chatroom/server.c", plainly, "body < 0 || body > LARGEST", "body < 0",
     "refuses a message of 70,000 bytes", "part2.md#6-a-length-is-not-to-be-believed", "came"},
    {"NodeThatCatchesNothing", "part4_chatroom/server.js", plainly,
     "socket.on(\"error\", error => console.log(error.message));", "",
     "survives guests whose connection breaks", "part4.md#5-guests-who-do-not-behave",
     "Error: read ECONNRESET"},
    {"NodeThatDoesNotHangUp", "part4_chatroom/server.js", plainly, "createServer(socket",
     "createServer({allowHalfOpen: true}, socket", "survives guests who leave", "part4.md#a-message-comes-in",
     "since that guest has left"},
    {"NodeWithAnEcho", "part4_chatroom/server.js", plainly, "if (other !== socket)", "if (other)",
     "does not send it back to whoever said it", "part4.md#a-message-comes-in",
     "that came as what alice has said"},
    {"NodeWithOneMessageForTwo", "part4_chatroom/server.js", plainly,
     "Buffer.concat([pack(room.get(socket)), pack(body)])",
     "pack(Buffer.concat([room.get(socket), Buffer.from(\": \"), body]))", "passes on what one guest says",
     "part4.md#a-message-comes-in", "alice: Do you hear me?'"},
    {"ANameWithoutAHeader", "part4_chatroom/client.cpp", plainly, "pack(line);",
     "[&] { static int times; return times++ ? pack(line) : line; }();", "says its name first",
     "part4.md#2-build-the-client", "a header alone has 10 bytes"},
    {"ALineCutShort", "part4_chatroom/client.cpp", plainly, "pack(line);", "pack(line.substr(0, 99));",
     "sends each line that is typed as a message", "part4.md#2-build-the-client", "b'99  "},
    {"WordsForLines", "part4_chatroom/client.cpp", plainly, "while (std::getline(std::cin, line))",
     "while (std::cin >> line)", "sends each line that is typed as a message", "part4.md#2-build-the-client",
     "std::cin >> stops at a space"},
    {"CharactersForBytes", "part4_chatroom/client.cpp", plainly, "std::to_string(body.size())",
     "std::to_string(std::count_if(body.begin(), body.end(), [](char c) { return (c & 0xc0) != 0x80; }))",
     "counts bytes, not characters", "part2.md#it-counts-characters", "Gr"},
    {"NoPoliteEnd", "part4_chatroom/client.cpp", plainly, "shutdown(s, SHUT_WR);", "std::abort();",
     "leaves politely at the end of the input", "part4.md#3-check-the-output", "a crash"},
    {"AProcessThatEndsItsOther", "part4_chatroom/client.cpp", plainly, "_exit(0)", "kill(getpid(), SIGTERM)",
     "leaves politely at the end of the input", "part4.md#3-check-the-output", "the signal 15 (Terminated)"},
};
INSTANTIATE_TEST_SUITE_P(Wrong, VerdictOf, testing::ValuesIn(installed(wrong_programs)), name_of);

// What ./tutorial test shows: a test that is left out is not counted as skipped, but it has a name.
TEST(Verdicts, AreTriedInTheLanguagesThatAreInstalled) {
  std::map<std::string, std::string> left_out;
  for (const auto* programs : {&right_programs, &wrong_programs}) {
    for (const Case& program : *programs) {
      const std::string tool = language_of(program.file).tool;
      if (!is_installed(tool)) left_out[tool] += " " + program.name;
    }
  }
  for (const auto& [tool, names] : left_out)
    std::cout << "left out, without " << tool << ":" << names << '\n';
  EXPECT_FALSE(installed(right_programs).empty() || installed(wrong_programs).empty());
}

}  // namespace
