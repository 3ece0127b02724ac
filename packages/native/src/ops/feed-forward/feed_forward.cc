// The feed-forward part of a transformer layer, y = dropout(relu(x w1 + b1)) w2 + b2. The hidden activations, several
// times wider than x and y, are never all in memory: the forward pass keeps them for one block of rows at a time, the
// backward pass computes them again for each block.
#include <algorithm>
#include <optional>

#include "shared/kernel.h"
#include "shared/linear_rows.h"
#include "shared/matrix.h"
#include "shared/parallel.h"
#include "shared/random_mask.h"

namespace detrkit {
namespace {

// Rows of a block: enough to make packing the weights pay off, few enough for the block to stay in the cache.
constexpr int64_t kBlock = 512;

// Inputs, from `first` on: x [..., D], w1 [D, H], b1 [H], w2 [H, D], b2 [D], seed (one where the rate is above 0);
// attribute rate.
struct Problem {
  View x, expand, expand_bias, contract, contract_bias, seed;
  float rate;
  std::optional<RandomMask> mask;
  int64_t rows, dim, hidden;

  Problem(Context& context, int first)
      : x(context.Input(first)),
        expand(context.Input(first + 1)),
        expand_bias(context.Input(first + 2)),
        contract(context.Input(first + 3)),
        contract_bias(context.Input(first + 4)),
        seed(context.attributes.floats[0] > 0 ? context.Input(first + 5) : View{}),
        rate(context.attributes.floats[0]),
        rows(x.rows()),
        dim(x.columns()),
        hidden(expand.columns()) {
    context.RequireDims("feed-forward: expand", expand, {dim, hidden});
    context.RequireDims("feed-forward: expand's bias", expand_bias, {hidden});
    context.RequireDims("feed-forward: contract", contract, {hidden, dim});
    context.RequireDims("feed-forward: contract's bias", contract_bias, {dim});
    if (rate > 0) context.RequireDims("feed-forward: seed", seed, {});
    context.Require(CheckRate(rate));
    if (context.ok() && rate > 0) mask.emplace(static_cast<uint32_t>(seed.i32()[0]), rate);
  }

