#include "record.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "tensorflow_double.h"

namespace detrkit {
namespace {

// Sums of some hundred products, rounded in another order.
constexpr float kTolerance = 1e-4f;
// Inputs are of the size of 1: an output whose exact value is 0 (a gradient by the keys' bias) is rounding noise of
// these, and has no scale of its own.
constexpr float kLeastScale = 0.1f;

std::string Text(float number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

bool Same(float a, float b, float tolerance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return std::abs(a - b) <= tolerance;
}

}  // namespace

Recorder::Recorder(const std::string& path) : file_(path, std::ios::binary) {}

void Recorder::Add(const std::string&, const float* values, int64_t count) {
  file_.write(reinterpret_cast<const char*>(&count), sizeof(count));
  file_.write(reinterpret_cast<const char*>(values), count * sizeof(float));
}

void Recorder::Finish() {
  if (!file_.flush()) Abort("the file of outputs could not be written");
}

Comparison::Comparison(const std::string& path) : file_(path, std::ios::binary) {
  if (!file_) Abort("the file of outputs " + path + " could not be opened");
}

void Comparison::Add(const std::string& what, const float* values, int64_t count) {
  int64_t recorded = -1;
  file_.read(reinterpret_cast<char*>(&recorded), sizeof(recorded));
  if (!file_ || recorded != count)
    Abort(what + " has " + std::to_string(count) + " numbers, in the file " + std::to_string(recorded));
  std::vector<float> expected(count);
  file_.read(reinterpret_cast<char*>(expected.data()), count * sizeof(float));
  if (!file_) Abort("the file of outputs ends in the middle of " + what);
  float scale = kLeastScale;
  for (float number : expected) scale = std::isfinite(number) ? std::max(scale, std::abs(number)) : scale;
  for (int64_t i = 0; i < count; ++i) {
    if (!Same(values[i], expected[i], kTolerance * scale)) {
      Abort(what + ": number " + std::to_string(i) + " is " + Text(values[i]) + ", in the file " + Text(expected[i]) +
            " (compared at a scale of " + Text(scale) + ")");
    }
    if (std::isfinite(values[i])) largest_ = std::max(largest_, std::abs(values[i] - expected[i]) / scale);
  }
  compared_ += count;
}

void Comparison::Finish() {
  if (file_.peek() != std::ifstream::traits_type::eof()) Abort("the file of outputs goes on");
}

}  // namespace detrkit
