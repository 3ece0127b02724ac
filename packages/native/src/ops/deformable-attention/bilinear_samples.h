#pragma once
// Where samples of a map lie between its cells. A location (x, y) spans the map with [0, 1]; cell centres are at (i +
// 1/2) / size, and beyond the border the map is zero (as in PyTorch's grid_sample without aligned corners).
#include <cstdint>
#include <vector>

namespace detrkit {

// One of the maps whose cells, row by row, are the rows of `value`.
struct Level {
  int64_t height, width, first;
};

// Samples of one level, computed many at a time. The four cells around each: upper left, upper right, lower left, lower
// right.
struct BilinearSamples {
  explicit BilinearSamples(int64_t capacity);

  // Takes `count` groups of `points` locations; a group begins `stride` floats after the one before it. Locations may
  // be any number: distant and infinite ones are outside, NaN gives NaN.
  void Locate(const Level& level, const float* locations, int64_t count, int64_t points, int64_t stride);

  std::vector<int32_t> cell[4];  // the row of value, negative outside of the map
  std::vector<float> share[4];   // the factor of each cell in the sampled value
  // distance to the left and to the upper cells, as a share of the distance between cells
  std::vector<float> right, below;
};

}  // namespace detrkit
