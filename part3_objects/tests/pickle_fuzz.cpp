// For clang's libFuzzer: whatever bytes arrive, loads() refuses them, or makes an object that can be printed,
// written and read again. `cmake --preset fuzz` builds it. https://llvm.org/docs/LibFuzzer.html
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "part3_objects/pickle/object.hpp"
#include "part3_objects/pickle/pickle.hpp"

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
  const std::optional<Object> object = object_in({reinterpret_cast<const char*>(data), size});
  if (object && repr(loads(dumps(*object))) != repr(*object)) std::abort();
  return 0;
}
