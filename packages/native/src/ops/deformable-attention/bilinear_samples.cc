#include "bilinear_samples.h"

#include <cmath>

#include "shared/kernel.h"

namespace detrkit {
namespace {

// Added once or twice to parts of a cell's index, it makes the index negative.
constexpr int32_t kOutside = -(1 << 30);

// Position in cells, clamped to at most two cells outside of the map, where samples are 0, so that it fits an integer.
inline float Position(float location, float size) {
  const float position = location * size - 0.5f;
  const float from_left = position < -2 ? -2 : position;
  return from_left > size + 1 ? size + 1 : from_left;
}

// NaN can't be an integer, and counts as outside.
inline int32_t Whole(float floor) { return static_cast<int32_t>(floor == floor ? floor : -2); }

// One comparison for both ends: negative numbers are large as unsigned ones.
inline bool Inside(int32_t position, int32_t size) {
  return static_cast<uint32_t>(position) < static_cast<uint32_t>(size);
}

}  // namespace

BilinearSamples::BilinearSamples(int64_t capacity) : right(capacity), below(capacity) {
  for (int corner = 0; corner < 4; ++corner) {
    cell[corner].resize(capacity);
    share[corner].resize(capacity);
  }
}

void BilinearSamples::Locate(const Level& level, const float* locations, int64_t count, int64_t points,
                             int64_t stride) {
  float *rightward = right.data(), *downward = below.data();
  for (int64_t group = 0; group < count; ++group) {
    for (int64_t i = 0; i < points; ++i) {
      rightward[group * points + i] = locations[group * stride + 2 * i];
      downward[group * points + i] = locations[group * stride + 2 * i + 1];
    }
  }
  const int32_t height = static_cast<int32_t>(level.height), width = static_cast<int32_t>(level.width),
                first = static_cast<int32_t>(level.first);
  const float rows = static_cast<float>(height), columns = static_cast<float>(width);
  int32_t *cell0 = cell[0].data(), *cell1 = cell[1].data(), *cell2 = cell[2].data(), *cell3 = cell[3].data();
  float *share0 = share[0].data(), *share1 = share[1].data(), *share2 = share[2].data(), *share3 = share[3].data();
  const int64_t samples = count * points;
  DETRKIT_VECTOR
  for (int64_t i = 0; i < samples; ++i) {
    const float across = Position(rightward[i], columns), down = Position(downward[i], rows);
    const float left = std::floor(across), top = std::floor(down);
    const float to_right = across - left, to_below = down - top;
    rightward[i] = to_right;
    downward[i] = to_below;
    share0[i] = (1 - to_right) * (1 - to_below);
    share1[i] = to_right * (1 - to_below);
    share2[i] = (1 - to_right) * to_below;
    share3[i] = to_right * to_below;
    const int32_t column = Whole(left), row = Whole(top);
    const int32_t at_left = Inside(column, width) ? column : kOutside,
                  at_right = Inside(column + 1, width) ? column + 1 : kOutside;
    const int32_t upper = Inside(row, height) ? first + row * width : kOutside,
                  lower = Inside(row + 1, height) ? first + (row + 1) * width : kOutside;
    cell0[i] = upper + at_left;
    cell1[i] = upper + at_right;
    cell2[i] = lower + at_left;
    cell3[i] = lower + at_right;
  }
}

}  // namespace detrkit
