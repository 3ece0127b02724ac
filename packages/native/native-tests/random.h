#pragma once
#include <cstdint>
#include <initializer_list>
#include <random>

namespace detrkit {

// Draws the same on every machine and compiler: the standard fixes what its engines give, but not its distributions.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // A number in [0, limit).
  int64_t Below(int64_t limit) { return static_cast<int64_t>(engine_() % static_cast<uint64_t>(limit)); }
  // True once in `times`.
  bool Once(int64_t times) { return Below(times) == 0; }
  // In [0, 1), in steps that a float holds exactly.
  float Unit() { return static_cast<float>(engine_() >> 40) * 0x1p-24f; }

  template <typename Item>
  Item Of(std::initializer_list<Item> items) {
    return items.begin()[Below(static_cast<int64_t>(items.size()))];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace detrkit
