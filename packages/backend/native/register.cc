// The one function by which a library of kernels is used. The sources of the kernels are compiled into one such library
// for each baseline (build/baselines.ts); the addon opens the best one that the processor can run.
#include <mutex>

#include "kernels.h"

namespace detrkit {
namespace {

// Registers every op and kernel of this folder with TensorFlow, once per process. Returns what went wrong, or nothing.
const std::string& RegisterKernels() {
  static std::once_flag once;
  static std::string problem;
  std::call_once(once, [] {
    for (const auto& ops : {LayerNormOps(), GroupNormOps(), MaxPoolOps(), LinearOps(), FeedForwardOps(), AttentionOps(), MultiHeadAttentionOps(),
                            DeformableAttentionOps(), DeformableSamplingOps(), DropoutOps(), AdamWOps()}) {
      for (const Op& op : ops) {
        if (problem.empty()) problem = Register(op);
      }
    }
  });
  return problem;
}

}  // namespace
}  // namespace detrkit

// Returns what went wrong, or an empty text.
extern "C" __attribute__((visibility("default"))) const char* DetrkitRegisterKernels() { return detrkit::RegisterKernels().c_str(); }
