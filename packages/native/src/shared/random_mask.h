#pragma once
#include <cstdint>
#include <string>

#include "kernel.h"

namespace detrkit {

// Returns what is wrong with a dropout rate, or an empty text.
inline std::string CheckRate(float rate) {
  return rate >= 0 && rate < 1 ? ""
                               : "dropout: rate expected to be at least 0 and below 1, got " + std::to_string(rate);
}

// Whether dropout keeps an element, from the seed and the element's index alone: the backward pass draws again instead
// of storing the mask, and threads cannot change the result. Two rounds of a 32-bit finaliser mix the index well enough
// for a mask.
class RandomMask {
 public:
  RandomMask(uint32_t seed, float rate)
      : seed_(seed), threshold_(static_cast<uint32_t>(rate * 4294967295.0)), scale_(1 / (1 - rate)) {}

  // Multiplies values[0 … count) by 0 or by 1 / (1 - rate), each drawn by its index; `index` is that of the first
  // value. The upper half of an index is mixed in once for each run, so that the loop works on 32-bit words only and
  // vectorises.
  void Apply(const float* values, float* into, uint64_t index, int64_t count) const {
    const uint32_t key = Mix(seed_ + static_cast<uint32_t>(index >> 32)), low = static_cast<uint32_t>(index);
    DETRKIT_VECTOR
    for (int64_t k = 0; k < count; ++k) {
      const uint32_t word = Mix((low + static_cast<uint32_t>(k)) ^ key);
      into[k] = word < threshold_ ? 0.0f : values[k] * scale_;
    }
  }

 private:
  static uint32_t Mix(uint32_t word) {
    word = (word ^ (word >> 16)) * 0x7feb352du;
    word = (word ^ (word >> 15)) * 0x846ca68bu;
    return word ^ (word >> 16);
  }

  uint32_t seed_, threshold_;
  float scale_;
};

}  // namespace detrkit
