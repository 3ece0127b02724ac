#pragma once
// The core of multi-scale deformable attention (Zhu et al., Deformable DETR, 2021, eq. 3) and its gradient: a run of
// queries samples from one level of one head's value.
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

// The points of a run of queries in one level: locations (x, y) and weights. The next query's points come `stride`
// points later.
struct Points {
  const float* locations;
  const float* weights;
  int64_t stride;
};

// For one thread; it keeps its working memory between runs.
class HeadSampler {
 public:
  HeadSampler(int64_t channels, int64_t points);

  // The largest number of queries in one run: enough for long vectors, few enough for the working memory to stay in the
  // nearest cache.
  static int64_t LongestRun(int64_t points);

  // Adds the weighted samples to the queries' rows of `result`.
  void Add(const Level& level, int64_t queries, const Points& points, Rows<const float> value, Rows<float> result);

  // Adds to dvalue; writes dlocations and dweights, laid out as the points, possibly in the same memory.
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
  // They stand for the cells outside, so that no sample needs a branch: one is read, the other written and never read.
  std::vector<float> zeros_, sink_;
};

}  // namespace detrkit
