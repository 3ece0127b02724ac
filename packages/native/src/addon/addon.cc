// The tfjs addon (its sources come from the npm package @tensorflow/tfjs-node-gpu, on the include path) with two
// changes: attributes that are lists of strings or types, which TensorFlow's fused kernels need, can be passed from
// JavaScript, and libraries of detrkit's own kernels can be loaded. Both sources are included here instead of compiled
// separately, to reach their static functions.
#include <dlfcn.h>
#include <node_api.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "tensorflow/c/eager/c_api.h"

namespace {

// tfjs passes one string where TensorFlow expects a list of strings: "BiasAdd,Relu".
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

// The stock source ends with the registration of its module; ours replaces it.
#undef NAPI_MODULE
#define NAPI_MODULE(name, initialize)
#include "tfjs_binding.cc"

#include "processor.h"

namespace {

// Each op's result is an allocation of its own, often of megabytes. By default these are returned to the system when
// freed, and every step pays for their pages again. So freed memory is kept for the next step.
//
// Two arenas instead of eight for each processor: free memory of one arena can't be used by another, so a process whose
// batches have many different sizes would grow for hours. For the same reason oneDNN keeps 128 compiled layers of its
// own, not 1,024, in addition to those that TensorFlow keeps; with none small models lose up to a tenth of their speed,
// with 32 nothing. Settings in the environment take precedence.
void KeepFreedMemory() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc allows
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
  mallopt(M_TOP_PAD, 16 << 20);
  if (!std::getenv("MALLOC_ARENA_MAX")) mallopt(M_ARENA_MAX, 2);
  setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128", /*overwrite=*/0);
#endif
}

// Ops are registered once per process, so the first library stays.
std::mutex kernels_mutex;
std::string kernels_path;

// trimMemory(): returns freed memory to the system, as far as whole pages are free. Tensors of many different sizes
// leave gaps between long-lived memory (oneDNN's compiled layers), so without this the process would grow for hours.
napi_value TrimMemoryCallback(napi_env, napi_callback_info) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
  return nullptr;
}

std::string LoadKernels(const std::string& path) {
  const std::lock_guard<std::mutex> lock(kernels_mutex);
  if (!kernels_path.empty())
    return kernels_path == path ? "" : "the kernels of " + kernels_path + " are loaded already";
  // Never closed: TensorFlow keeps pointers to the kernels, and their threads run.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) return dlerror();
  const auto register_kernels = reinterpret_cast<const char* (*)()>(dlsym(library, "DetrkitRegisterKernels"));
  if (!register_kernels) return path + " has no DetrkitRegisterKernels";
  const std::string problem = register_kernels();
  if (problem.empty()) kernels_path = path;
  return problem;
}

// loadKernels(path): throws the reason if it fails.
napi_value LoadKernelsCallback(napi_env env, napi_callback_info info) {
  size_t count = 1, length = 0;
  napi_value argument;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  if (count != 1 || napi_get_value_string_utf8(env, argument, nullptr, 0, &length) != napi_ok) {
    napi_throw_type_error(env, nullptr, "loadKernels: a path expected");
    return nullptr;
  }
  std::string path(length, '\0');
  napi_get_value_string_utf8(env, argument, path.data(), length + 1, &length);
  const std::string problem = LoadKernels(path);
  if (!problem.empty()) napi_throw_error(env, "ERR_BACKEND", problem.c_str());
  return nullptr;
}

// loadedKernels(): the path of the library of kernels in this process, or an empty text.
napi_value LoadedKernelsCallback(napi_env env, napi_callback_info) {
  const std::lock_guard<std::mutex> lock(kernels_mutex);
  napi_value path;
  napi_create_string_utf8(env, kernels_path.c_str(), kernels_path.size(), &path);
  return path;
}

void SetFunction(napi_env env, napi_value object, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, object, name, function);
}

}  // namespace

extern "C" NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  KeepFreedMemory();
  const napi_value binding = tfnodejs::InitTFNodeJSBinding(env, exports);
  napi_value baseline;
  napi_create_string_utf8(env, detrkit::ProcessorBaseline(), NAPI_AUTO_LENGTH, &baseline);
  napi_set_named_property(env, binding, "processorBaseline", baseline);
  SetFunction(env, binding, "loadKernels", LoadKernelsCallback);
  SetFunction(env, binding, "loadedKernels", LoadedKernelsCallback);
  SetFunction(env, binding, "trimMemory", TrimMemoryCallback);
  return binding;
}
