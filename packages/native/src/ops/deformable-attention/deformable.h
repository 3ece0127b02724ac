#pragma once
// The shapes of multi-scale deformable attention, and their checks.
#include <cstdint>
#include <string>
#include <vector>

#include "bilinear_samples.h"
#include "head_sampler.h"
#include "shared/kernel.h"

namespace detrkit {

// value [B, S, M, C], result [B, Q, M, C], locations [B, Q, M, L, P, 2], weights [B, Q, M, L, P].
struct Deformable {
  int64_t batch = 0, queries = 0, cells = 0, heads = 0, channels = 0, points = 0;
  std::vector<Level> levels;

  int64_t width() const { return heads * channels; }
  int64_t num_levels() const { return static_cast<int64_t>(levels.size()); }
  int64_t samples() const { return num_levels() * points; }  // of one head of one query

  // One head of an image's cells, or of its queries, as a matrix with a row for each.
  template <typename Number>
  Rows<Number> Cells(Number* value, int64_t image, int64_t head) const {
    return {value + image * cells * width() + head * channels, width()};
  }
  template <typename Number>
  Rows<Number> Queries(Number* result, int64_t image, int64_t head) const {
    return {result + image * queries * width() + head * channels, width()};
  }

  // Index of the first sample of one head of one query, among all weights.
  int64_t FirstSample(int64_t image, int64_t query, int64_t head) const {
    return ((image * queries + query) * heads + head) * samples();
  }
};

// Adds the levels of `shapes` [L, 2] (heights and widths). Returns what is wrong with them or the number of points, or
// an empty text.
std::string ReadLevels(const View& shapes, Deformable& sizes);

}  // namespace detrkit
