#pragma once
// The softmax of a few numbers at a time, written so that it becomes vector instructions (the library's exp does not).
#include <cmath>
#include <cstdint>
#include <cstring>

#include "shared/kernel.h"

namespace detrkit {

// e^x for x <= 0, to about 1e-7 (relative, times the power of two). x = n ln 2 + rest; the polynomial is that of
// Cephes' expf.
inline float ExpOfNegative(float x) {
  const float kept = x > -87.0f ? x : -87.0f;  // below, the result would not be a normal number
  const float power = std::floor(kept * 1.44269504f + 0.5f);
  const float rest = kept - power * 0.693147181f;
  float series = 1.9875691500e-4f;
  series = series * rest + 1.3981999507e-3f;
  series = series * rest + 8.3334519073e-3f;
  series = series * rest + 4.1665795894e-2f;
  series = series * rest + 1.6666665459e-1f;
  series = series * rest + 5.0000001201e-1f;
  series = series * rest * rest + rest + 1;
  const int32_t bits = (static_cast<int32_t>(power) + 127) << 23;
  float scale;
  std::memcpy(&scale, &bits, sizeof(scale));
  return x == x ? series * scale : x;
}

inline void Softmax(const float* logits, int64_t count, float* weights) {
  float largest = logits[0];
  for (int64_t i = 1; i < count; ++i) largest = logits[i] > largest ? logits[i] : largest;
  DETRKIT_VECTOR
  for (int64_t i = 0; i < count; ++i) weights[i] = ExpOfNegative(logits[i] - largest);
  float total = 0;
  DETRKIT_VECTOR
  for (int64_t i = 0; i < count; ++i) total += weights[i];
  const float factor = 1 / total;
  DETRKIT_VECTOR
  for (int64_t i = 0; i < count; ++i) weights[i] *= factor;
}

}  // namespace detrkit
