// A linear layer over the last dimension, y = relu(x w + bias) or without relu, and all three of its gradients in one op.
#include <algorithm>

#include "kernel.h"
#include "kernels.h"
#include "linear_rows.h"
#include "matrix.h"
#include "parallel.h"

namespace detrkit {
namespace {

// Inputs x [..., I], weight [I, O], bias (none or one) [O]; attribute relu (0 or 1). Output y [..., O].
void Forward(Context& context) {
  const View x = context.Input(0), weight = context.Input(1);
  const View bias = context.NumInputs() > 2 ? context.Input(2) : View{};
  if (!context.ok()) return;
  const int64_t rows = x.rows(), in = weight.dims[0], out = weight.dims[1];
  const bool relu = context.attributes.ints[0] != 0;
  Dims dims = x.dims;
  dims.back() = out;
  const View y = context.Output(0, dims);
  if (!context.ok()) return;
  const LinearLayer layer{weight.f32(), bias.f32(), in, out, relu};
  ParallelFor(rows, RowsPerThread(rows, in * out, NumThreads()), [&](int64_t begin, int64_t end) {
    layer.Run(x.f32() + begin * in, end - begin, begin, y.f32() + begin * out);
  });
}

// Inputs dy [..., O], x [..., I], weight [I, O], y (none or one: for relu); attribute bias (0 or 1: whether its gradient is wanted).
// Outputs dx, dweight, dbias (empty unless wanted).
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
    MaskByResult(y.f32(), dy, 1.0f, rows * out, masked.data());
    dy = masked.data();
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
      if (bias && first == 0) {
        std::fill(dbias.f32(), dbias.f32() + out, 0.0f);
        AddRows(dy, rows, out, dbias.f32());
      }
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
      {"DetrkitLinear", {"x: float", "weight: float", "bias: R * float"}, {"y: float"}, {"relu"}, {}, {"R"}, Forward},
      {"DetrkitLinearGradient",
       {"dy: float", "x: float", "weight: float", "y: R * float"},
       {"dx: float", "dweight: float", "dbias: float"},
       {"bias"}, {}, {"R"}, Backward},
  };
}

}  // namespace detrkit
