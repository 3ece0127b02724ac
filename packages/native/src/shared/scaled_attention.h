#pragma once
// Multi-head scaled dot-product attention on projected queries, keys and values, for the kernels that contain it. Heads
// lie side by side in the last dimension as the projections leave them: no transposes.
#include <cstdint>
#include <string>

#include "kernel.h"
#include "matrix.h"

namespace detrkit {

// Returns what is wrong with queries [B, Q, D], keys [B, S, D] and the number of heads, or an empty text.
std::string CheckAttention(const View& queries, const View& keys, int64_t heads);

struct ScaledAttention {
  const float *query, *key, *value;  // [B, Q, D], [B, S, D], [B, S, D]
  const uint8_t* key_padding_mask;   // [B, S], a key is ignored where it is not 0; null if there is no mask
  int64_t batch, queries, keys, width, heads;
  float rate;  // of the dropout on the attention weights
  uint32_t seed;

  // result [B, Q, D]; without keys it is 0.
  void Forward(float* result) const;
  // From dresult [B, Q, D], the gradients of query, key and value.
  void Backward(const float* dresult, float* dquery, float* dkey, float* dvalue) const;

 private:
  int64_t head() const { return width / heads; }
  float scale() const;
  int64_t At(int64_t image, int64_t h, int64_t length, int64_t row) const {
    return (image * length + row) * width + h * head();
  }
  ConstMatrixView Queries(int64_t image, int64_t h, int64_t first, int64_t count) const {
    return View2d(query + At(image, h, queries, first), count, head(), width);
  }
  ConstMatrixView Keys(int64_t image, int64_t h) const {
    return View2d(key + At(image, h, keys, 0), keys, head(), width);
  }
  ConstMatrixView Values(int64_t image, int64_t h) const {
    return View2d(value + At(image, h, keys, 0), keys, head(), width);
  }
  void Weights(int64_t image, int64_t h, int64_t first, int64_t count, Matrix& scores) const;
  void Drop(int64_t image, int64_t h, int64_t first, Matrix& weights) const;
};

}  // namespace detrkit
