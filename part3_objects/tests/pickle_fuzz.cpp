// For clang's libFuzzer: whatever bytes arrive, loads() takes under 64 MiB and a second to refuse them, or makes an
// object that can be printed, written and read again. `cmake --preset fuzz` builds it. https://llvm.org/docs/LibFuzzer.html
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string_view>

#include "part3_objects/pickle/object.hpp"
#include "part3_objects/pickle/pickle.hpp"
#include "part3_objects/tests/memory.hpp"

namespace {

std::optional<Object> object_in(std::string_view pickle) {
  try {
    return loads(pickle);
  } catch (const PickleError&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const MemoryWatch watch;
  const std::clock_t begin = std::clock();
  const std::optional<Object> object = object_in({reinterpret_cast<const char*>(data), size});
  if (watch.peak() > 64 * 1024 * 1024 || std::clock() - begin > CLOCKS_PER_SEC) std::abort();
  if (object && repr(loads(dumps(*object))) != repr(*object)) std::abort();
  return 0;
}
