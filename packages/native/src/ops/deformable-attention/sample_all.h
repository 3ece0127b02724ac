#pragma once
// Both passes of multi-scale deformable attention over a whole batch, for stored and for predicted locations and
// weights.
#include <algorithm>
#include <cstdint>

#include "deformable.h"
#include "head_cells.h"
#include "head_sampler.h"
#include "shared/parallel.h"

namespace detrkit {

// Writes the result. `source` returns the points of a run of queries by Source::Take(image, head, first query,
// queries); each thread works with a copy of it.
template <typename Source>
void SampleAll(const Deformable& sizes, const float* value, const Source& source, float* result) {
  const int64_t run = HeadSampler::LongestRun(sizes.points), runs = (sizes.queries + run - 1) / run;
  const int64_t tasks = sizes.batch * sizes.heads * runs;
  const int64_t grain =
      HeadCells::Copied(sizes) ? tasks / std::max<int64_t>(sizes.batch * sizes.heads, NumThreads()) : 1;
  ParallelFor(tasks, grain, [&](int64_t begin, int64_t end) {
    HeadSampler sampler(sizes.channels, sizes.points);
    HeadCells cells(sizes, value, nullptr);
    Source own = source;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t image = task / (sizes.heads * runs), head = task / runs % sizes.heads, first = task % runs * run;
      if (task == begin || first == 0) cells.Open(image, head, 0, sizes.num_levels());
      const int64_t queries = std::min(run, sizes.queries - first);
      const Rows<float> into = sizes.Queries(result, image, head).From(first);
      for (int64_t query = 0; query < queries; ++query) std::fill_n(into[query], sizes.channels, 0.0f);
      Points points = own.Take(image, head, first, queries);
      for (const Level& level : sizes.levels) {
        sampler.Add(level, queries, points, cells.values(), into);
        points.locations += 2 * sizes.points;
        points.weights += sizes.points;
      }
    }
  });
}

// Writes all three gradients; dlocations and dweights may lie where locations and weights do.
void SampleAllGradient(const Deformable& sizes, const float* value, const float* locations, const float* weights,
                       const float* upstream, float* dvalue, float* dlocations, float* dweights);

}  // namespace detrkit
