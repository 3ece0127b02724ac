#include "tensorflow_double.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_tensor.h"

// Of a sanitiser's library, where there is one.
extern "C" void __sanitizer_set_death_callback(void (*)()) __attribute__((weak));

// The types that TensorFlow's headers only name.
struct TSL_Status {
  TF_Code code = TF_OK;
  std::string message;
};
struct TF_Tensor {
  detrkit::Value value;
  bool null_when_empty;
};
struct TF_OpDefinitionBuilder {
  std::string name;
  detrkit::Declaration declaration;
};
struct TF_KernelBuilder {
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
  void (*destroy)(void*);
};
struct TF_OpKernelConstruction {
  const detrkit::Call* call;
  TF_Status status;
};
struct TF_OpKernelContext {
  const detrkit::Call* call;
  std::vector<TF_DataType> output_types;
  std::vector<std::unique_ptr<detrkit::Value>> outputs;
  TF_Status status;
};

namespace detrkit {
namespace {

// A NaN that no arithmetic gives: outputs hold it until they are written.
constexpr uint32_t kUnwritten = 0xffbadbad;

std::map<std::string, Declaration> declarations;
std::map<std::string, TF_KernelBuilder> kernels;
std::atomic<int64_t> live_handles{0};
thread_local const std::string* current = nullptr;
// Of any thread: the pool's own threads work for one that called.
std::atomic<const std::string*> latest{nullptr};

void PrintCurrent() {
  const std::string* description = current ? current : latest.load();
  if (description) std::fprintf(stderr, "while running %s\n", description->c_str());
}

size_t BytesOf(TF_DataType type) { return type == TF_BOOL ? 1 : 4; }

TF_DataType TypeOf(const std::string& spec) {
  for (const auto& [name, type] : {std::pair{"float", TF_FLOAT}, {"int32", TF_INT32}, {"bool", TF_BOOL}}) {
    const std::string text = name;
    if (spec.size() > text.size() && spec.compare(spec.size() - text.size(), text.size(), text) == 0) return type;
  }
  Abort("a type that the stand-in does not know: " + spec);
}

// The types of all tensors of some specifications, lists laid out one after the other.
std::vector<TF_DataType> Expand(const std::vector<std::string>& specs, const Call& call) {
  std::vector<TF_DataType> types;
  for (const std::string& spec : specs) {
    const size_t colon = spec.find(": "), star = spec.find(" * ");
    const int64_t count = star == std::string::npos ? 1 : call.ints.at(spec.substr(colon + 2, star - colon - 2));
    types.insert(types.end(), count, TypeOf(spec));
  }
  return types;
}

void CheckInputs(const Call& call, const Declaration& declaration) {
  const std::vector<TF_DataType> types = Expand(declaration.inputs, call);
  if (types.size() != call.inputs.size()) Abort(call.op + ": the harness gave another number of inputs than declared");
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i] != call.inputs[i].type)
      Abort(call.op + ": the harness gave input " + std::to_string(i) + " of another type");
  }
}

Value Filled(const Call& call, const TF_OpKernelContext& context, size_t index) {
  const std::string which = call.op + ": output " + std::to_string(index);
  if (!context.outputs[index]) Abort(which + " was never allocated");
  const Value& value = *context.outputs[index];
  for (int64_t i = 0; i < value.size(); ++i) {
    uint32_t bits;
    std::memcpy(&bits, value.f32() + i, sizeof(bits));
    if (bits == kUnwritten) Abort(which + ": element " + std::to_string(i) + " was never written");
  }
  return value;
}

}  // namespace

void ReportCrashes() {
  // A sanitiser ends the program by itself, one of them by a signal: it says at least what ran.
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(PrintCurrent);
  std::signal(SIGABRT, [](int) {
    PrintCurrent();
    std::_Exit(1);
  });
}

Running::Running(std::string description) : description_(std::move(description)) { latest = current = &description_; }
Running::~Running() { latest = current = nullptr; }
void Running::Set(std::string description) {
  description_ = std::move(description);
  latest = &description_;
}

void Abort(const std::string& what) {
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
  PrintCurrent();
  std::_Exit(1);
}

int64_t Value::size() const {
  int64_t count = 1;
  for (int64_t dim : dims) count *= dim;
  return count;
}

Value MakeValue(TF_DataType type, std::vector<int64_t> dims, size_t offset) {
  Value value{type, std::move(dims), nullptr};
  value.buffer = std::make_shared<Buffer>(value.size() * BytesOf(type), offset);
  return value;
}

const std::map<std::string, Declaration>& Declarations() { return declarations; }

Result RunOp(const Call& call) {
  const Declaration& declaration = declarations.at(call.op);
  const TF_KernelBuilder& kernel = kernels.at(call.op);
  CheckInputs(call, declaration);
  TF_OpKernelConstruction construction{&call, {}};
  void* instance = kernel.create(&construction);
  if (construction.status.code != TF_OK) Abort(call.op + ": " + construction.status.message);
  TF_OpKernelContext context{&call, Expand(declaration.outputs, call), {}, {}};
  context.outputs.resize(context.output_types.size());
  kernel.compute(instance, &context);
  kernel.destroy(instance);
  Result result{context.status.code, context.status.message, {}};
  if (result.code != TF_OK) return result;
  for (size_t i = 0; i < context.outputs.size(); ++i) result.outputs.push_back(Filled(call, context, i));
  return result;
}

int64_t LiveHandles() { return live_handles; }

}  // namespace detrkit

using detrkit::Abort;