  LinearLayer Expand() const { return {expand.f32(), expand_bias.f32(), dim, hidden, true, mask ? &*mask : nullptr}; }
  LinearLayer Contract() const { return {contract.f32(), contract_bias.f32(), hidden, dim}; }
  int64_t Share() const { return RowsPerThread(rows, 2 * dim * hidden, NumThreads()); }
};

// Output y [..., D].
void Forward(Context& context) {
  const Problem problem(context, 0);
  if (!context.ok()) return;
  const View y = context.Output(0, problem.x.dims);
  if (!context.ok()) return;
  const LinearLayer expand = problem.Expand(), contract = problem.Contract();
  ParallelFor(problem.rows, problem.Share(), [&](int64_t begin, int64_t end) {
    Matrix inner(std::min(kBlock, end - begin), problem.hidden);
    for (int64_t row = begin; row < end; row += kBlock) {
      const int64_t count = std::min(kBlock, end - row);
      expand.Run(problem.x.f32() + row * problem.dim, count, row, inner.data());
      contract.Run(inner.data(), count, row, y.f32() + row * problem.dim);
    }
  });
}

ConstMatrixView Read(const float* start, int64_t rows, int64_t columns) {
  return View2d(start, rows, columns, columns);
}

// Gradients of weights and biases, over some of the rows.
struct WeightGradients {
  float *expand, *expand_bias, *contract, *contract_bias;
};

// Sums the gradients of weights and biases over rows [begin, end), and writes those rows of dx.
void BackwardRows(const Problem& problem, const float* dy, int64_t begin, int64_t end, float* dx,
                  const WeightGradients& sums) {
  const int64_t dim = problem.dim, hidden = problem.hidden;
  const LinearLayer expand = problem.Expand();
  const ConstMatrixView w1 = Read(problem.expand.f32(), dim, hidden), w2 = Read(problem.contract.f32(), hidden, dim);
  Matrix inner(std::min(kBlock, end - begin), hidden), upstream(inner.rows(), hidden);
  for (int64_t row = begin; row < end; row += kBlock) {
    const int64_t count = std::min(kBlock, end - row);
    const float* x = problem.x.f32() + row * dim;
    const ConstMatrixView given = Read(dy + row * dim, count, dim);
    expand.Run(x, count, row, inner.data());
    AddTransposedBy(Read(inner.data(), count, hidden), given, View2d(sums.contract, hidden, dim, dim));
    AddRows(dy + row * dim, count, dim, sums.contract_bias);
    MultiplyByTransposed(given, w2, View2d(upstream.data(), count, hidden, hidden));
    MaskByResult(inner.data(), upstream.data(), 1 / (1 - problem.rate), count * hidden, upstream.data());
    AddTransposedBy(Read(x, count, dim), Read(upstream.data(), count, hidden),
                    View2d(sums.expand, dim, hidden, hidden));
    AddRows(upstream.data(), count, hidden, sums.expand_bias);
    MultiplyByTransposed(Read(upstream.data(), count, hidden), w1, View2d(dx + row * dim, count, dim, dim));
  }
}

// Inputs dy [..., D], then those of the forward op. Outputs dx, dw1, db1, dw2, db2.
void Backward(Context& context) {
  const View dy = context.Input(0);
  const Problem problem(context, 1);
  context.RequireDims("feed-forward: dy", dy, problem.x.dims);
  if (!context.ok()) return;
  const int64_t dim = problem.dim, hidden = problem.hidden;
  const View dx = context.Output(0, problem.x.dims);
  const View outputs[] = {context.Output(1, {dim, hidden}), context.Output(2, {hidden}),
                          context.Output(3, {hidden, dim}), context.Output(4, {dim})};
  if (!context.ok()) return;
  // Each thread sums the weights' gradients over its rows, the first one into the outputs; then they are added in
  // order.
  const int64_t share = problem.Share(), pieces = Pieces(problem.rows, share);
  const int64_t starts[] = {0, dim * hidden, dim * hidden + hidden, 2 * dim * hidden + hidden,
                            2 * dim * hidden + hidden + dim};
  for (const View& output : outputs) std::fill(output.f32(), output.f32() + output.size(), 0.0f);
  Matrix others = Matrix::Zero(std::max<int64_t>(0, pieces - 1), starts[4]);
  ParallelFor(pieces, 1, [&](int64_t first, int64_t last) {
    for (int64_t piece = first; piece < last; ++piece) {
      float* own = piece == 0 ? nullptr : others.data() + (piece - 1) * starts[4];
      const WeightGradients sums =
          own ? WeightGradients{own, own + starts[1], own + starts[2], own + starts[3]}
              : WeightGradients{outputs[0].f32(), outputs[1].f32(), outputs[2].f32(), outputs[3].f32()};
      BackwardRows(problem, dy.f32(), piece * share, std::min((piece + 1) * share, problem.rows), dx.f32(), sums);
    }
  });
  for (int64_t other = 0; other + 1 < pieces; ++other) {
    for (int part = 0; part < 4; ++part)
      AddRows(others.data() + other * starts[4] + starts[part], 1, starts[part + 1] - starts[part],
              outputs[part].f32());
  }
}

const Declared ops({
    {"DetrkitFeedForward",
     {"x: float", "w1: float", "b1: float", "w2: float", "b2: float", "seed: S * int32"},
     {"y: float"}, {}, {"rate"}, {"S"}, Forward},
    {"DetrkitFeedForwardGradient",
     {"dy: float", "x: float", "w1: float", "b1: float", "w2: float", "b2: float", "seed: S * int32"},
     {"dx: float", "dw1: float", "db1: float", "dw2: float", "db2: float"}, {}, {"rate"}, {"S"}, Backward},
});

}  // namespace
}  // namespace detrkit
