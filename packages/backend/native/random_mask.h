#pragma once
#include <cstdint>

namespace detrkit {

// Which elements dropout keeps, from a seed and the element's index alone: the backward pass asks again instead of
// remembering, and threads cannot change the answer. Two rounds of a 32-bit finaliser mix the index well enough for a mask.
class RandomMask {
 public:
  RandomMask(uint32_t seed, float rate) : seed_(seed), threshold_(static_cast<uint32_t>(rate * 4294967295.0)), scale_(1 / (1 - rate)) {}

  // What element `index` is multiplied by: 0, or 1 / (1 - rate).
  float operator()(uint64_t index) const {
    uint32_t word = Mix(static_cast<uint32_t>(index) ^ Mix(seed_ + static_cast<uint32_t>(index >> 32)));
    return word < threshold_ ? 0.0f : scale_;
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
