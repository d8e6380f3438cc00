// Our pickles against those of the real Python, both ways, where python3 is on the machine.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/testing/process.hpp"
#include "common/unicode.hpp"
#include "part3_objects/pickle/object.hpp"
#include "part3_objects/pickle/pickle.hpp"

namespace {

// What both scripts begin with. CPython writes an object that occurs twice only once; dumps() does not.
const std::string preamble = R"py(
import pickle, random, struct, sys, unicodedata

def parts(value):
    yield value
    if isinstance(value, (list, tuple)):
        for item in value: yield from parts(item)
    if isinstance(value, dict):
        for item in value.items(): yield from parts(item[0]); yield from parts(item[1])

def nothing_occurs_twice(value):
    kept = [id(part) for part in parts(value) if isinstance(part, (str, bytes, list, tuple, dict)) and part != ()]
    return len(kept) == len(set(kept))
)py";

// Prints a line for each random object and protocol, in hexadecimal digits: the pickle, what repr() shows,
// and the pickle of protocol 4 if nothing occurs twice.
const std::string python_writes = preamble + R"py(
random.seed(int(sys.argv[1]))
pick = random.choice

def an_int():
    return pick([random.randrange(-300, 300), random.randrange(-2**15, 2**17), random.randrange(-2**63, 2**63),
                 pick([1, -1]) * 2**random.randrange(63) + random.randrange(-1, 1)])

def a_float():
    return pick([random.random(), float(random.randrange(-10**6, 10**6)), random.gauss(0, 1) * 10.0**random.randrange(-320, 308),
                 struct.unpack('<d', random.randbytes(8))[0], 10.0**random.randrange(-25, 25),
                 pick([0.0, -0.0, float('inf'), float('-inf'), float('nan'), 5e-324, 1.7976931348623157e308])])

# Characters that any Python knows alike: those that Unicode 3.2 had. Python.PrintsTheSameCharacters has the others.
characters = [c for c in map(chr, range(0x110000)) if unicodedata.ucd_3_2_0.category(c) != 'Cn']
def a_str():
    last = pick([0x7f, 0x7f, 0x7f, 0xff, 0x220, len(characters), len(characters)])
    return ''.join(characters[random.randrange(last)] for _ in range(pick([0, 1, 3, 10, 10, 100, 255, 300])))

def a_bytes():
    return random.randbytes(pick([0, 1, 3, 10, 10, 255, 256, 300]))

def an_atom():
    return pick([an_int, an_int, a_float, a_float, a_str, a_str, a_bytes, lambda: None, lambda: pick([True, False])])()

def a_key(depth):
    if depth == 0 or random.random() < .8: return an_atom()
    return tuple(a_key(depth - 1) for _ in range(random.randrange(5)))

made = []
def an_object(depth):
    if made and random.random() < .02: return pick(made)
    size = random.randrange(7)
    kind = random.randrange(5) if depth else 0
    if kind < 2: value = an_atom()
    if kind == 2: value = [an_object(depth - 1) for _ in range(size)]
    if kind == 3: value = tuple(an_object(depth - 1) for _ in range(size))
    if kind == 4: value = {a_key(2): an_object(depth - 1) for _ in range(size)}
    made.append(value)
    return value

def a_deep_object():
    value = an_atom()
    for _ in range(random.randrange(330)): value = pick([lambda: [value], lambda: (value,), lambda: {'a': value}])()
    return value

def a_large_object():
    size = pick([999, 1000, 1001, 2000, 2001])
    return pick([lambda: list(range(size)), lambda: tuple(range(size)), lambda: {i: str(i) for i in range(size)},
                 lambda: ['x' * pick([65535, 65536]), b'y' * pick([65535, 65536])], lambda: ['%1000d' % i for i in range(200)]])()

for number in range(int(sys.argv[2])):
    del made[:]
    value = a_large_object() if number % 500 == 0 else a_deep_object() if number % 50 == 0 else an_object(pick([0, 1, 2, 3, 4]))
    for protocol in range(2, 6):
        written = pickle.dumps(value, 4).hex() if nothing_occurs_twice(value) else ''
        print(pickle.dumps(value, protocol).hex(), repr(value).encode().hex(), written)
)py";

// Reads lines with a pickle and what repr() shows; prints how many are right, or the first that is not.
const std::string python_reads = preamble + R"py(
lines = sys.stdin.read().splitlines()
for line in lines:
    written, text = map(bytes.fromhex, line.split())
    value = pickle.loads(written)
    if repr(value).encode() != text: sys.exit(f'{written} is {value!r} to Python, but {text} to us')
    if nothing_occurs_twice(value) and pickle.dumps(value, 4) != written: sys.exit(f'Python writes {value!r} otherwise')
print(len(lines), 'right')
)py";

