// The one function by which a library of kernels is used. The sources of the kernels are compiled into one such library
// for each baseline (build/baselines.ts); the addon opens the best one that the processor can run.
#include <mutex>

#include "kernel.h"

// Registers what src/ops declares, once per process. Returns what went wrong, or an empty text.
extern "C" __attribute__((visibility("default"))) const char* DetrkitRegisterKernels() {
  static std::once_flag once;
  static std::string problem;
  std::call_once(once, [] { problem = detrkit::RegisterAll(); });
  return problem.c_str();
}
