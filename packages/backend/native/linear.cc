// A linear layer over the last dimension, y = act(x w + bias), and all three of its gradients in one op.
#include <algorithm>

#include "kernel.h"
#include "kernels.h"
#include "matrix.h"
#include "parallel.h"

namespace detrkit {
namespace {

// A product of fewer multiply-adds than this is done before a second thread would have woken.
constexpr int64_t kWorthAThread = 1 << 18;

int64_t Grain(int64_t work_per_row) { return std::max<int64_t>(1, kWorthAThread / std::max<int64_t>(1, work_per_row)); }

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
  const ConstMatrixView w = View2d(static_cast<const float*>(weight.f32()), in, out, out);
  ParallelFor(rows, Grain(in * out), [&](int64_t begin, int64_t end) {
    Multiply(View2d(static_cast<const float*>(x.f32()) + begin * in, end - begin, in, in), w, View2d(y.f32() + begin * out, end - begin, out, out));
    for (int64_t row = begin; row < end; ++row) {
      float* values = y.f32() + row * out;
      if (bias.bytes) {
        for (int64_t i = 0; i < out; ++i) values[i] += bias.f32()[i];
      }
      if (relu) {
        for (int64_t i = 0; i < out; ++i) values[i] = std::max(values[i], 0.0f);
      }
    }
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
    for (int64_t i = 0; i < rows * out; ++i) masked.data()[i] = y.f32()[i] > 0 ? dy[i] : 0.0f;
    dy = masked.data();
  }
  const ConstMatrixView w = View2d(static_cast<const float*>(weight.f32()), in, out, out);
  ParallelFor(rows, Grain(in * out), [&](int64_t begin, int64_t end) {
    MultiplyByTransposed(View2d(dy + begin * out, end - begin, out, out), w, View2d(dx.f32() + begin * in, end - begin, in, in));
  });
  const ConstMatrixView all = View2d(dy, rows, out, out);
  ParallelFor(in, std::max<int64_t>(8, Grain(rows * out)), [&](int64_t begin, int64_t end) {
    MultiplyTransposedBy(View2d(static_cast<const float*>(x.f32()) + begin, rows, end - begin, in), all, View2d(dweight.f32() + begin * out, end - begin, out, out));
  });
  if (bias) {
    std::fill(dbias.f32(), dbias.f32() + out, 0.0f);
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t i = 0; i < out; ++i) dbias.f32()[i] += dy[row * out + i];
    }
  }
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
