#include "kernel.h"

#include <memory>

#include "tensorflow/c/ops.h"

namespace detrkit {

int64_t Count(const Dims& dims) {
  int64_t count = 1;
  for (int64_t size : dims) count *= size;
  return count;
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
  return view;
}

// What TensorFlow hands back for every call of a kernel.
struct Instance {
  void (*compute)(Context&);
  Attributes attributes;
};

// TensorFlow's kernel callbacks carry no user data when an instance is made, so each op gets a creator of its own:
// slot I of this table, filled at registration.
constexpr int kMaxOps = 24;
Op* registered[kMaxOps];
int num_registered = 0;

void* Create(const Op& op, TF_OpKernelConstruction* construction) {
  auto instance = std::make_unique<Instance>();
  instance->compute = op.compute;
  TF_Status* status = TF_NewStatus();
  for (const char* name : op.ints) {
    int64_t value = 0;
    TF_OpKernelConstruction_GetAttrInt64(construction, name, &value, status);
    instance->attributes.ints.push_back(value);
  }
  for (const char* name : op.floats) {
    float value = 0;
    TF_OpKernelConstruction_GetAttrFloat(construction, name, &value, status);
    instance->attributes.floats.push_back(value);
  }
  for (const char* name : op.list_sizes) {
    int64_t value = 0;
    TF_OpKernelConstruction_GetAttrInt64(construction, name, &value, status);
    instance->attributes.list_sizes.push_back(value);
  }
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
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
  instance->compute(wrapped);
}

void Delete(void* kernel) { delete static_cast<Instance*>(kernel); }

}  // namespace

View Context::Input(int index) {
  TF_Tensor* tensor = nullptr;
  TF_GetInput(context_, index, &tensor, status_);
  if (!ok()) return {};
  held_.push_back(tensor);
  return ViewOf(tensor);
}

View Context::Output(int index, const Dims& dims) {
  TF_Tensor* tensor = TF_AllocateOutput(context_, index, TF_FLOAT, dims.data(), static_cast<int>(dims.size()), Count(dims) * sizeof(float), status_);
  if (!ok()) return {};
  held_.push_back(tensor);
  return ViewOf(tensor);
}

void Context::Require(const std::string& problem) {
  if (!problem.empty()) TF_SetStatus(status_, TF_INVALID_ARGUMENT, problem.c_str());
}

std::string Register(const Op& op) {
  static const auto creators = Creators(std::make_integer_sequence<int, kMaxOps>());
  if (num_registered == kMaxOps) return "detrkit: more ops than kMaxOps";
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(op.name);
  for (const char* name : op.ints) TF_OpDefinitionBuilderAddAttr(definition, (std::string(name) + ": int").c_str());
  for (const char* name : op.floats) TF_OpDefinitionBuilderAddAttr(definition, (std::string(name) + ": float").c_str());
  for (const char* name : op.list_sizes) TF_OpDefinitionBuilderAddAttr(definition, (std::string(name) + ": int >= 0").c_str());
  for (const char* input : op.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : op.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == TF_OK) {
    registered[num_registered] = new Op(op);
    TF_KernelBuilder* kernel = TF_NewKernelBuilder(op.name, "CPU", creators[num_registered++], Compute, Delete);
    TF_RegisterKernelBuilder(op.name, kernel, status);
  }
  const std::string problem = TF_GetCode(status) == TF_OK ? "" : std::string(op.name) + ": " + TF_Message(status);
  TF_DeleteStatus(status);
  return problem;
}

}  // namespace detrkit