TF_Status* TF_NewStatus() {
  ++detrkit::live_handles;
  return new TF_Status();
}
void TF_DeleteStatus(TF_Status* status) {
  --detrkit::live_handles;
  delete status;
}
void TF_SetStatus(TF_Status* status, TF_Code code, const char* message) {
  status->code = code;
  status->message = code == TF_OK ? "" : message;
}
TF_Code TF_GetCode(const TF_Status* status) { return status->code; }
const char* TF_Message(const TF_Status* status) { return status->message.c_str(); }

void TF_DeleteTensor(TF_Tensor* tensor) {
  --detrkit::live_handles;
  delete tensor;
}
int TF_NumDims(const TF_Tensor* tensor) { return static_cast<int>(tensor->value.dims.size()); }
int64_t TF_Dim(const TF_Tensor* tensor, int index) { return tensor->value.dims.at(index); }
void* TF_TensorData(const TF_Tensor* tensor) {
  return tensor->null_when_empty && tensor->value.size() == 0 ? nullptr : tensor->value.buffer->data();
}

TF_OpDefinitionBuilder* TF_NewOpDefinitionBuilder(const char* name) { return new TF_OpDefinitionBuilder{name, {}}; }
void TF_OpDefinitionBuilderAddAttr(TF_OpDefinitionBuilder* builder, const char* spec) {
  builder->declaration.attributes.push_back(spec);
}
void TF_OpDefinitionBuilderAddInput(TF_OpDefinitionBuilder* builder, const char* spec) {
  builder->declaration.inputs.push_back(spec);
}
void TF_OpDefinitionBuilderAddOutput(TF_OpDefinitionBuilder* builder, const char* spec) {
  builder->declaration.outputs.push_back(spec);
}
void TF_RegisterOpDefinition(TF_OpDefinitionBuilder* builder, TF_Status* status) {
  const bool fresh = detrkit::declarations.emplace(builder->name, builder->declaration).second;
  TF_SetStatus(status, fresh ? TF_OK : TF_ALREADY_EXISTS, "an op of this name is there already");
  delete builder;
}

TF_KernelBuilder* TF_NewKernelBuilder(const char*, const char*, void* (*create)(TF_OpKernelConstruction*),
                                      void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*)) {
  return new TF_KernelBuilder{create, compute, destroy};
}
void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder* builder, TF_Status* status) {
  if (detrkit::declarations.count(name) == 0) Abort(std::string(name) + ": a kernel without an op");
  const bool fresh = detrkit::kernels.emplace(name, *builder).second;
  TF_SetStatus(status, fresh ? TF_OK : TF_ALREADY_EXISTS, "a kernel of this name is there already");
  delete builder;
}

namespace {

// An attribute that was declared. TensorFlow reports what was not; the harness ends, since no kernel here may ask for
// it.
template <typename Number>
Number Attribute(const TF_OpKernelConstruction* construction, const std::map<std::string, Number>& given,
                 const char* name) {
  const auto found = given.find(name);
  if (found == given.end()) Abort(construction->call->op + ": attribute " + name + " is not among those given");
  return found->second;
}

}  // namespace

void TF_OpKernelConstruction_GetAttrInt64(TF_OpKernelConstruction* construction, const char* name, int64_t* value,
                                          TF_Status* status) {
  *value = Attribute(construction, construction->call->ints, name);
  TF_SetStatus(status, TF_OK, "");
}
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction* construction, const char* name, float* value,
                                          TF_Status* status) {
  *value = Attribute(construction, construction->call->floats, name);
  TF_SetStatus(status, TF_OK, "");
}
void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction* construction, TF_Status* status) {
  construction->status = *status;
}

int TF_NumInputs(TF_OpKernelContext* context) { return static_cast<int>(context->call->inputs.size()); }
void TF_GetInput(TF_OpKernelContext* context, int index, TF_Tensor** tensor, TF_Status* status) {
  if (index < 0 || index >= TF_NumInputs(context)) {
    TF_SetStatus(status, TF_OUT_OF_RANGE, "input index out of range");
    return;
  }
  ++detrkit::live_handles;
  *tensor = new TF_Tensor{context->call->inputs[index], context->call->null_when_empty};
  TF_SetStatus(status, TF_OK, "");
}
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext* context, int index, TF_DataType type, const int64_t* dims,
                             int num_dims, size_t bytes, TF_Status* status) {
  const std::string which = context->call->op + ": output " + std::to_string(index);
  if (index < 0 || index >= static_cast<int>(context->outputs.size())) Abort(which + " was not declared");
  if (context->outputs[index]) Abort(which + " was allocated twice");
  if (type != context->output_types[index]) Abort(which + " is of another type than declared");
  for (int axis = 0; axis < num_dims; ++axis) {
    if (dims[axis] < 0) Abort(which + " has a negative dimension");
  }
  auto value =
      std::make_unique<detrkit::Value>(detrkit::MakeValue(type, {dims, dims + num_dims}, context->call->offset));
  if (value->buffer->bytes() != bytes) Abort(which + ": its size in bytes does not fit its dimensions");
  for (int64_t i = 0; i < value->size(); ++i)
    std::memcpy(value->f32() + i, &detrkit::kUnwritten, sizeof(detrkit::kUnwritten));
  context->outputs[index] = std::move(value);
  ++detrkit::live_handles;
  TF_SetStatus(status, TF_OK, "");
  return new TF_Tensor{*context->outputs[index], context->call->null_when_empty};
}
void TF_OpKernelContext_Failure(TF_OpKernelContext* context, TF_Status* status) { context->status = *status; }
