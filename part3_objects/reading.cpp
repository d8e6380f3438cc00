#include "part3_objects/reading.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <variant>

namespace {

// The value of an object that has to be of type Value. If it is of another, the error calls the object `what`.
template <typename Value>
const Value& as(const Object& object, const std::string& what) {
  const Value* value = std::get_if<Value>(&object.value);
  if (value == nullptr) {
    throw std::runtime_error(
        fmt::format("reading: {} is of type {}, not {}", what, type_name(object), type_name(Value())));
  }
  return *value;
}

// The value of a key that the dict has to have, with a value of type Value.
template <typename Value>
const Value& field(const Dict& dict, const char* name) {
  const Object* object = dict.find(name);
  if (object == nullptr) throw std::runtime_error(fmt::format("reading: field '{}' is missing", name));
  return as<Value>(*object, fmt::format("field '{}'", name));
}

}  // namespace

Object to_object(const Reading& reading) {
  return Dict{{"sensor", reading.sensor},
              {"time", reading.time},
              {"celsius", reading.celsius},
              {"samples", List{std::vector<Object>(reading.samples.begin(), reading.samples.end())}}};
}

Reading to_reading(const Object& object) {
  const auto& dict = as<Dict>(object, "the object");
  Reading reading;
  reading.sensor = field<std::string>(dict, "sensor");
  reading.time = field<std::int64_t>(dict, "time");
  reading.celsius = field<double>(dict, "celsius");
  for (const Object& sample : field<List>(dict, "samples").items) {
    reading.samples.push_back(as<double>(sample, "a sample"));
  }
  return reading;
}
