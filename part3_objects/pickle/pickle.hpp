// Objects as bytes: the part of Python's pickle format that holds data and runs no code.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include "part3_objects/pickle/object.hpp"

/// The limits of loads(), which keep it under 64 MiB and a second for any pickle of up to 1 MiB. They apply to the
/// result, in which an object counts as often as it occurs: ten lists, each of which holds the one before ten times,
/// are 234 bytes of pickle and over 10,000,000,000 objects. The second limit also applies to what is pushed on the way.
/// (At its usual recursion limit, CPython 3.11 pickles at most 500 lists inside one another.)
inline constexpr std::size_t max_pickle_depth = 1'000;           // objects inside one another
inline constexpr std::size_t max_pickle_objects = 250'000;       // containers and what is in them
inline constexpr std::size_t max_pickle_text = 3 * 1024 * 1024;  // bytes in all str and bytes together

/// Says why bytes were refused, and at which byte; or why an object cannot be pickled.
class PickleError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The object as a pickle of protocol 4. It is byte for byte what pickle.dumps(object) of CPython 3.11 returns, as long
/// as no object occurs in it twice. Throws PickleError if a str is not UTF-8, or if objects are nested deeper than
/// max_pickle_depth.
/// Format: Lib/pickletools.py, PEP 3154.
std::string dumps(const Object& object);

/// The object in `pickle`, which may come from a stranger: whatever pickle.dumps() writes at protocols 2 to 5 for the
/// types that Object has. Throws PickleError for everything else. Above all, that means opcodes that name or call code,
/// which make Python's pickle.loads() dangerous. (At protocol 2, Python writes even bytes as calls, of _codecs.encode()
/// or __builtin__.bytes(). loads() recognizes these two and calls nothing.) It also means an int of over 64 bits, a str
/// that is not UTF-8, an object that holds itself, a pickle that is cut off or goes on after its end, and anything
/// beyond the limits.
Object loads(std::string_view pickle);
