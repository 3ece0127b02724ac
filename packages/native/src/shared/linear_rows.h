#pragma once
// One linear layer over some rows, for the kernels that contain such layers.
#include <cstdint>
#include <functional>

#include "random_mask.h"

namespace detrkit {

// A product with fewer multiply-adds than this is finished before a second thread has woken.
constexpr int64_t kWorthAThread = 1 << 19;

// Rows of a product for one thread: all if there is little work, else an equal share. Each piece packs the other factor
// again, so there are no more pieces than threads.
int64_t RowsPerThread(int64_t rows, int64_t work_per_row, int64_t threads);

// Number of pieces of `share` rows.
inline int64_t Pieces(int64_t rows, int64_t share) { return share > 0 ? (rows + share - 1) / share : 0; }

// Runs body on each of the pieces, on one thread if the work of all of them together is too little for two.
void RunPieces(int64_t pieces, int64_t work, const std::function<void(int64_t piece)>& body);

// y = dropout(relu(x weight + bias)), where bias and dropout may be missing.
struct LinearLayer {
  const float* weight;  // [in, out]
  const float* bias;    // [out]
  int64_t in, out;
  bool relu = false;
  const RandomMask* dropout = nullptr;

  // `first` is the index of x's first row among all rows, by which dropout draws.
  void Run(const float* x, int64_t rows, int64_t first, float* y) const;
};

// The gradients of x weight + bias with respect to x, weight and bias, from dy: products over some of their own rows,
// so that threads can share the work.
struct LinearGradient {
  const float *x, *weight, *dy;  // [rows, in], [in, out], [rows, out]
  int64_t rows, in, out;

  // Rows [first, first + count) of dx, which starts at `dx`; or adds them to the values there.
  void Input(int64_t first, int64_t count, float* dx, bool add = false) const;
  // Rows [first, first + count) of dweight, which starts at `dweight`; dbias comes with the first of them, unless it is
  // null.
  void Weight(int64_t first, int64_t count, float* dweight, float* dbias) const;
};

// The gradient of relu and dropout: dy where y is above 0, times the scale of dropout, else 0. May write into dy.
void MaskByResult(const float* y, const float* dy, float scale, int64_t count, float* into);

// Adds each column's sum.
void AddRows(const float* values, int64_t rows, int64_t columns, float* sums);

}  // namespace detrkit
