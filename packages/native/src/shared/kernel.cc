#include "kernel.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <memory>
#include <new>
#include <utility>

#include "tensorflow/c/ops.h"

namespace detrkit {

int64_t Count(const Dims& dims) {
  int64_t count = 1;
  for (int64_t size : dims) count *= size;
  return count;
}

std::string Text(const Dims& dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) text += (i ? ", " : "") + std::to_string(dims[i]);
  return text + "]";
}

std::string CheckDims(const char* input, const View& view, const Dims& expected) {
  if (view.dims == expected) return "";
  return std::string(input) + " expected " + Text(expected) + ", got " + Text(view.dims);
}

Context::~Context() {
  if (!ok()) TF_OpKernelContext_Failure(context_, status_);
  for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
  TF_DeleteStatus(status_);
}

namespace {

View ViewOf(TF_Tensor* tensor) {
  View view;
  for (int axis = 0; axis < TF_NumDims(tensor); ++axis) view.dims.push_back(TF_Dim(tensor, axis));
  view.bytes = TF_TensorData(tensor);
  view.given = true;
  return view;
}

// What TensorFlow passes to every call of a kernel.
struct Instance {
  void (*compute)(Context&);
  Attributes attributes;
};

// TensorFlow's callback that makes a kernel instance has no user data, so each op gets a creator of its own: slot I of
// this table, filled at registration. With room for more ops.
constexpr int kMaxOps = 64;
const Op* registered[kMaxOps];
int num_registered = 0;

// Reads attributes by name. Each has its own status: in a shared one, the next success would hide a failure.
template <typename Value, typename Get>
std::vector<Value> ReadAttributes(TF_OpKernelConstruction* construction, const std::vector<const char*>& names,
                                  const Get& get) {
  std::vector<Value> values;
  for (const char* name : names) {
    TF_Status* status = TF_NewStatus();
    Value value = 0;
    get(construction, name, &value, status);
    values.push_back(value);
    if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
    TF_DeleteStatus(status);
  }
  return values;
}

void* Create(const Op& op, TF_OpKernelConstruction* construction) {
  auto instance = std::make_unique<Instance>();
  instance->compute = op.compute;
  instance->attributes.ints = ReadAttributes<int64_t>(construction, op.ints, TF_OpKernelConstruction_GetAttrInt64);
  instance->attributes.floats = ReadAttributes<float>(construction, op.floats, TF_OpKernelConstruction_GetAttrFloat);
  instance->attributes.list_sizes =
      ReadAttributes<int64_t>(construction, op.list_sizes, TF_OpKernelConstruction_GetAttrInt64);
  return instance.release();
}

template <int Slot>
void* CreateSlot(TF_OpKernelConstruction* construction) {
  return Create(*registered[Slot], construction);
}

template <int... Slots>
auto Creators(std::integer_sequence<int, Slots...>) {
  return std::vector<void* (*)(TF_OpKernelConstruction*)>{CreateSlot<Slots>...};
}

void Compute(void* kernel, TF_OpKernelContext* context) {
  const auto* instance = static_cast<const Instance*>(kernel);
  Context wrapped(context, instance->attributes);
  // No exception may pass through TensorFlow's C API.
  try {
    instance->compute(wrapped);
  } catch (const std::bad_alloc&) {
    wrapped.Fail(TF_RESOURCE_EXHAUSTED,
                 "detrkit: not enough memory for an op's own work; take smaller images or batches");
  } catch (const std::exception& error) {
    wrapped.Fail(TF_INTERNAL, error.what());
  }
}

void Delete(void* kernel) { delete static_cast<Instance*>(kernel); }

}  // namespace

View Context::Input(int index) {
  // TensorFlow's functions overwrite the status, even with OK, but an earlier failure has to stay.
  if (!ok()) return {};
  TF_Tensor* tensor = nullptr;
  TF_GetInput(context_, index, &tensor, status_);
  if (!ok()) return {};
  held_.push_back(tensor);
  return ViewOf(tensor);
}

namespace {

constexpr int64_t kMostNumbers = INT32_MAX;

bool IsCountable(const Dims& dims) {
  if (std::find(dims.begin(), dims.end(), 0) != dims.end()) return true;
  int64_t count = 1;
  for (const int64_t size : dims) {
    if (size > kMostNumbers / count) return false;
    count *= size;
  }
  return true;
}

}  // namespace

View Context::Output(int index, const Dims& dims) {
  if (!IsCountable(dims)) {
    Require("detrkit: a result of " + Text(dims) + " is more than " + std::to_string(kMostNumbers) +
            " numbers; take smaller images or batches");
  }
  if (!ok()) return {};
  TF_Tensor* tensor = TF_AllocateOutput(context_, index, TF_FLOAT, dims.data(), static_cast<int>(dims.size()),
                                        Count(dims) * sizeof(float), status_);
  if (!ok()) return {};
  held_.push_back(tensor);
  return ViewOf(tensor);
}

void Context::Require(const std::string& problem) {
  if (!problem.empty()) Fail(TF_INVALID_ARGUMENT, problem.c_str());
}

void Context::RequireDims(const char* input, const View& view, const Dims& expected) {
  if (ok()) Require(CheckDims(input, view, expected));
}

void Context::Fail(TF_Code code, const char* reason) {
  if (ok()) TF_SetStatus(status_, code, reason);
}

namespace {

// Filled while the library is loaded, and never freed: a kernel may be made until the process ends.
std::vector<Op>& DeclaredOps() {
  static auto& ops = *new std::vector<Op>;
  return ops;
}

std::string Register(const Op& op) {
  static const auto creators = Creators(std::make_integer_sequence<int, kMaxOps>());
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(op.name);
  for (const char* name : op.ints) TF_OpDefinitionBuilderAddAttr(definition, (std::string(name) + ": int").c_str());
  for (const char* name : op.floats) TF_OpDefinitionBuilderAddAttr(definition, (std::string(name) + ": float").c_str());
  for (const char* name : op.list_sizes)
    TF_OpDefinitionBuilderAddAttr(definition, (std::string(name) + ": int >= 0").c_str());
  for (const char* input : op.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : op.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == TF_OK) {
    registered[num_registered] = &op;
    TF_KernelBuilder* kernel = TF_NewKernelBuilder(op.name, "CPU", creators[num_registered++], Compute, Delete);
    TF_RegisterKernelBuilder(op.name, kernel, status);
  }
  const std::string problem = TF_GetCode(status) == TF_OK ? "" : std::string(op.name) + ": " + TF_Message(status);
  TF_DeleteStatus(status);
  return problem;
}

}  // namespace

Declared::Declared(std::vector<Op> ops) {
  std::move(ops.begin(), ops.end(), std::back_inserter(DeclaredOps()));
}

std::string RegisterAll() {
  std::vector<Op>& ops = DeclaredOps();
  if (ops.size() > kMaxOps) return "detrkit: more ops than kMaxOps";
  // In the same order whatever the order of linking.
  std::sort(ops.begin(), ops.end(), [](const Op& a, const Op& b) { return std::string(a.name) < b.name; });
  for (const Op& op : ops) {
    if (const std::string problem = Register(op); !problem.empty()) return problem;
  }
  return "";
}

}  // namespace detrkit
