#pragma once
#include <vector>

#include "draft.h"

namespace detrkit {

// Fills in a call of one op that it has to take.
using Compose = void (*)(Draft&);

// For every op that the kernels declare at least one.
const std::vector<Compose>& AllOps();

}  // namespace detrkit
