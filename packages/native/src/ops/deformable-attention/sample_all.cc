#include "sample_all.h"

namespace detrkit {

// A task owns its levels of one head's value, to whose gradient no other task adds, so the sums are the same for any
// number of threads. If there are enough heads, the levels of a head stay together, because they share cache lines.
void SampleAllGradient(const Deformable& sizes, const float* value, const float* locations, const float* weights,
                       const float* upstream, float* dvalue, float* dlocations, float* dweights) {
  const int64_t together = sizes.batch * sizes.heads >= NumThreads() ? sizes.num_levels() : 1,
                parts = sizes.num_levels() / together;
  const int64_t run = HeadSampler::LongestRun(sizes.points);
  ParallelFor(sizes.batch * sizes.heads * parts, 1, [&](int64_t begin, int64_t end) {
    HeadSampler sampler(sizes.channels, sizes.points);
    HeadCells cells(sizes, value, dvalue);
    for (int64_t task = begin; task < end; ++task) {
      const int64_t image = task / (sizes.heads * parts), head = task / parts % sizes.heads,
                    top = task % parts * together;
      cells.Open(image, head, top, top + together);
      for (int64_t first = 0; first < sizes.queries; first += run) {
        const int64_t queries = std::min(run, sizes.queries - first);
        const Rows<const float> from = sizes.Queries(upstream, image, head).From(first);
        for (int64_t index = top; index < top + together; ++index) {
          const int64_t at = sizes.FirstSample(image, first, head) + index * sizes.points;
          const Points points = {locations + 2 * at, weights + at, sizes.heads * sizes.samples()};
          sampler.Gradient(sizes.levels[index], queries, points, cells.values(), from, cells.gradients(),
                           dlocations + 2 * at, dweights + at);
        }
      }
      cells.Close();
    }
  });
}

}  // namespace detrkit
