// A linear layer over the last dimension, y = dropout(relu(x w + bias)), and all three of its gradients in one op.
#include <algorithm>

#include "kernel.h"
#include "kernels.h"
#include "matrix.h"
#include "parallel.h"
#include "random_mask.h"

namespace detrkit {
namespace {

// A product of fewer multiply-adds than this is done before a second thread would have woken.
constexpr int64_t kWorthAThread = 1 << 19;

// Rows of a product that one thread takes: all where there is little to do, else its even share. Each piece packs the other
// factor again, so there are no more pieces than threads.
int64_t RowsPerThread(int64_t rows, int64_t work_per_row, int64_t threads) {
  return rows * work_per_row < kWorthAThread ? rows : std::max<int64_t>(1, (rows + threads - 1) / threads);
}

// Inputs x [..., I], weight [I, O], bias (none or one) [O], seed (one where the rate is above 0); attributes relu (0 or 1), rate.
// Output y [..., O].
void Forward(Context& context) {
  const float rate = context.attributes.floats[0];
  const int seeds = rate > 0 ? 1 : 0, biases = context.NumInputs() - 2 - seeds;
  const View x = context.Input(0), weight = context.Input(1);
  const View bias = biases ? context.Input(2) : View{}, seed = seeds ? context.Input(2 + biases) : View{};
  if (!context.ok()) return;
  const RandomMask mask(seeds ? static_cast<uint32_t>(seed.i32()[0]) : 0, rate);
  const int64_t rows = x.rows(), in = weight.dims[0], out = weight.dims[1];
  const bool relu = context.attributes.ints[0] != 0;
  Dims dims = x.dims;
  dims.back() = out;
  const View y = context.Output(0, dims);
  if (!context.ok()) return;
  const ConstMatrixView w = View2d(static_cast<const float*>(weight.f32()), in, out, out);
  ParallelFor(rows, RowsPerThread(rows, in * out, NumThreads()), [&](int64_t begin, int64_t end) {
    Multiply(View2d(static_cast<const float*>(x.f32()) + begin * in, end - begin, in, in), w, View2d(y.f32() + begin * out, end - begin, out, out));
    for (int64_t row = begin; row < end; ++row) {
      float* values = y.f32() + row * out;
      if (bias.bytes) {
        const float* shift = bias.f32();
        DETRKIT_VECTOR
        for (int64_t i = 0; i < out; ++i) values[i] += shift[i];
      }
      if (relu) {
        DETRKIT_VECTOR
        for (int64_t i = 0; i < out; ++i) values[i] = std::max(values[i], 0.0f);
      }
      if (seeds) mask.Apply(values, values, row * out, out);
    }
  });
}

void SumRows(const float* values, int64_t rows, int64_t columns, float* sums) {
  std::fill(sums, sums + columns, 0.0f);
  for (int64_t row = 0; row < rows; ++row) {
    DETRKIT_VECTOR
    for (int64_t i = 0; i < columns; ++i) sums[i] += values[row * columns + i];
  }
}

// Inputs dy [..., O], x [..., I], weight [I, O], y (none or one: for relu); attributes bias (0 or 1: whether its gradient is wanted),
// rate (of the dropout: y tells what was dropped, as it tells where relu was 0). Outputs dx, dweight, dbias (empty unless wanted).
void Backward(Context& context) {
  const View gradient = context.Input(0), x = context.Input(1), weight = context.Input(2);
  const View y = context.NumInputs() > 3 ? context.Input(3) : View{};
  if (!context.ok()) return;
  const bool bias = context.attributes.ints[0] != 0;
  const int64_t rows = x.rows(), in = weight.dims[0], out = weight.dims[1];
  const View dx = context.Output(0, x.dims), dweight = context.Output(1, weight.dims), dbias = context.Output(2, Dims{bias ? out : 0});
  if (!context.ok()) return;
  Matrix masked;
  const float* dy = gradient.f32();
  if (y.bytes) {
    masked.resize(rows, out);
    float* into = masked.data();
    const float* output = y.f32();
    const float scale = 1 / (1 - context.attributes.floats[0]);
    DETRKIT_VECTOR
    for (int64_t i = 0; i < rows * out; ++i) into[i] = output[i] > 0 ? dy[i] * scale : 0.0f;
    dy = into;
  }
  // Both products take the same time: half the threads do one, half the other, without waiting in between.
  const int64_t half = std::max(1, NumThreads() / 2);
  const int64_t row_share = RowsPerThread(rows, in * out, half), in_share = RowsPerThread(in, rows * out, half);
  const int64_t row_pieces = (rows + row_share - 1) / row_share, in_pieces = (in + in_share - 1) / in_share;
  const auto piece = [&](int64_t task) {
    if (task < row_pieces) {
      const int64_t first = task * row_share, count = std::min(row_share, rows - first);
      const ConstMatrixView w = View2d(static_cast<const float*>(weight.f32()), in, out, out);
      MultiplyByTransposed(View2d(dy + first * out, count, out, out), w, View2d(dx.f32() + first * in, count, in, in));
    } else {
      const int64_t first = (task - row_pieces) * in_share, count = std::min(in_share, in - first);
      MultiplyTransposedBy(View2d(static_cast<const float*>(x.f32()) + first, rows, count, in), View2d(dy, rows, out, out), View2d(dweight.f32() + first * out, count, out, out));
      if (bias && first == 0) SumRows(dy, rows, out, dbias.f32());
    }
  };
  const int64_t tasks = row_pieces + in_pieces;
  ParallelFor(tasks, rows * in * out < kWorthAThread ? tasks : 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) piece(task);
  });
}

}  // namespace

std::vector<Op> LinearOps() {
  return {
      {"DetrkitLinear", {"x: float", "weight: float", "bias: R * float", "seed: S * int32"}, {"y: float"}, {"relu"}, {"rate"}, {"R", "S"}, Forward},
      {"DetrkitLinearGradient",
       {"dy: float", "x: float", "weight: float", "y: R * float"},
       {"dx: float", "dweight: float", "dbias: float"},
       {"bias"}, {"rate"}, {"R"}, Backward},
  };
}

}  // namespace detrkit
