#pragma once
// The core of multi-scale deformable attention (Zhu et al., Deformable DETR, 2021, eq. 3) and its gradient: what a run
// of queries samples from one level of one head's value.
#include <cstdint>
#include <vector>

#include "bilinear_samples.h"

namespace detrkit {

// Rows of one head's columns in a matrix; the rows begin `stride` floats apart.
template <typename Number>
struct Rows {
  Number* start;
  int64_t stride;
  Number* operator[](int64_t row) const { return start + row * stride; }
  Rows From(int64_t row) const { return {(*this)[row], stride}; }
};

// Of a run of queries, the points in one level: locations (x, y) and weights. The next query's come `stride` points
// later.
struct Points {
  const float* locations;
  const float* weights;
  int64_t stride;
};

// Works for one thread; it keeps its scratch between runs.
class HeadSampler {
 public:
  HeadSampler(int64_t channels, int64_t points);

  // Queries in one run at most: enough for vectors to be long, few enough for the scratch to stay in the nearest cache.
  static int64_t LongestRun(int64_t points);

  // Adds the weighted samples to the queries' rows of `result`.
  void Add(const Level& level, int64_t queries, const Points& points, Rows<const float> value, Rows<float> result);

  // Adds to dvalue; writes dlocations and dweights, laid out as the points and perhaps in their very place.
  void Gradient(const Level& level, int64_t queries, const Points& points, Rows<const float> value,
                Rows<const float> upstream, Rows<float> dvalue, float* dlocations, float* dweights);

 private:
  template <int FixedChannels>
  void AddSamples(int64_t queries, const Points& points, Rows<const float> value, Rows<float> result) const;
  template <int FixedChannels>
  void VisitCells(int64_t queries, const Points& points, Rows<const float> value, Rows<const float> upstream,
                  Rows<float> dvalue);
  void CombineProducts(const Level& level, int64_t queries, const Points& points, float* dlocations,
                       float* dweights) const;

  const int64_t channels_, points_;
  BilinearSamples samples_;
  std::vector<float> products_[4];  // of each sample's four cells with the upstream gradient
  // Stand for the cells outside, so that no sample needs a branch: one is read, the other written and never read.
  std::vector<float> zeros_, sink_;
};

}  // namespace detrkit
