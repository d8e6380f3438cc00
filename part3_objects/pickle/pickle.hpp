// Objects as bytes: the part of Python's pickle format that holds data and runs nothing.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include "part3_objects/pickle/object.hpp"

/// The limits of loads(), which keep it under 64 MiB and a second for any pickle of up to 1 MiB. They hold for the
/// result, in which what stands twice counts twice: ten lists, each of which holds the last one ten times, are two
/// hundred bytes of pickle and ten thousand million objects. The second holds for what is pushed on the way as well.
/// CPython 3.11 itself pickles no more than that depth.
inline constexpr std::size_t max_pickle_depth = 1'000;           // objects inside one another
inline constexpr std::size_t max_pickle_objects = 250'000;       // containers and what is in them
inline constexpr std::size_t max_pickle_text = 3 * 1024 * 1024;  // bytes in all str and bytes together

/// Why bytes were refused, and at which byte; or why an object cannot be pickled.
class PickleError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The object as protocol 4, byte for byte what pickle.dumps(object) of CPython 3.11 returns if no object
/// stands in it twice. Throws PickleError if a str is not UTF-8, or for objects nested past max_pickle_depth.
/// Format: Lib/pickletools.py, PEP 3154.
std::string dumps(const Object& object);

/// The object in `pickle`, which may come from a stranger: what pickle.dumps() writes at protocols 2 to 5 for
/// the types that Object has. Throws PickleError for everything else. Most of all that is an opcode that names
/// or calls code, for which Python's pickle.loads() is dangerous. (At protocol 2 Python writes even bytes so, as
/// a call of _codecs.encode(); that is known by sight, and nothing is called.) It is an int of over 64 bits too,
/// a str that is not UTF-8, an object that holds itself, a pickle that is cut off or has more behind it, and
/// whatever is past the limits.
Object loads(std::string_view pickle);
