#pragma once

namespace detrkit {

// The best baseline that kernels are compiled for (build/baselines.ts) whose instructions this processor has and this
// operating system lets programs use; empty where not even the lowest can be.
const char* ProcessorBaseline();

}  // namespace detrkit
