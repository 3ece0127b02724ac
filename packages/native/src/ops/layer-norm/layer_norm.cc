// Layer normalisation of rows, with the residual sum that comes before it in a transformer: y = norm(x + residual) *
// weight + bias.
#include <algorithm>
#include <cmath>
#include <vector>

#include "shared/kernel.h"
#include "shared/parallel.h"

namespace detrkit {
namespace {

int64_t RowGrain(int64_t columns) { return std::max<int64_t>(1, 16384 / std::max<int64_t>(columns, 1)); }

// Inputs x [..., D], weight [D], bias [D], residual (none or one, as x). Outputs y, mean and 1/deviation of each row.
void Forward(Context& context) {
  const View x = context.Input(0), weight = context.Input(1), bias = context.Input(2);
  const View residual = context.NumInputs() > 3 ? context.Input(3) : View{};
  const int64_t rows = x.rows(), columns = x.columns();
  context.RequireDims("layer norm: weight", weight, {columns});
  context.RequireDims("layer norm: bias", bias, {columns});
  if (context.NumInputs() > 3) context.RequireDims("layer norm: residual", residual, x.dims);
  const View y = context.Output(0, x.dims), mean = context.Output(1, {rows}), scale = context.Output(2, {rows});
  if (!context.ok()) return;
  const float epsilon = context.attributes.floats[0];
  ParallelFor(rows, RowGrain(columns), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* in = x.f32() + row * columns;
      float* out = y.f32() + row * columns;
      if (residual.bytes) {
        const float* more = residual.f32() + row * columns;
        DETRKIT_VECTOR
        for (int64_t i = 0; i < columns; ++i) out[i] = in[i] + more[i];
      } else {
        std::copy(in, in + columns, out);
      }
      float sum = 0, squares = 0;
      DETRKIT_VECTOR
      for (int64_t i = 0; i < columns; ++i) sum += out[i];
      const float centre = sum / columns;
      DETRKIT_VECTOR
      for (int64_t i = 0; i < columns; ++i) squares += (out[i] - centre) * (out[i] - centre);
      const float factor = 1 / std::sqrt(squares / columns + epsilon);
      DETRKIT_VECTOR
      for (int64_t i = 0; i < columns; ++i) out[i] = (out[i] - centre) * factor * weight.f32()[i] + bias.f32()[i];
      mean.f32()[row] = centre;
      scale.f32()[row] = factor;
    }
  });
}

// Inputs dy, x, weight, mean, 1/deviation, residual (none or one). Outputs d(x + residual), dweight, dbias.
void Backward(Context& context) {
  const View dy = context.Input(0), x = context.Input(1), weight = context.Input(2), mean = context.Input(3),
             scale = context.Input(4);
  const View residual = context.NumInputs() > 5 ? context.Input(5) : View{};
  const int64_t rows = x.rows(), columns = x.columns();
  context.RequireDims("layer norm: dy", dy, x.dims);
  context.RequireDims("layer norm: weight", weight, {columns});
  context.RequireDims("layer norm: mean", mean, {rows});
  context.RequireDims("layer norm: scale", scale, {rows});
  if (context.NumInputs() > 5) context.RequireDims("layer norm: residual", residual, x.dims);
  const View dx = context.Output(0, x.dims), dweight = context.Output(1, {columns}),
             dbias = context.Output(2, {columns});
  if (!context.ok()) return;
  // Sums over rows are kept by block of rows and added in order, so that threads cannot change their rounding.
  const int64_t block = std::max<int64_t>(RowGrain(columns), (rows + 63) / 64),
                blocks = rows == 0 ? 0 : (rows + block - 1) / block;
  std::vector<float> sums(2 * blocks * columns);
  ParallelFor(blocks, 1, [&](int64_t first, int64_t last) {
    std::vector<float> normalised(columns);
    for (int64_t row = first * block; row < std::min(last * block, rows); ++row) {
      float* weight_sum = sums.data() + 2 * (row / block) * columns;
      float* bias_sum = weight_sum + columns;
      const float* in = x.f32() + row * columns;
      const float* gradient = dy.f32() + row * columns;
      const float centre = mean.f32()[row], factor = scale.f32()[row];
      if (residual.bytes) {
        const float* more = residual.f32() + row * columns;
        DETRKIT_VECTOR
        for (int64_t i = 0; i < columns; ++i) normalised[i] = (in[i] + more[i] - centre) * factor;
      } else {
        DETRKIT_VECTOR
        for (int64_t i = 0; i < columns; ++i) normalised[i] = (in[i] - centre) * factor;
      }
      float along = 0, total = 0;
      DETRKIT_VECTOR
      for (int64_t i = 0; i < columns; ++i) {
        const float weighted = gradient[i] * weight.f32()[i];
        total += weighted;
        along += weighted * normalised[i];
        weight_sum[i] += gradient[i] * normalised[i];
        bias_sum[i] += gradient[i];
      }
      total /= columns;
      along /= columns;
      float* out = dx.f32() + row * columns;
      DETRKIT_VECTOR
      for (int64_t i = 0; i < columns; ++i)
        out[i] = factor * (gradient[i] * weight.f32()[i] - total - normalised[i] * along);
    }
  });
  std::fill(dweight.f32(), dweight.f32() + columns, 0.0f);
  std::fill(dbias.f32(), dbias.f32() + columns, 0.0f);
  for (int64_t b = 0; b < blocks; ++b) {
    DETRKIT_VECTOR
    for (int64_t i = 0; i < columns; ++i) {
      dweight.f32()[i] += sums[2 * b * columns + i];
      dbias.f32()[i] += sums[(2 * b + 1) * columns + i];
    }
  }
}

const Declared ops({
    {"DetrkitLayerNorm",
     {"x: float", "weight: float", "bias: float", "residual: R * float"},
     {"y: float", "mean: float", "scale: float"},
     {}, {"epsilon"}, {"R"}, Forward},
    {"DetrkitLayerNormGradient",
     {"dy: float", "x: float", "weight: float", "mean: float", "scale: float", "residual: R * float"},
     {"dx: float", "dweight: float", "dbias: float"},
     {}, {}, {"R"}, Backward},
});

}  // namespace
}  // namespace detrkit
