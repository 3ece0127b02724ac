#pragma once
// Locations and weights from the offsets and logits that a layer predicts, and the backward pass of this.
#include <cstdint>
#include <vector>

#include "deformable.h"

namespace detrkit {

// Of offsets [B*Q, M, L, P, 2], logits [B*Q, M, L, P] and references [B*Q, L, 2 or 4]. Weights are the softmax of the
// logits over all points of a head. A location is the offset in cells from a reference point (x, y), or from the centre
// of a reference box (x, y, w, h) the offset in halves of its size, divided by the number of points.
class PredictedPoints {
 public:
  PredictedPoints(const Deformable& sizes, const float* offsets, const float* logits, const float* references,
                  int64_t reference_size);

  // The points of a run of queries, in working memory that the next run overwrites.
  Points Take(int64_t image, int64_t head, int64_t first, int64_t queries);

  // Of one head of one of the B*Q queries: locations [L, P, 2] and weights [L, P].
  void WriteLocations(int64_t query, int64_t head, float* locations) const;
  void WriteWeights(int64_t query, int64_t head, float* weights) const;

  // For one of the B*Q queries: converts the gradients with respect to its locations [M, L, P, 2] and weights [M, L, P]
  // to those of offsets and logits, in place, and writes the one of its references [L, 2 or 4].
  void ChainBack(int64_t query, float* by_locations, float* by_weights, float* by_references);

 private:
  struct Unit {
    float x, y;
  };
  // Length of an offset of 1 in a level, in units of the map's size.
  Unit UnitOf(int64_t query, int64_t level) const;
  const float* Reference(int64_t query, int64_t level) const {
    return references_ + (query * levels_ + level) * reference_size_;
  }
  int64_t FirstSample(int64_t query, int64_t head) const { return (query * sizes_.heads + head) * samples_; }
  void ChainThroughSoftmax(int64_t query, int64_t head, float* gradient);
  void ChainThroughOffsets(int64_t query, int64_t level, const float* offsets, float* gradient,
                           float* by_reference) const;

  const Deformable& sizes_;
  const float *offsets_, *logits_, *references_;
  const int64_t reference_size_, levels_, samples_;
  std::vector<float> locations_, weights_;
};

}  // namespace detrkit
