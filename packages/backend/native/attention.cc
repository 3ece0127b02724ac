// Multi-head scaled dot-product attention on projected queries, keys and values, heads side by side in the last dimension
// as the projections leave them: no transposes, and never more of the weights in memory than one tile of queries.
// The backward pass computes a tile's weights again (Dao et al., FlashAttention, 2022), in the very way of the forward pass. It
// stores no logarithm of a row's sum for that, and takes the mean gradient over the weights and not over the result: both
// would leave rounding noise where a row has one weight of 1, whose gradient is exactly 0, and AdamW makes full steps of noise.
#include <algorithm>
#include <cmath>

#include "kernel.h"
#include "kernels.h"
#include "matrix.h"
#include "parallel.h"
#include "random_mask.h"

namespace detrkit {
namespace {

constexpr int64_t kTile = 64;
// Stands for minus infinity, as in the plain composition of this op: a row that is padding throughout attends to all keys
// alike instead of giving NaN.
constexpr float kMasked = -1e30f;

// Inputs 0..4 of both ops: query [B, Q, D], key [B, S, D], value [B, S, D], padding [B, S] or [0] (bool, true is ignored),
// seed [1]. Attributes: heads; rate.
struct Problem {
  View query, key, value, padding, seed;
  int64_t batch, queries, keys, width, heads, head;
  float scale, rate;

  explicit Problem(Context& context)
      : query(context.Input(0)), key(context.Input(1)), value(context.Input(2)), padding(context.Input(3)), seed(context.Input(4)) {
    if (!context.ok()) return;
    batch = query.dims[0];
    queries = query.dims[1];
    keys = key.dims[1];
    width = query.dims[2];
    heads = context.attributes.ints[0];
    head = width / heads;
    scale = 1 / std::sqrt(static_cast<float>(head));
    rate = context.attributes.floats[0];
  }

  int64_t At(int64_t image, int64_t h, int64_t length, int64_t row) const { return (image * length + row) * width + h * head; }
  ConstMatrixView Queries(int64_t image, int64_t h, int64_t first, int64_t count) const {
    return View2d(static_cast<const float*>(query.f32()) + At(image, h, queries, first), count, head, width);
  }
  ConstMatrixView Keys(int64_t image, int64_t h) const { return View2d(static_cast<const float*>(key.f32()) + At(image, h, keys, 0), keys, head, width); }
  ConstMatrixView Values(int64_t image, int64_t h) const { return View2d(static_cast<const float*>(value.f32()) + At(image, h, keys, 0), keys, head, width); }
  const uint8_t* Padding(int64_t image) const { return padding.size() > 0 ? padding.u8() + image * keys : nullptr; }

  // Softmax of the scaled scores of a tile.
  void Weights(int64_t image, int64_t h, int64_t first, int64_t count, Matrix& scores) const {
    scores.resize(count, keys);
    MultiplyByTransposed(Queries(image, h, first, count), Keys(image, h), IntoWhole(scores));
    scores *= scale;
    if (const uint8_t* ignored = Padding(image)) {
      for (int64_t k = 0; k < keys; ++k) {
        if (ignored[k]) scores.col(k).setConstant(kMasked);
      }
    }
    for (int64_t row = 0; row < count; ++row) {
      auto values = scores.row(row).array();
      values = (values - values.maxCoeff()).exp();
      values *= 1 / values.sum();
    }
  }

  void Drop(int64_t image, int64_t h, int64_t first, Matrix& weights) const {
    const RandomMask mask(static_cast<uint32_t>(seed.i32()[0]), rate);
    for (int64_t row = 0; row < weights.rows(); ++row) {
      const uint64_t index = static_cast<uint64_t>(((image * heads + h) * queries + first + row) * keys);
      mask.Apply(weights.row(row).data(), weights.row(row).data(), index, keys);
    }
  }
};

// Output: result [B, Q, D].
void Forward(Context& context) {
  const Problem problem(context);
  if (!context.ok()) return;
  const View result = context.Output(0, problem.query.dims);
  if (!context.ok()) return;
  const int64_t tiles = (problem.queries + kTile - 1) / kTile;
  ParallelFor(problem.batch * problem.heads * tiles, 1, [&](int64_t begin, int64_t end) {
    Matrix weights;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t image = task / (problem.heads * tiles), h = task / tiles % problem.heads, first = task % tiles * kTile;
      const int64_t count = std::min(kTile, problem.queries - first);
      problem.Weights(image, h, first, count, weights);
      if (problem.rate > 0) problem.Drop(image, h, first, weights);
      Multiply(Whole(weights), problem.Values(image, h), View2d(result.f32() + problem.At(image, h, problem.queries, first), count, problem.head, problem.width));
    }
  });
}

// Further input: dresult. Outputs dquery, dkey, dvalue.
void Backward(Context& context) {
  const Problem problem(context);
  const View gradient = context.Input(5);
  if (!context.ok()) return;
  const View dquery = context.Output(0, problem.query.dims), dkey = context.Output(1, problem.key.dims), dvalue = context.Output(2, problem.key.dims);
  if (!context.ok()) return;
  ParallelFor(problem.batch * problem.heads, 1, [&](int64_t begin, int64_t end) {
    Matrix weights, dweights, dropped;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t image = task / problem.heads, h = task % problem.heads;
      MatrixView into_key = View2d(dkey.f32() + problem.At(image, h, problem.keys, 0), problem.keys, problem.head, problem.width);
      MatrixView into_value = View2d(dvalue.f32() + problem.At(image, h, problem.keys, 0), problem.keys, problem.head, problem.width);
      into_key.setZero();
      into_value.setZero();
      for (int64_t first = 0; first < problem.queries; first += kTile) {
        const int64_t count = std::min(kTile, problem.queries - first), at = problem.At(image, h, problem.queries, first);
        const ConstMatrixView upstream = View2d(static_cast<const float*>(gradient.f32()) + at, count, problem.head, problem.width);
        problem.Weights(image, h, first, count, weights);
        dweights.resize(count, problem.keys);
        MultiplyByTransposed(upstream, problem.Values(image, h), IntoWhole(dweights));
        if (problem.rate > 0) {
          dropped = weights;
          problem.Drop(image, h, first, dropped);
          problem.Drop(image, h, first, dweights);
          AddTransposedBy(Whole(dropped), upstream, into_value);
        } else {
          AddTransposedBy(Whole(weights), upstream, into_value);
        }
        for (int64_t row = 0; row < count; ++row) {
          const float along = weights.row(row).dot(dweights.row(row));
          weights.row(row).array() *= (dweights.row(row).array() - along) * problem.scale;
        }
        Multiply(Whole(weights), problem.Keys(image, h), View2d(dquery.f32() + at, count, problem.head, problem.width));
        AddTransposedBy(Whole(weights), problem.Queries(image, h, first, count), into_key);
      }
    }
  });
}

}  // namespace

std::vector<Op> AttentionOps() {
  return {
      {"DetrkitAttention",
       {"query: float", "key: float", "value: float", "padding: bool", "seed: int32"},
       {"result: float"},
       {"heads"}, {"rate"}, {}, Forward},
      {"DetrkitAttentionGradient",
       {"query: float", "key: float", "value: float", "padding: bool", "seed: int32", "dresult: float"},
       {"dquery: float", "dkey: float", "dvalue: float"},
       {"heads"}, {"rate"}, {}, Backward},
  };
}

}  // namespace detrkit
