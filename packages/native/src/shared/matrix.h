#pragma once
// Matrix products by Eigen (its headers come with TensorFlow's wheel), over slices of tensors without copying them. The
// products are compiled in one place: each further file with its own products would take half a minute more.
#if defined(__AVX512FP16__)
// Eigen's half-precision header, as TensorFlow 2.21 ships it, does not compile for processors that have such
// instructions; nothing here computes in half precision.
#undef __AVX512FP16__
#endif
#include <Eigen/Core>
#include <cstdint>

namespace detrkit {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Stride = Eigen::OuterStride<Eigen::Dynamic>;
using MatrixView = Eigen::Map<Matrix, Eigen::Unaligned, Stride>;
using ConstMatrixView = Eigen::Map<const Matrix, Eigen::Unaligned, Stride>;

inline MatrixView View2d(float* start, int64_t rows, int64_t columns, int64_t stride) {
  return {start, rows, columns, Stride(stride)};
}
inline ConstMatrixView View2d(const float* start, int64_t rows, int64_t columns, int64_t stride) {
  return {start, rows, columns, Stride(stride)};
}
inline ConstMatrixView Whole(const Matrix& matrix) {
  return View2d(matrix.data(), matrix.rows(), matrix.cols(), matrix.cols());
}
inline MatrixView IntoWhole(Matrix& matrix) {
  return View2d(matrix.data(), matrix.rows(), matrix.cols(), matrix.cols());
}

// The output must not overlap the inputs. In order: a b, a bT, aT b, and a bT and aT b added to the output.
void Multiply(ConstMatrixView a, ConstMatrixView b, MatrixView into);
void MultiplyByTransposed(ConstMatrixView a, ConstMatrixView b, MatrixView into);
void MultiplyTransposedBy(ConstMatrixView a, ConstMatrixView b, MatrixView into);
void AddByTransposed(ConstMatrixView a, ConstMatrixView b, MatrixView into);
void AddTransposedBy(ConstMatrixView a, ConstMatrixView b, MatrixView into);

}  // namespace detrkit
