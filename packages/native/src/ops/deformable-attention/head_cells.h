#pragma once
#include <cstdint>
#include <memory>

#include "deformable.h"

namespace detrkit {

// The cells of one head at a time, and their gradients. If they are sampled often, they are copied first, so that they
// are adjacent and each lies beside its gradient: in `value` itself neighbouring cells are the width of all heads
// apart, so a head is spread over every page, and with rows a power of two apart it uses only a fraction of the cache.
class HeadCells {
 public:
  // Without `dvalue`, only for the values.
  HeadCells(const Deformable& sizes, const float* value, float* dvalue);

  // Whether cells are copied. If so, one thread should do as much of a head as it can.
  static bool Copied(const Deformable& sizes);

  // Opens levels [first, last) of a head and sets their gradients to 0.
  void Open(int64_t image, int64_t head, int64_t first, int64_t last);
  // Adds the gradients of the opened levels to dvalue.
  void Close();

  Rows<const float> values() const { return values_; }
  Rows<float> gradients() const { return gradients_; }

 private:
  const Deformable& sizes_;
  const float* value_;
  float* dvalue_;
  std::unique_ptr<float[]> copy_;
  Rows<const float> values_{};
  Rows<float> gradients_{}, target_{};
  int64_t begin_ = 0, end_ = 0;
};

}  // namespace detrkit
