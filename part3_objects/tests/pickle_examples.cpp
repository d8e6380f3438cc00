#include "part3_objects/tests/pickle_examples.hpp"

#include <cstddef>
#include <utility>

namespace {

std::string repeated(std::string_view bytes, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += bytes;
  return all;
}

// Ten containers, each of which holds the one before ten times: the attack that XML knows as "billion
// laughs". The innermost is in the memo at `first`, the others in steps from there.
std::string ten_times_ten(std::string_view begin, std::string_view inner, char first, char step, bool keys,
                          std::string_view end) {
  std::string opcodes = repeated(begin, 10) + std::string(inner);
  for (int level = 0; level < 10; ++level) {
    for (char item = 1; item < 10; ++item) {
      if (keys) opcodes += {'K', item};
      opcodes += {'h', static_cast<char>(first + level * step)};
    }
    opcodes += end;
  }
  return opcodes + '.';
}

}  // namespace

std::string from_python(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
    } else if (text[++i] == 'x') {
      bytes += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      bytes += text[i] == 'n' ? '\n' : text[i] == 'r' ? '\r' : text[i] == 't' ? '\t' : text[i];
    }
  }
  return bytes;
}

std::vector<RefusedPickle> refused_pickles() {
  // As Python writes them: os.system('echo harm') at every protocol, an object of a class, functions,
  // constants.
  constexpr std::pair<std::string_view, std::string_view> small[] = {
      {R"(cposix\nsystem\np0\n(Vecho harm\np1\ntp2\nRp3\n.)", "byte 0: it does not begin with PROTO"},
      {R"(cposix\nsystem\nq\x00(X\t\x00\x00\x00echo harmq\x01tq\x02Rq\x03.)",
       "byte 0: it does not begin with PROTO"},
      {R"(\x80\x02cposix\nsystem\nq\x00X\t\x00\x00\x00echo harmq\x01\x85q\x02Rq\x03.)",
       "byte 2: posix.system, a class or a function, is not supported"},
      {R"(\x80\x03cposix\nsystem\nq\x00X\t\x00\x00\x00echo harmq\x01\x85q\x02Rq\x03.)",
       "byte 2: posix.system, a class or a function, is not supported"},
      {R"(\x80\x04\x95$\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\techo harm\x94\x85\x94R\x94.)",
       "byte 28: posix.system, a class or a function, is not supported"},
      {R"(\x80\x05\x95$\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\techo harm\x94\x85\x94R\x94.)",
       "byte 28: posix.system, a class or a function, is not supported"},
      {R"(\x80\x02cm\nC\nq\x00)\x81q\x01}q\x02X\x01\x00\x00\x00aq\x03K\x01sb.)",
       "byte 2: m.C, a class or a function, is not supported"},
      // The two names that stand for bytes at protocol 2, in any other use.
      {R"(\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R.)",
       "byte 35: a call is not supported"},
      {R"(\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00a\x85R.)", "byte 25: a call is not supported"},
      {R"(\x80\x02c_codecs\nencode\nX\x03\x00\x00\x00\xe2\x82\xacX\x06\x00\x00\x00latin1\x86R.)",
       "byte 38: a character over U+00FF"},
      {R"(\x80\x02c__builtin__\nbytes\nK\x05\x85R.)", "byte 24: a call is not supported"},
      {R"(\x80\x02c__builtin__\nbytes\n]R.)", "byte 22: a call is not supported"},
      {R"(\x80\x02c__builtin__\nbytes\n.)", "byte 2: a function is not supported"},
      {R"(\x80\x02c__builtin__\neval\n)R.)",
       "byte 2: __builtin__.eval, a class or a function, is not supported"},
      {R"(\x80\x02c_codecs\nencode)", "byte 2: a line without its end"},
      {R"(\x80\x02N)R.)", "byte 4: a call is not supported"},
      {R"(\x80\x05\x95\x14\x00\x00\x00\x00\x00\x00\x00\x8c\x08builtins\x94\x8c\x03len\x94\x93\x94.)",
       "byte 28: builtins.len, a class or a function, is not supported"},

      // Each of the other ways to code, put there by hand.
      {R"(\x80\x04(S'echo harm'\nios\nsystem\n.)", "byte 3: b'S' is not an opcode"},
      {R"(\x80\x04(ios\nsystem\n.)", "byte 3: an object of a class is not supported"},
      {R"(\x80\x04(NNo.)", "byte 5: an object of a class is not supported"},
      {R"(\x80\x04NNR.)", "byte 4: a call is not supported"},
      {R"(\x80\x04NNb.)", "byte 4: an object of a class is not supported"},
      {R"(\x80\x04N)\x81.)", "byte 4: an object of a class is not supported"},
      {R"(\x80\x04N)}\x92.)", "byte 5: an object of a class is not supported"},
      {R"(\x80\x04\x82\x01.)", "byte 2: an object of a class is not supported"},
      {R"(\x80\x04\x83\x01\x00.)", "byte 2: an object of a class is not supported"},
      {R"(\x80\x04\x84\x01\x00\x00\x00.)", "byte 2: an object of a class is not supported"},
      {R"(\x80\x04Pid\n.)", "byte 2: an object outside the pickle is not supported"},
      {R"(\x80\x04NQ.)", "byte 3: an object outside the pickle is not supported"},

      // Types that Object does not have.
      {R"(\x80\x04\x8f\x94(K\x01\x90.)", "byte 2: a set is not supported"},
      {R"(\x80\x04(K\x01\x91\x94.)", "byte 5: a frozenset is not supported"},
      {R"(\x80\x05\x96\x01\x00\x00\x00\x00\x00\x00\x00a\x94.)", "byte 2: a bytearray is not supported"},
      {R"(\x80\x02c__builtin__\nset\nq\x00]q\x01K\x01a\x85q\x02Rq\x03.)", "byte 2: a set is not supported"},
      {R"(\x80\x03cbuiltins\nbytearray\nq\x00C\x01aq\x01\x85q\x02Rq\x03.)",
       "byte 2: a bytearray is not supported"},
      {R"(\x80\x04\x95\x2e\x00\x00\x00\x00\x00\x00\x00\x8c\x08builtins\x94\x8c\x07complex\x94\x93\x94G?\xf0\x00\x00\x00\x00\x00\x00G@\x00\x00\x00\x00\x00\x00\x00\x86\x94R\x94.)",
       "byte 32: a complex is not supported"},
      {R"(\x80\x03cdecimal\nDecimal\nq\x00X\x03\x00\x00\x001.5q\x01\x85q\x02Rq\x03.)",
       "byte 2: decimal.Decimal, a class or a function, is not supported"},
      {R"(\x80\x04NN\x93.)", "byte 4: None.None, a class or a function, is not supported"},
      {R"(\x80\x03ca\x1b[31m\nb\xff\n.)",
       R"(byte 2: a\x1b[31m.b\xff, a class or a function, is not supported)"},
      {R"(\x80\x05\x97.)", "byte 2: a buffer outside the pickle is not supported"},
      {R"(\x80\x04\x8a\t\x00\x00\x00\x00\x00\x00\x00\x80\x00.)", "byte 2: an int of over 64 bits"},
      {R"(\x80\x04\x8a\xff.)", "byte 2: an int of over 64 bits"},
      {R"(\x80\x04\x8b\xff\xff\xff\x7f.)", "byte 2: an int of over 64 bits"},
      {R"(\x80\x04\x8c\x01\xff.)", "byte 2: a str that is not UTF-8"},
      {R"(\x80\x04\x8c\x02\xc3\xa9\x8c\x01\xc3.)", "byte 6: a str that is not UTF-8"},
      {R"(\x80\x04}]Ns.)", "byte 2: a dict with an unhashable type: 'list'"},
      {R"(\x80\x04}]\x85Ns.)", "byte 2: a dict with an unhashable type: 'list'"},
      {R"(\x80\x04}}Ns.)", "byte 2: a dict with an unhashable type: 'dict'"},

      // As Python writes what holds itself.
      {R"(\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00]\x94h\x00a.)", "byte 11: a list that holds itself"},
      {R"(\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00}\x94K\x01h\x00s.)",
       "byte 11: a dict that holds itself"},
      {R"(\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00]\x94h\x00\x85\x94a0h\x01.)",
       "byte 15: a tuple that holds itself"},
      {R"(\x80\x04\x95\x19\x00\x00\x00\x00\x00\x00\x00(]\x94(h\x00K\x01K\x02K\x03t\x94aK\x01K\x02K\x031h\x01.)",
       "byte 23: a tuple that holds itself"},

      // More than is there, or less.
      {R"()", "byte 0: it does not begin with PROTO"},
      {R"(\x80)", "byte 0: needs 1 bytes, 0 are left"},
      {R"(\x80\x04)", "byte 2: it ends without STOP"},
      {R"(\x80\x04N)", "byte 3: it ends without STOP"},
      {R"(\x80\x04N.N)", "byte 3: 1 bytes are left after STOP"},
      {R"(\x80\x04.)", "byte 2: 0 objects are left on the stack, not one"},
      {R"(\x80\x04NN.)", "byte 4: 2 objects are left on the stack, not one"},
      {R"(\x80\x04N(.)", "byte 4: a MARK is left on the stack"},
      {R"(\x80\x04J\x01.)", "byte 2: needs 4 bytes, 2 are left"},
      {R"(\x80\x04G\x01.)", "byte 2: needs 8 bytes, 2 are left"},
      {R"(\x80\x04\x8a\x04\x01.)", "byte 2: needs 4 bytes, 2 are left"},
      {R"(\x80\x04\x8c\x05abc.)", "byte 2: needs 5 bytes, 4 are left"},
      {R"(\x80\x04X\xff\xff\xff\xffabc.)", "byte 2: needs 4294967295 bytes, 4 are left"},
      {R"(\x80\x04B\xff\xff\xff\x7fabc.)", "byte 2: needs 2147483647 bytes, 4 are left"},
      {R"(\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.)",
       "byte 2: needs 18446744073709551615 bytes, 4 are left"},
      {R"(\x80\x04\x8e\x00\x00\x00\x00\x00\x00\x00\x80abc.)",
       "byte 2: needs 9223372036854775808 bytes, 4 are left"},
      {R"(\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.)",
       "byte 2: needs 18446744073709551615 bytes, 2 are left"},
      {R"(\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00\x8c\x02ab.)",
       "byte 11: goes beyond the end of its frame"},
      {R"(\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x95\x01\x00\x00\x00\x00\x00\x00\x00N.)",
       "byte 11: a frame inside a frame"},

      // What the machine cannot do.
      {R"(\x80\x01N.)", "byte 0: protocol 1 is not one of 2 to 5"},
      {R"(\x80\x06N.)", "byte 0: protocol 6 is not one of 2 to 5"},
      {R"(\x80\x04N\x80\x04.)", "byte 3: PROTO inside the pickle"},
      {R"(\x80\x04a.)", "byte 2: too few objects on the stack"},
      {R"(\x80\x04]a.)", "byte 3: too few objects on the stack"},
      {R"(\x80\x04]N(a.)", "byte 5: too few objects on the stack"},
      {R"(\x80\x04N\x86.)", "byte 3: too few objects on the stack"},
      {R"(\x80\x04\x94.)", "byte 2: too few objects on the stack"},
      {R"(\x80\x04]Ne.)", "byte 4: no MARK on the stack"},
      {R"(\x80\x04}Na.)", "byte 4: no list on the stack to append to"},
      {R"(\x80\x04)(Ne.)", "byte 5: no list on the stack to append to"},
      {R"(\x80\x04]NNs.)", "byte 5: no dict on the stack to append to"},
      {R"(\x80\x04}(Nu.)", "byte 5: a key without a value"},
      {R"(\x80\x04h\x00.)", "byte 2: memo 0 has not been written"},
      {R"(\x80\x04j\xff\xff\xff\xff.)", "byte 2: memo 4294967295 has not been written"},
      {R"(\x80\x04Nr\xff\xff\xff\xff.)", "byte 3: memo 4294967295 where 0 is the next"},
      {R"(\x80\x04Nq\x00q\x00.)", "byte 5: memo 0 where 1 is the next"},
  };
  std::vector<RefusedPickle> refused;
  for (const auto& [pickle, why] : small) refused.push_back({from_python(pickle), std::string(why)});

  // What would grow without end, from at most 1 MiB.
  const std::string_view too_many = "more than 250000 objects";
  const std::string_view too_long = "more than 3145728 bytes of text";
  const std::string_view too_deep = "more than 1000 objects deep";
  const auto add = [&](const std::string& opcodes, std::string_view why) {
    refused.push_back({from_python(R"(\x80\x04)") + opcodes, std::string(why)});
  };
  add(ten_times_ten("]\x94(", "]\x94", 10, -1, false, "e"), too_many);
  add(ten_times_ten("}\x94(K\x01", "}\x94", 10, -1, true, "u"), too_many);
  add(ten_times_ten("(", "]\x94", 0, 1, false, "t\x94"), too_many);
  add("(" + repeated("N", 1'000'000) + "t.", too_many);
  add("(" + repeated("]", 1'000'000) + "t.", too_many);
  add("(" + repeated("]\x94", 500'000) + "t.", too_many);
  add("(" + from_python(repeated(R"(\x8c\x00\x94)", 300'000)) + "t.", too_many);
  add("}(" + repeated("NN", 500'000) + "u.", too_many);
  add("](N\x94" + from_python(repeated(R"(h\x00)", 500'000)) + "e.", too_many);
  const std::string long_bytes = from_python(R"(B\x00\x00\x08\x00)") + std::string(512 * 1024, 'x') + "\x94";
  add("](" + long_bytes + from_python(repeated(R"(h\x00)", 200'000)) + "e.", too_long);
  add("](" + long_bytes + from_python(repeated(R"(}h\x00Ns)", 50'000)) + "e.", too_long);
  add(repeated("]", 1'001) + repeated("a", 1'000) + ".", too_deep);
  add(repeated("]", 200'000) + repeated("a", 199'999) + ".", too_deep);
  add(")" + repeated("\x85", 200'000) + ".", too_deep);
  add(repeated("}N", 100'000) + "N" + repeated("s", 100'000) + ".", too_deep);
  add("})" + repeated("\x85", 200'000) + "Ns.", too_deep);
  add(repeated("(", 1'000'000) + ".", "a MARK is left");
  return refused;
}
