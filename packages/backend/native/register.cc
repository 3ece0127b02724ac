#include "register.h"

#include <mutex>

#include "kernels.h"

namespace detrkit {

std::string RegisterKernels() {
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

}  // namespace detrkit
