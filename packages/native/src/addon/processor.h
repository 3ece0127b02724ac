#pragma once

namespace detrkit {

// The best baseline that kernels are compiled for (build/baselines.ts) whose instructions this processor has and this
// operating system supports; empty if it is below the lowest.
const char* ProcessorBaseline();

}  // namespace detrkit
