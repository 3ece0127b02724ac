// The tfjs addon (its sources come from the npm package @tensorflow/tfjs-node-gpu, on the include path) with two changes:
// attributes that are lists of strings or types, which TensorFlow's fused kernels need, can be passed from JavaScript, and
// detrkit's own kernels are registered. Both sources are included here, not compiled apart, to reach what they keep static.
#include <node_api.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "tensorflow/c/eager/c_api.h"

namespace {

// tfjs passes a string where TensorFlow wants a list of them: "BiasAdd,Relu".
void SetStringAttribute(TFE_Op* op, const char* name, const void* value, size_t length) {
  if (std::strcmp(name, "fused_ops") != 0) {
    TFE_OpSetAttrString(op, name, value, length);
    return;
  }
  const std::string text(static_cast<const char*>(value), length);
  std::vector<const void*> starts;
  std::vector<size_t> lengths;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    starts.push_back(text.data() + begin);
    lengths.push_back(comma - begin);
    begin = comma + 1;
  }
  TFE_OpSetAttrStringList(op, name, starts.data(), lengths.data(), static_cast<int>(starts.size()));
}

// The same for a list of types, which tfjs passes as a list of integers.
void SetIntListAttribute(TFE_Op* op, const char* name, const int64_t* values, int count) {
  if (std::strcmp(name, "TArgs") != 0) {
    TFE_OpSetAttrIntList(op, name, values, count);
    return;
  }
  std::vector<TF_DataType> types(count);
  for (int i = 0; i < count; ++i) types[i] = static_cast<TF_DataType>(values[i]);
  TFE_OpSetAttrTypeList(op, name, types.data(), count);
}

}  // namespace

#define TFE_OpSetAttrString SetStringAttribute
#define TFE_OpSetAttrIntList SetIntListAttribute
#include "tfjs_backend.cc"
#undef TFE_OpSetAttrString
#undef TFE_OpSetAttrIntList

// The stock source ends by registering itself as a module; ours does that instead.
#undef NAPI_MODULE
#define NAPI_MODULE(name, initialize)
#include "tfjs_binding.cc"

#include "register.h"

namespace {

// Each op's result is an allocation of its own, often of megabytes. By default these go back to the system when freed, and
// every step pays for their pages again; so what was freed is kept for the next step.
void KeepFreedMemory() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc allows
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
  mallopt(M_TOP_PAD, 16 << 20);
#endif
}

}  // namespace

extern "C" NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  KeepFreedMemory();
  const std::string problem = detrkit::RegisterKernels();
  if (!problem.empty()) {
    napi_throw_error(env, "ERR_BACKEND", problem.c_str());
    return nullptr;
  }
  return tfnodejs::InitTFNodeJSBinding(env, exports);
}
