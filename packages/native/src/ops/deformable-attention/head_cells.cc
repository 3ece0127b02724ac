#include "head_cells.h"

#include <algorithm>

namespace detrkit {

// Copying pays off from about half a dozen samples of each cell.
bool HeadCells::Copied(const Deformable& sizes) { return sizes.queries * sizes.samples() >= 8 * sizes.cells; }

HeadCells::HeadCells(const Deformable& sizes, const float* value, float* dvalue)
    : sizes_(sizes), value_(value), dvalue_(dvalue) {
  if (!Copied(sizes)) return;
  const int64_t stride = dvalue ? 2 * sizes.channels : sizes.channels;
  copy_.reset(new float[sizes.cells * stride]);
  values_ = {copy_.get(), stride};
  if (dvalue) gradients_ = {copy_.get() + sizes.channels, stride};
}

void HeadCells::Open(int64_t image, int64_t head, int64_t first, int64_t last) {
  const Level& bottom = sizes_.levels[last - 1];
  begin_ = sizes_.levels[first].first, end_ = bottom.first + bottom.height * bottom.width;
  const Rows<const float> source = sizes_.Cells(value_, image, head);
  if (copy_) {
    for (int64_t cell = begin_; cell < end_; ++cell)
      std::copy_n(source[cell], sizes_.channels, copy_.get() + cell * values_.stride);
  } else {
    values_ = source;
  }
  if (!dvalue_) return;
  target_ = sizes_.Cells(dvalue_, image, head);
  if (!copy_) gradients_ = target_;
  for (int64_t cell = begin_; cell < end_; ++cell) std::fill_n(gradients_[cell], sizes_.channels, 0.0f);
}

void HeadCells::Close() {
  if (!copy_) return;
  for (int64_t cell = begin_; cell < end_; ++cell) std::copy_n(gradients_[cell], sizes_.channels, target_[cell]);
}

}  // namespace detrkit
