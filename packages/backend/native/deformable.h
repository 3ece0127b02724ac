#pragma once
// Both passes of multi-scale deformable attention over a whole batch, whichever way its locations and weights come about.
#include <cstdint>
#include <string>
#include <vector>

#include "head_sampler.h"
#include "kernel.h"
#include "parallel.h"

namespace detrkit {

// value [B, S, M, C], result [B, Q, M, C], locations [B, Q, M, L, P, 2], weights [B, Q, M, L, P].
struct Deformable {
  int64_t batch, queries, cells, heads, channels, points;
  std::vector<Level> levels;

  int64_t width() const { return heads * channels; }
  int64_t samples() const { return static_cast<int64_t>(levels.size()) * points; }  // of one head of one query

  // One head of an image's value, from its first cell, or of what has a row for each query.
  template <typename Number>
  Rows<Number> Cells(Number* value, int64_t image, int64_t head) const { return {value + image * cells * width() + head * channels, width()}; }
  template <typename Number>
  Rows<Number> Queries(Number* result, int64_t image, int64_t head) const { return {result + image * queries * width() + head * channels, width()}; }

  // Number of the first sample of one head of one query, among all weights.
  int64_t FirstSample(int64_t image, int64_t query, int64_t head) const { return ((image * queries + query) * heads + head) * samples(); }
};

// Adds the levels of `shapes` [L, 2] (heights and widths). Says what is wrong with them or the number of points, or nothing.
std::string ReadLevels(const View& shapes, Deformable& sizes);

// Says what is wrong where dimensions are not those expected, or nothing.
std::string CheckDims(const char* name, const View& view, const Dims& expected);

// Writes the result. `source` gives the points of a run of queries, as Source::Take(image, head, first query, queries); each
// thread works with a copy of it.
template <typename Source>
void SampleAll(const Deformable& sizes, const float* value, const Source& source, float* result) {
  const int64_t run = HeadSampler(sizes.channels, sizes.points).run(), runs = (sizes.queries + run - 1) / run;
  ParallelFor(sizes.batch * sizes.heads * runs, 1, [&](int64_t begin, int64_t end) {
    HeadSampler sampler(sizes.channels, sizes.points);
    Source own = source;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t image = task / (sizes.heads * runs), head = task / runs % sizes.heads, first = task % runs * run;
      const int64_t queries = std::min(run, sizes.queries - first);
      const Rows<float> into = sizes.Queries(result, image, head).From(first);
      for (int64_t query = 0; query < queries; ++query) std::fill_n(into[query], sizes.channels, 0.0f);
      Points points = own.Take(image, head, first, queries);
      for (const Level& level : sizes.levels) {
        sampler.Add(level, queries, points, sizes.Cells(value, image, head), into);
        points.locations += 2 * sizes.points;
        points.weights += sizes.points;
      }
    }
  });
}

// Writes all three gradients; dlocations and dweights may lie where locations and weights do.
void SampleAllGradient(const Deformable& sizes, const float* value, const float* locations, const float* weights, const float* upstream,
                       float* dvalue, float* dlocations, float* dweights);

}  // namespace detrkit
