// A linear layer over the last dimension, y = relu(x w + bias) or without relu, and all three of its gradients in one
// op.
#include <algorithm>

#include "shared/kernel.h"
#include "shared/linear_rows.h"
#include "shared/matrix.h"
#include "shared/parallel.h"

namespace detrkit {
namespace {

// Returns what is wrong with a layer's input and weight, or an empty text.
std::string CheckLayer(const View& x, const View& weight) {
  if (weight.dims.size() != 2) return "linear: weight expected [I, O], got " + Text(weight.dims);
  if (!x.dims.empty() && x.columns() == weight.dims[0]) return "";
  return "linear: input expected [..., " + std::to_string(weight.dims[0]) + "], got " + Text(x.dims);
}

// [..., O] for x [..., I] and weight [I, O].
Dims DimsOfResult(const View& x, const View& weight) {
  Dims dims = x.dims;
  dims.back() = weight.dims[1];
  return dims;
}

// Inputs x [..., I], weight [I, O], bias (none or one) [O]; attribute relu (0 or 1). Output y [..., O].
void Forward(Context& context) {
  const View x = context.Input(0), weight = context.Input(1);
  const bool biased = context.NumInputs() > 2;
  const View bias = biased ? context.Input(2) : View{};
  if (context.ok()) context.Require(CheckLayer(x, weight));
  if (!context.ok()) return;
  if (biased) context.RequireDims("linear: bias", bias, {weight.dims[1]});
  const int64_t in = weight.dims[0], out = weight.dims[1];
  const bool relu = context.attributes.ints[0] != 0;
  const View y = context.Output(0, DimsOfResult(x, weight));
  if (!context.ok()) return;
  // Not the rows of x, which may be empty: then the result is the bias.
  const int64_t rows = y.rows();
  const LinearLayer layer{weight.f32(), bias.f32(), in, out, relu};
  ParallelFor(rows, RowsPerThread(rows, in * out, NumThreads()), [&](int64_t begin, int64_t end) {
    layer.Run(x.f32() + begin * in, end - begin, begin, y.f32() + begin * out);
  });
}

// Inputs dy [..., O], x [..., I], weight [I, O], y (none or one: for relu); attribute bias (0 or 1: whether its
// gradient is wanted). Outputs dx, dweight, dbias (empty unless wanted).
void Backward(Context& context) {
  const View gradient = context.Input(0), x = context.Input(1), weight = context.Input(2);
  const bool relu = context.NumInputs() > 3;
  const View y = relu ? context.Input(3) : View{};
  if (context.ok()) context.Require(CheckLayer(x, weight));
  if (!context.ok()) return;
  context.RequireDims("linear: dy", gradient, DimsOfResult(x, weight));
  if (relu) context.RequireDims("linear: y", y, DimsOfResult(x, weight));
  const bool bias = context.attributes.ints[0] != 0;
  // Rows of the one that is not empty: each has its own gradients.
  const int64_t rows = std::max(x.rows(), gradient.rows()), in = weight.dims[0], out = weight.dims[1];
  const View dx = context.Output(0, x.dims), dweight = context.Output(1, weight.dims),
             dbias = context.Output(2, Dims{bias ? out : 0});
  if (!context.ok()) return;
  Matrix masked;
  const float* dy = gradient.f32();
  if (relu) {
    masked.resize(rows, out);
    MaskByResult(y.f32(), dy, 1.0f, rows * out, masked.data());
    dy = masked.data();
  }
  // Both products take the same time: half of the threads do one, half the other, without a wait in between.
  const int64_t half = std::max(1, NumThreads() / 2);
  const int64_t row_share = RowsPerThread(rows, in * out, half), in_share = RowsPerThread(in, rows * out, half);
  // At least one piece of the weight, because dbias comes with it.
  const int64_t row_pieces = Pieces(rows, row_share), in_pieces = std::max<int64_t>(1, Pieces(in, in_share));
  const LinearGradient layer{x.f32(), weight.f32(), dy, rows, in, out};
  RunPieces(row_pieces + in_pieces, rows * in * out, [&](int64_t piece) {
    if (piece < row_pieces) {
      const int64_t first = piece * row_share;
      layer.Input(first, std::min(row_share, rows - first), dx.f32());
    } else {
      const int64_t first = (piece - row_pieces) * in_share;
      layer.Weight(first, std::min(in_share, in - first), dweight.f32(), bias ? dbias.f32() : nullptr);
    }
  });
}

const Declared ops({
    {"DetrkitLinear", {"x: float", "weight: float", "bias: R * float"}, {"y: float"}, {"relu"}, {}, {"R"}, Forward},
    {"DetrkitLinearGradient",
     {"dy: float", "x: float", "weight: float", "y: R * float"},
     {"dx: float", "dweight: float", "dbias: float"},
     {"bias"}, {}, {"R"}, Backward},
});

}  // namespace
}  // namespace detrkit
