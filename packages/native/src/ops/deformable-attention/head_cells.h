#pragma once
#include <cstdint>
#include <memory>

#include "deformable.h"

namespace detrkit {

// The cells of one head at a time, and their gradients. Where they are sampled often, it is from a copy in which they
// lie together, each beside its gradient: in value itself a cell's next neighbour is all heads' width away, so that a
// head is spread over every page of it and, its rows being a power of two apart, meets in a fraction of the cache.
class HeadCells {
 public:
  // Without `dvalue`, for the values alone.
  HeadCells(const Deformable& sizes, const float* value, float* dvalue);

  // Whether cells are copied, and one thread should thus do as much of a head as it can.
  static bool Copied(const Deformable& sizes);

  // Turns to levels [first, last) of a head. Gradients there are 0 then.
  void Open(int64_t image, int64_t head, int64_t first, int64_t last);
  // Brings the gradients of what was opened to dvalue.
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
