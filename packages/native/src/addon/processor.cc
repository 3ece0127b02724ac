#include "processor.h"

#if defined(__x86_64__)
#include <cpuid.h>

#include <cstdint>
#include <initializer_list>
#endif

namespace detrkit {

#if defined(__x86_64__)
namespace {

// The registers that one leaf of CPUID fills; zeros if the processor has no such leaf.
struct Leaf {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  explicit Leaf(unsigned number) { __get_cpuid_count(number, 0, &eax, &ebx, &ecx, &edx); }
};

bool HasAll(unsigned features, std::initializer_list<int> bits) {
  for (const int bit : bits) {
    if (!(features >> bit & 1)) return false;
  }
  return true;
}

// Registers that the operating system saves for programs: wide ones that it does not save must not be used.
uint32_t SavedRegisters() {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

}  // namespace

// The levels of the x86-64 psABI. Read by CPUID, because compilers before g++ 12 do not know the levels' names.
const char* ProcessorBaseline() {
  const Leaf basic(1), structured(7), extended(0x80000001);
  // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT; LAHF.
  if (!HasAll(basic.ecx, {0, 9, 13, 19, 20, 23}) || !HasAll(extended.ecx, {0})) return "";
  // FMA, MOVBE, OSXSAVE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT.
  const bool has_avx2 =
      HasAll(basic.ecx, {12, 22, 27, 28, 29}) && HasAll(structured.ebx, {3, 5, 8}) && HasAll(extended.ecx, {5});
  constexpr uint32_t kAvx = 0x06, kAvx512 = 0xe6;
  if (!has_avx2 || (SavedRegisters() & kAvx) != kAvx) return "x86-64-v2";
  // AVX-512 F, DQ, CD, BW, VL.
  const bool has_avx512 = HasAll(structured.ebx, {16, 17, 28, 30, 31}) && (SavedRegisters() & kAvx512) == kAvx512;
  return has_avx512 ? "x86-64-v4" : "x86-64-v3";
}
#elif defined(__aarch64__)
const char* ProcessorBaseline() { return "armv8-a"; }
#else
const char* ProcessorBaseline() { return ""; }
#endif

}  // namespace detrkit
