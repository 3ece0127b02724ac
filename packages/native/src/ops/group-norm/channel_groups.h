#pragma once
// The channels of a map in groups, and sums over them: both passes of group normalisation are made of these.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "shared/kernel.h"

namespace detrkit {

// Work is cut into one image times a run of whole groups, about this many channels wide: a few cache lines of floats.
constexpr int64_t kRun = 32;

struct Layout {
  int64_t images, cells, channels, group, run, runs;

  Layout(const View& x, int64_t groups) {
    images = x.dims[0];
    channels = x.columns();
    cells = images * channels == 0 ? 0 : x.size() / (images * channels);
    group = channels / groups;
    run = std::min(channels, group * std::max<int64_t>(1, (kRun + group - 1) / group));
    runs = (channels + run - 1) / run;
  }
};

// Two column sums over a map's run of channels at once: in floats over short stretches of rows, in doubles over all.
// `add(cell, first, second)` adds one cell's values to the floats.
template <typename Add>
void SumCells(int64_t cells, int64_t width, double* first, double* second, const Add& add) {
  std::vector<float> parts(2 * width);
  std::fill(first, first + width, 0.0);
  std::fill(second, second + width, 0.0);
  for (int64_t start = 0; start < cells; start += 64) {
    std::fill(parts.begin(), parts.end(), 0.0f);
    for (int64_t cell = start; cell < std::min(start + 64, cells); ++cell)
      add(cell, parts.data(), parts.data() + width);
    DETRKIT_VECTOR
    for (int64_t i = 0; i < width; ++i) {
      first[i] += parts[i];
      second[i] += parts[width + i];
    }
  }
}

// Sums each group's channels and gives every channel its group's sum.
inline void ShareByGroup(std::vector<double>& sums, int64_t width, int64_t group) {
  for (int64_t first = 0; first < width; first += group) {
    double total = 0;
    for (int64_t i = first; i < first + group; ++i) total += sums[i];
    std::fill(sums.begin() + first, sums.begin() + first + group, total);
  }
}

}  // namespace detrkit
