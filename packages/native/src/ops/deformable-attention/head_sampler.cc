#include "head_sampler.h"

#include <algorithm>

#include "shared/kernel.h"

namespace detrkit {
namespace {

constexpr int64_t kSamplesInRun = 256;

// Calls `work` with the number of channels as a constant if it is a common one: its loops are then unrolled, without
// tests and remainders, which would take as long as the arithmetic. 0 stands for any other number.
template <typename Work>
void WithFixedChannels(int64_t channels, const Work& work) {
  switch (channels) {
    case 8: return work(std::integral_constant<int, 8>());
    case 16: return work(std::integral_constant<int, 16>());
    case 32: return work(std::integral_constant<int, 32>());
    case 64: return work(std::integral_constant<int, 64>());
    default: return work(std::integral_constant<int, 0>());
  }
}

inline float Product(const float* a, const float* b, int64_t channels) {
  float sum = 0;
  DETRKIT_VECTOR
  for (int64_t i = 0; i < channels; ++i) sum += a[i] * b[i];
  return sum;
}

// __restrict says that nothing overlaps, so the compiler uses vectors even where it unrolls the loop first.
inline void AddScaled(const float* __restrict what, float factor, int64_t channels, float* __restrict into) {
  DETRKIT_VECTOR
  for (int64_t i = 0; i < channels; ++i) into[i] += factor * what[i];
}

}  // namespace

HeadSampler::HeadSampler(int64_t channels, int64_t points)
    : channels_(channels), points_(points), samples_(LongestRun(points) * points), zeros_(channels), sink_(channels) {
  for (auto& products : products_) products.resize(LongestRun(points) * points);
}

int64_t HeadSampler::LongestRun(int64_t points) { return std::max<int64_t>(1, kSamplesInRun / points); }

void HeadSampler::Add(const Level& level, int64_t queries, const Points& points, Rows<const float> value,
                      Rows<float> result) {
  samples_.Locate(level, points.locations, queries, points_, 2 * points.stride);
  WithFixedChannels(channels_, [&](auto fixed) { AddSamples<fixed>(queries, points, value, result); });
}

template <int FixedChannels>
void HeadSampler::AddSamples(int64_t queries, const Points& points, Rows<const float> value, Rows<float> result) const {
  const int64_t channels = FixedChannels > 0 ? FixedChannels : channels_;
  for (int64_t query = 0; query < queries; ++query) {
    float* into = result[query];
    for (int64_t point = 0; point < points_; ++point) {
      const int64_t sample = query * points_ + point;
      const float weight = points.weights[query * points.stride + point];
      const float* cells[4];
      float factors[4];
      for (int corner = 0; corner < 4; ++corner) {
        const int32_t cell = samples_.cell[corner][sample];
        cells[corner] = cell < 0 ? zeros_.data() : value[cell];
        factors[corner] = weight * samples_.share[corner][sample];
      }
      DETRKIT_VECTOR
      for (int64_t i = 0; i < channels; ++i) {
        into[i] +=
            factors[0] * cells[0][i] + factors[1] * cells[1][i] + factors[2] * cells[2][i] + factors[3] * cells[3][i];
      }
    }
  }
}

void HeadSampler::Gradient(const Level& level, int64_t queries, const Points& points, Rows<const float> value,
                           Rows<const float> upstream, Rows<float> dvalue, float* dlocations, float* dweights) {
  samples_.Locate(level, points.locations, queries, points_, 2 * points.stride);
  WithFixedChannels(channels_, [&](auto fixed) { VisitCells<fixed>(queries, points, value, upstream, dvalue); });
  CombineProducts(level, queries, points, dlocations, dweights);
}

template <int FixedChannels>
void HeadSampler::VisitCells(int64_t queries, const Points& points, Rows<const float> value, Rows<const float> upstream,
                             Rows<float> dvalue) {
  const int64_t channels = FixedChannels > 0 ? FixedChannels : channels_;
  for (int64_t query = 0; query < queries; ++query) {
    const float* gradient = upstream[query];
    for (int64_t point = 0; point < points_; ++point) {
      const int64_t sample = query * points_ + point;
      const float weight = points.weights[query * points.stride + point];
      for (int corner = 0; corner < 4; ++corner) {
        const int32_t cell = samples_.cell[corner][sample];
        const float* from = cell < 0 ? zeros_.data() : value[cell];
        float* into = cell < 0 ? sink_.data() : dvalue[cell];
        const float factor = weight * samples_.share[corner][sample];
        AddScaled(gradient, factor, channels, into);
        products_[corner][sample] = Product(gradient, from, channels);
      }
    }
  }
}

// The sampled value is linear in each of the four cells, and bilinear in the position between them. If x or y of a
// position is NaN, no cell is read around it, and both of its gradients are NaN.
void HeadSampler::CombineProducts(const Level& level, int64_t queries, const Points& points, float* dlocations,
                                  float* dweights) const {
  const float height = static_cast<float>(level.height), width = static_cast<float>(level.width);
  for (int64_t query = 0; query < queries; ++query) {
    for (int64_t point = 0; point < points_; ++point) {
      const int64_t sample = query * points_ + point, at = query * points.stride + point;
      const float upper_left = products_[0][sample], upper_right = products_[1][sample];
      const float lower_left = products_[2][sample], lower_right = products_[3][sample];
      const float right = samples_.right[sample], below = samples_.below[sample], weight = points.weights[at];
      const float unknown = 0 * (right + below);
      const float rightward = (1 - below) * (upper_right - upper_left) + below * (lower_right - lower_left);
      const float downward = (1 - right) * (lower_left - upper_left) + right * (lower_right - upper_right);
      dlocations[2 * at] = weight * width * rightward + unknown;
      dlocations[2 * at + 1] = weight * height * downward + unknown;
      dweights[at] = samples_.share[0][sample] * upper_left + samples_.share[1][sample] * upper_right +
                     samples_.share[2][sample] * lower_left + samples_.share[3][sample] * lower_right;
    }
  }
}

}  // namespace detrkit
