// Only the attention weights of one tile of queries are in memory at a time. The backward pass computes a tile's
// weights again (Dao et al., FlashAttention, 2022), exactly as the forward pass does. It does not store the logarithm
// of a row's sum for that, and takes the mean gradient over the weights, not over the result: both would leave rounding
// noise where a row has one weight of 1, whose gradient is exactly 0, and AdamW would turn noise into full steps.
#include "scaled_attention.h"

#include <algorithm>
#include <cmath>

#include "parallel.h"
#include "random_mask.h"

namespace detrkit {
namespace {

constexpr int64_t kTile = 64;
// Stands for minus infinity, as in the plain composition of this op: a row whose keys are all padding attends to all of
// them equally instead of giving NaN.
constexpr float kMasked = -1e30f;

}  // namespace

std::string CheckAttention(const View& queries, const View& keys, int64_t heads) {
  if (queries.dims.size() != 3) return "attention: queries expected [B, Q, D], got " + Text(queries.dims);
  const int64_t images = queries.dims[0], width = queries.dims[2];
  if (heads < 1 || width < 1 || width % heads != 0)
    return "attention: " + std::to_string(heads) + " heads do not divide a width of " + std::to_string(width);
  if (keys.dims.size() == 3 && keys.dims[0] == images && keys.dims[2] == width) return "";
  return "attention: keys expected [" + std::to_string(images) + ", S, " + std::to_string(width) + "], got " +
         Text(keys.dims);
}

float ScaledAttention::scale() const { return 1 / std::sqrt(static_cast<float>(head())); }

// Softmax of the scaled scores of a tile.
void ScaledAttention::Weights(int64_t image, int64_t h, int64_t first, int64_t count, Matrix& scores) const {
  scores.resize(count, keys);
  MultiplyByTransposed(Queries(image, h, first, count), Keys(image, h), IntoWhole(scores));
  scores *= scale();
  if (key_padding_mask) {
    const uint8_t* ignored = key_padding_mask + image * keys;
    for (int64_t k = 0; k < keys; ++k) {
      if (ignored[k]) scores.col(k).setConstant(kMasked);
    }
  }
  // Without keys there is no maximum.
  if (keys == 0) return;
  for (int64_t row = 0; row < count; ++row) {
    auto values = scores.row(row).array();
    values = (values - values.maxCoeff()).exp();
    values *= 1 / values.sum();
  }
}

void ScaledAttention::Drop(int64_t image, int64_t h, int64_t first, Matrix& weights) const {
  const RandomMask mask(seed, rate);
  for (int64_t row = 0; row < weights.rows(); ++row) {
    const uint64_t index = static_cast<uint64_t>(((image * heads + h) * queries + first + row) * keys);
    mask.Apply(weights.row(row).data(), weights.row(row).data(), index, keys);
  }
}

void ScaledAttention::Forward(float* result) const {
  const int64_t tiles = (queries + kTile - 1) / kTile;
  ParallelFor(batch * heads * tiles, 1, [&](int64_t begin, int64_t end) {
    Matrix weights;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t image = task / (heads * tiles), h = task / tiles % heads, first = task % tiles * kTile;
      const int64_t count = std::min(kTile, queries - first);
      Weights(image, h, first, count, weights);
      if (rate > 0) Drop(image, h, first, weights);
      Multiply(Whole(weights), Values(image, h), View2d(result + At(image, h, queries, first), count, head(), width));
    }
  });
}

void ScaledAttention::Backward(const float* dresult, float* dquery, float* dkey, float* dvalue) const {
  ParallelFor(batch * heads, 1, [&](int64_t begin, int64_t end) {
    Matrix weights, dweights, dropped;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t image = task / heads, h = task % heads;
      MatrixView into_key = View2d(dkey + At(image, h, keys, 0), keys, head(), width);
      MatrixView into_value = View2d(dvalue + At(image, h, keys, 0), keys, head(), width);
      into_key.setZero();
      into_value.setZero();
      for (int64_t first = 0; first < queries; first += kTile) {
        const int64_t count = std::min(kTile, queries - first), at = At(image, h, queries, first);
        const ConstMatrixView upstream = View2d(dresult + at, count, head(), width);
        Weights(image, h, first, count, weights);
        dweights.resize(count, keys);
        MultiplyByTransposed(upstream, Values(image, h), IntoWhole(dweights));
        if (rate > 0) {
          dropped = weights;
          Drop(image, h, first, dropped);
          Drop(image, h, first, dweights);
          AddTransposedBy(Whole(dropped), upstream, into_value);
        } else {
          AddTransposedBy(Whole(weights), upstream, into_value);
        }
        for (int64_t row = 0; row < count; ++row) {
          const float along = weights.row(row).dot(dweights.row(row));
          weights.row(row).array() *= (dweights.row(row).array() - along) * scale();
        }
        Multiply(Whole(weights), Keys(image, h), View2d(dquery + at, count, head(), width));
        AddTransposedBy(Whole(weights), Queries(image, h, first, count), into_key);
      }
    }
  });
}

}  // namespace detrkit
