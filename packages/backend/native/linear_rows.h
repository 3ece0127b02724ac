#pragma once
// One linear layer over some rows, for the kernels that are made of such layers.
#include <cstdint>

#include "random_mask.h"

namespace detrkit {

// A product of fewer multiply-adds than this is done before a second thread would have woken.
constexpr int64_t kWorthAThread = 1 << 19;

// Rows of a product that one thread takes: all where there is little to do, else its even share. Each piece packs the other
// factor again, so there are no more pieces than threads.
int64_t RowsPerThread(int64_t rows, int64_t work_per_row, int64_t threads);

// y = dropout(relu(x weight + bias)), where bias and dropout may be missing.
struct LinearLayer {
  const float* weight;  // [in, out]
  const float* bias;    // [out]
  int64_t in, out;
  bool relu = false;
  const RandomMask* dropout = nullptr;

  // `first` is the place of x's first row among all rows: what dropout draws by.
  void Run(const float* x, int64_t rows, int64_t first, float* y) const;
};

// The gradient of relu and dropout: dy where y is above 0, times the scale of what dropout kept, else 0. May write into dy.
void MaskByResult(const float* y, const float* dy, float scale, int64_t count, float* into);

// Adds each column's sum.
void AddRows(const float* values, int64_t rows, int64_t columns, float* sums);

}  // namespace detrkit
