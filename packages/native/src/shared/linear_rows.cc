#include "linear_rows.h"

#include <algorithm>

#include "matrix.h"
#include "parallel.h"

namespace detrkit {

int64_t RowsPerThread(int64_t rows, int64_t work_per_row, int64_t threads) {
  return rows * work_per_row < kWorthAThread ? rows : std::max<int64_t>(1, (rows + threads - 1) / threads);
}

void RunPieces(int64_t pieces, int64_t work, const std::function<void(int64_t)>& body) {
  ParallelFor(pieces, work < kWorthAThread ? pieces : 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) body(piece);
  });
}

void LinearLayer::Run(const float* x, int64_t rows, int64_t first, float* y) const {
  Multiply(View2d(x, rows, in, in), View2d(weight, in, out, out), View2d(y, rows, out, out));
  for (int64_t row = 0; row < rows; ++row) {
    float* values = y + row * out;
    if (bias) {
      DETRKIT_VECTOR
      for (int64_t i = 0; i < out; ++i) values[i] += bias[i];
    }
    if (relu) {
      // In this order of arguments NaN passes through.
      DETRKIT_VECTOR
      for (int64_t i = 0; i < out; ++i) values[i] = std::max(values[i], 0.0f);
    }
    if (dropout) dropout->Apply(values, values, (first + row) * out, out);
  }
}

void LinearGradient::Input(int64_t first, int64_t count, float* dx, bool add) const {
  const ConstMatrixView upstream = View2d(dy + first * out, count, out, out), w = View2d(weight, in, out, out);
  const MatrixView into = View2d(dx + first * in, count, in, in);
  if (add) {
    AddByTransposed(upstream, w, into);
  } else {
    MultiplyByTransposed(upstream, w, into);
  }
}

void LinearGradient::Weight(int64_t first, int64_t count, float* dweight, float* dbias) const {
  MultiplyTransposedBy(View2d(x + first, rows, count, in), View2d(dy, rows, out, out),
                       View2d(dweight + first * out, count, out, out));
  if (!dbias || first != 0) return;
  std::fill(dbias, dbias + out, 0.0f);
  AddRows(dy, rows, out, dbias);
}

void MaskByResult(const float* y, const float* dy, float scale, int64_t count, float* into) {
  DETRKIT_VECTOR
  for (int64_t i = 0; i < count; ++i) into[i] = y[i] > 0 ? dy[i] * scale : 0.0f;
}

void AddRows(const float* values, int64_t rows, int64_t columns, float* sums) {
  for (int64_t row = 0; row < rows; ++row) {
    DETRKIT_VECTOR
    for (int64_t i = 0; i < columns; ++i) sums[i] += values[row * columns + i];
  }
}

}  // namespace detrkit
