#pragma once
// Outputs in a file, for another build on another processor to compare its own with.
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace detrkit {

class Recorder {
 public:
  explicit Recorder(const std::string& path);
  void Add(const std::string& what, const float* values, int64_t count);
  void Finish();

 private:
  std::ofstream file_;
};

class Comparison {
 public:
  explicit Comparison(const std::string& path);
  // Ends the program where numbers are further apart than rounding explains, or one is NaN or infinite and the other is
  // not.
  void Add(const std::string& what, const float* values, int64_t count);
  void Finish();

  int64_t compared() const { return compared_; }
  // The largest difference, as a part of the largest number in its output (or of 0.1, where all are smaller).
  float largest() const { return largest_; }

 private:
  std::ifstream file_;
  int64_t compared_ = 0;
  float largest_ = 0;
};

}  // namespace detrkit
