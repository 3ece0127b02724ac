#pragma once
// Matrix products by Eigen (its headers come with TensorFlow's wheel), over slices of tensors without copying them.
#include <Eigen/Core>
#include <cstdint>

namespace detrkit {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Stride = Eigen::OuterStride<Eigen::Dynamic>;
using MatrixView = Eigen::Map<Matrix, Eigen::Unaligned, Stride>;
using ConstMatrixView = Eigen::Map<const Matrix, Eigen::Unaligned, Stride>;

inline MatrixView View2d(float* start, int64_t rows, int64_t columns, int64_t stride) { return {start, rows, columns, Stride(stride)}; }
inline ConstMatrixView View2d(const float* start, int64_t rows, int64_t columns, int64_t stride) { return {start, rows, columns, Stride(stride)}; }

}  // namespace detrkit
