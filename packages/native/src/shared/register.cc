// The only exported function of a library of kernels. The sources of the kernels are compiled into one such library for
// each baseline (build/baselines.ts); the addon opens the best one that the processor can run.
#include <mutex>

#include "kernel.h"

// Registers the ops that src/ops declares, once per process. Returns the error, or an empty text.
extern "C" __attribute__((visibility("default"))) const char* DetrkitRegisterKernels() {
  static std::once_flag once;
  static std::string problem;
  std::call_once(once, [] { problem = detrkit::RegisterAll(); });
  return problem.c_str();
}
