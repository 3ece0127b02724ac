#pragma once
#include <string>

namespace detrkit {

// Registers every op and kernel of this folder with TensorFlow, once per process. Returns what went wrong, or nothing.
std::string RegisterKernels();

}  // namespace detrkit
