#pragma once
#include <vector>

#include "kernel.h"

namespace detrkit {

// The ops that each file of kernels declares.
std::vector<Op> LayerNormOps();
std::vector<Op> GroupNormOps();
std::vector<Op> MaxPoolOps();
std::vector<Op> LinearOps();
std::vector<Op> FeedForwardOps();
std::vector<Op> AttentionOps();
std::vector<Op> MultiHeadAttentionOps();
std::vector<Op> DeformableAttentionOps();
std::vector<Op> DeformableSamplingOps();
std::vector<Op> DropoutOps();
std::vector<Op> AdamWOps();

}  // namespace detrkit
