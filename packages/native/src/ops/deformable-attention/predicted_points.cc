#include "predicted_points.h"

#include <algorithm>

#include "softmax.h"

namespace detrkit {

PredictedPoints::PredictedPoints(const Deformable& sizes, const float* offsets, const float* logits,
                                 const float* references, int64_t reference_size)
    : sizes_(sizes),
      offsets_(offsets),
      logits_(logits),
      references_(references),
      reference_size_(reference_size),
      levels_(sizes.num_levels()),
      samples_(sizes.samples()) {}

PredictedPoints::Unit PredictedPoints::UnitOf(int64_t query, int64_t level) const {
  if (reference_size_ == 2)
    return {1 / static_cast<float>(sizes_.levels[level].width), 1 / static_cast<float>(sizes_.levels[level].height)};
  const float* box = Reference(query, level);
  const float part = 0.5f / static_cast<float>(sizes_.points);
  return {box[2] * part, box[3] * part};
}

Points PredictedPoints::Take(int64_t image, int64_t head, int64_t first, int64_t queries) {
  locations_.resize(2 * queries * samples_);
  weights_.resize(queries * samples_);
  for (int64_t i = 0; i < queries; ++i) {
    const int64_t query = image * sizes_.queries + first + i;
    WriteLocations(query, head, locations_.data() + 2 * i * samples_);
    WriteWeights(query, head, weights_.data() + i * samples_);
  }
  return {locations_.data(), weights_.data(), samples_};
}

void PredictedPoints::WriteLocations(int64_t query, int64_t head, float* locations) const {
  const float* offsets = offsets_ + 2 * FirstSample(query, head);
  for (int64_t level = 0; level < levels_; ++level) {
    const float x = Reference(query, level)[0], y = Reference(query, level)[1];
    const Unit unit = UnitOf(query, level);
    for (int64_t point = level * sizes_.points; point < (level + 1) * sizes_.points; ++point) {
      locations[2 * point] = x + offsets[2 * point] * unit.x;
      locations[2 * point + 1] = y + offsets[2 * point + 1] * unit.y;
    }
  }
}

void PredictedPoints::WriteWeights(int64_t query, int64_t head, float* weights) const {
  Softmax(logits_ + FirstSample(query, head), samples_, weights);
}

void PredictedPoints::ChainBack(int64_t query, float* by_locations, float* by_weights, float* by_references) {
  std::fill_n(by_references, levels_ * reference_size_, 0.0f);
  for (int64_t head = 0; head < sizes_.heads; ++head) {
    ChainThroughSoftmax(query, head, by_weights + head * samples_);
    for (int64_t level = 0; level < levels_; ++level) {
      const int64_t at = 2 * level * sizes_.points;
      ChainThroughOffsets(query, level, offsets_ + 2 * FirstSample(query, head) + at,
                          by_locations + 2 * head * samples_ + at, by_references + level * reference_size_);
    }
  }
}

void PredictedPoints::ChainThroughSoftmax(int64_t query, int64_t head, float* gradient) {
  weights_.resize(samples_);
  float* weights = weights_.data();
  WriteWeights(query, head, weights);
  float mean = 0;
  DETRKIT_VECTOR
  for (int64_t i = 0; i < samples_; ++i) mean += weights[i] * gradient[i];
  DETRKIT_VECTOR
  for (int64_t i = 0; i < samples_; ++i) gradient[i] = weights[i] * (gradient[i] - mean);
}

void PredictedPoints::ChainThroughOffsets(int64_t query, int64_t level, const float* offsets, float* gradient,
                                          float* by_reference) const {
  const Unit unit = UnitOf(query, level);
  float x = 0, y = 0, width = 0, height = 0;
  for (int64_t i = 0; i < 2 * sizes_.points; i += 2) {
    x += gradient[i];
    y += gradient[i + 1];
    width += gradient[i] * offsets[i];
    height += gradient[i + 1] * offsets[i + 1];
    gradient[i] *= unit.x;
    gradient[i + 1] *= unit.y;
  }
  by_reference[0] += x;
  by_reference[1] += y;
  if (reference_size_ == 2) return;
  const float part = 0.5f / static_cast<float>(sizes_.points);
  by_reference[2] += width * part;
  by_reference[3] += height * part;
}

}  // namespace detrkit