bool has_python() {
  return Process({"python3", "-c", ""}).wait() == 0;
}

std::string from_hex(std::string_view digits) {
  constexpr std::string_view all_digits = "0123456789abcdef";
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(all_digits.find(digits[i]) << 4 | all_digits.find(digits[i + 1]));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  std::string digits;
  for (const char byte : bytes) digits += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return digits;
}

// Random objects of our own.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  Object object(std::uint64_t depth) {
    switch (below(depth == 0 ? 7 : 13)) {
      case 0:
        return None();
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<std::int64_t>(random_() >> below(64));
      case 3:
        return -static_cast<std::int64_t>(random_() >> (1 + below(63)));
      case 4:
        return std::bit_cast<double>(random_());
      case 5:
        return text();
      case 6:
        return Bytes{std::string(below(300), static_cast<char>(below(256)))};
      case 7:
      case 8:
        return List{objects(depth)};
      case 9:
      case 10:
        return Tuple{objects(depth)};
      default:
        return dict(depth);
    }
  }

 private:
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }

  std::string text() {
    constexpr std::array pieces = {"a",          "'",          "\"",          "\\",     "\n",
                                   "\x7f",       "\x01",       "\u00e9",      "\u00ad", "\u4f60",
                                   "\U0001f642", "\U000e0001", "\xed\xa0\x80"};
    std::string text;
    for (std::uint64_t left = below(100); left > 0; --left) text += pieces[below(pieces.size())];
    return text;
  }

  std::vector<Object> objects(std::uint64_t depth) {
    std::vector<Object> objects(below(2000) == 0 ? 1'000 + below(3) : below(6));
    for (Object& item : objects) item = object(objects.size() < 10 ? depth - 1 : 0);
    return objects;
  }

  Dict dict(std::uint64_t depth) {
    std::vector<Entry> entries;
    for (Object& value : objects(depth)) {
      Object key = below(5) == 0 ? Object(Tuple{{object(0), object(0)}}) : object(0);
      entries.emplace_back(std::move(key), std::move(value));
    }
    return Dict(std::move(entries));
  }

  std::mt19937_64 random_;
};

}  // namespace

TEST(Python, WritesWhatWeReadAndWriteTheSame) {
  if (!has_python()) GTEST_SKIP() << "there is no python3 on this machine";
  Process python({"python3", "-c", python_writes, "1", "2000"});
  std::istringstream lines(python.rest());
  ASSERT_EQ(python.wait(), 0) << python.error_rest();

  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::istringstream fields(line);
    std::string pickle, text, written;
    fields >> pickle >> text >> written;
    const Object object = loads(from_hex(pickle));
    ASSERT_EQ(repr(object), from_hex(text)) << pickle;
    if (!written.empty()) {
      ASSERT_EQ(dumps(object), from_hex(written)) << from_hex(text);
    }
  }
  EXPECT_GT(count, 7'000);
}

TEST(Python, ReadsWhatWeWrite) {
  if (!has_python()) GTEST_SKIP() << "there is no python3 on this machine";
  Generator generator(1);
  constexpr int count = 3'000;
  std::string lines;
  for (int i = 0; i < count; ++i) {
    const Object object = generator.object(3);
    lines += fmt::format("{} {}\n", to_hex(dumps(object)), to_hex(repr(object)));
  }
  Process python({"python3", "-c", python_reads});
  python.type(lines);
  python.close_input();
  EXPECT_EQ(python.rest(), fmt::format("{} right\n", count)) << python.error_rest();
}

// Our table is that of Unicode 14. Another Python's has more characters, or fewer, but says the same of those that
// were there in Unicode 3.2, which every Python has besides its own.
TEST(Python, PrintsTheSameCharacters) {
  if (!has_python()) GTEST_SKIP() << "there is no python3 on this machine";
  Process python({"python3", "-c",
                  "import unicodedata as u; print(u.unidata_version.split('.')[0]);"
                  "every = [chr(c) for c in range(0x110000)];"
                  "print(''.join('01'[c.isprintable()] for c in every));"
                  "print(''.join('01'[u.ucd_3_2_0.category(c) != 'Cn'] for c in every))"});
  const int version = std::stoi(python.line());
  const std::string printable = python.line();
  const std::string in_both = python.line();
  ASSERT_EQ(printable.size(), 0x110000U);
  ASSERT_EQ(in_both.size(), 0x110000U);
  for (std::uint32_t c = 0; c < printable.size(); ++c) {
    const bool ours = is_printable(c), pythons = printable[c] == '1';
    if (version == 14 || in_both[c] == '1') {
      ASSERT_EQ(ours, pythons) << fmt::format("U+{:04X}", c);
    } else {
      ASSERT_TRUE(ours == pythons || ours == (version < 14)) << fmt::format("U+{:04X}", c);
    }
  }
}
