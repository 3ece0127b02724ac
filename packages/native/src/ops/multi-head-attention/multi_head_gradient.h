#pragma once
#include "shared/kernel.h"

namespace detrkit {

// The backward pass of a multi-head attention. Inputs: dy [B, Q, D], the forward pass's second output, then its inputs.
// Outputs: dmemory, those of weights and biases, then dqueries, dmemory_position and dquery_position where there are
// such inputs.
void MultiHeadBackward(Context& context);

}  // namespace detrkit
