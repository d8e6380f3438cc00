// A struct of your own on its way through the network: to an object, and back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "part3_objects/pickle/object.hpp"

/// What a thermometer has measured.
struct Reading {
  std::string sensor;
  std::int64_t time = 0;        // seconds since 1970-01-01 00:00 UTC
  double celsius = 0;           // the mean of the samples
  std::vector<double> samples;  // degrees Celsius
  bool operator==(const Reading&) const = default;
};

/// The reading as a dict: `{'sensor': 'roof', 'time': 1593672221, 'celsius': 21.5, 'samples':
/// [21.25, 21.75]}`.
Object to_object(const Reading& reading);

/// The reading in such a dict. Its keys may be in any order, and there may be others. Throws std::runtime_error if
/// the object is no such dict: `reading: field 'celsius' is missing`.
Reading to_reading(const Object& object);
