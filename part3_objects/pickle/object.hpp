// A Python object in C++: the plain data that can be sent.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

struct Object;

/// A key of a dict and its value.
using Entry = std::pair<Object, Object>;

/// Python's None.
struct None {};

/// Python's bytes. A str is a std::string.
struct Bytes {
  std::string bytes;
};

/// Python's list: `List{{1, "two"}}` is [1, 'two'].
struct List {
  std::vector<Object> items;
};

/// Python's tuple: `Tuple{{1, "two"}}` is (1, 'two').
struct Tuple {
  std::vector<Object> items;
};

/// Python's dict, with its keys in the order in which they were added: `Dict{{1, "Hey"}, {2, "There"}}`.
class Dict {
 public:
  Dict() = default;
  Dict(std::initializer_list<Entry> entries);

  /// Filled as Python fills a dict: a key that comes again keeps its place and gets the new value, and 1, 1.0 and
  /// True are one key. Throws std::invalid_argument if a key is or holds a list or a dict, which Python cannot hash.
  explicit Dict(std::vector<Entry> entries);

  const std::vector<Entry>& entries() const { return entries_; }

  /// The value of `key`, or nullptr if the dict has no such key. Looks at one entry after the other.
  const Object* find(const Object& key) const;

 private:
  std::vector<Entry> entries_;
};

/// An object of one of the types that Python calls NoneType, bool, int (64 bits here), float, str (in UTF-8),
/// bytes, list, tuple and dict. A container holds objects of its own: copying it copies them all.
struct Object {
  Object() = default;  // None
  Object(None) {}
  Object(bool truth) : value(truth) {}
  Object(int number) : value(std::int64_t{number}) {}
  Object(std::int64_t number) : value(number) {}
  Object(double number) : value(number) {}
  Object(const char* text) : value(std::string(text)) {}
  Object(std::string text) : value(std::move(text)) {}
  Object(Bytes bytes) : value(std::move(bytes)) {}
  Object(List list) : value(std::move(list)) {}
  Object(Tuple tuple) : value(std::move(tuple)) {}
  Object(Dict dict) : value(std::move(dict)) {}

  std::variant<None, bool, std::int64_t, double, std::string, Bytes, List, Tuple, Dict> value;
};

/// Whether they are equal in Python: 1, 1.0 and True are, a NaN does not equal itself, a list never equals a
/// tuple, and the order of a dict does not matter.
bool operator==(const Object& left, const Object& right);

/// The name of the object's type in Python: `NoneType`, `int`, `str`, ...
const char* type_name(const Object& object);

/// The object as Python's repr() writes it: `{1: 'Hey', 2: (1.5, None)}`. Characters that do not print
/// are escaped, so the text is one line of valid UTF-8.
std::string repr(const Object& object);

/// The object as Python's print() writes it: a str as it is, everything else as repr().
std::string str(const Object& object);
