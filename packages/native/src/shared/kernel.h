#pragma once
// Shared by all kernels here: declaring an op to TensorFlow, and reading and making tensors. Only through its C API,
// which stays stable over TensorFlow's updates and needs few headers.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/tf_tensor.h"

// Before an inner loop: its arrays do not overlap, which the compiler can't see, so it may vectorise.
#define DETRKIT_VECTOR _Pragma("GCC ivdep")

namespace detrkit {

using Dims = std::vector<int64_t>;

int64_t Count(const Dims& dims);

// As people write them: "[2, 3]".
std::string Text(const Dims& dims);

// An input or output for the length of one call. Rows x columns is the view in which the last dimension is the columns.
struct View {
  Dims dims;
  void* bytes = nullptr;
  bool given = false;  // also if it is empty and has no bytes

  float* f32() const { return static_cast<float*>(bytes); }
  const int32_t* i32() const { return static_cast<const int32_t*>(bytes); }
  const uint8_t* u8() const { return static_cast<const uint8_t*>(bytes); }
  int64_t size() const { return Count(dims); }
  int64_t columns() const { return dims.empty() ? 1 : dims.back(); }
  // 0 if they are empty.
  int64_t rows() const { return columns() == 0 ? 0 : size() / columns(); }
};

// Returns what is wrong if an input ("linear: bias") does not have the expected dimensions, or an empty text.
std::string CheckDims(const char* input, const View& view, const Dims& expected);

// Attributes of one kernel, read when TensorFlow makes it.
struct Attributes {
  std::vector<int64_t> ints;
  std::vector<float> floats;
  std::vector<int64_t> list_sizes;
};

class Context {
 public:
  Context(TF_OpKernelContext* context, const Attributes& attributes)
      : attributes(attributes), context_(context), status_(TF_NewStatus()) {}
  ~Context();
  Context(const Context&) = delete;

  View Input(int index);
  int NumInputs() const { return TF_NumInputs(context_); }
  // Fails if that is more numbers than 32 bits count: TensorFlow ends the process when sizes overflow.
  View Output(int index, const Dims& dims);

  // The first failure is reported, once, at the end; from then on views are empty and must not be touched.
  bool ok() const { return TF_GetCode(status_) == TF_OK; }

  // Fails with this problem of the inputs, unless it is empty.
  void Require(const std::string& problem);
  // Fails if an input does not have the expected dimensions.
  void RequireDims(const char* input, const View& view, const Dims& expected);
  void Fail(TF_Code code, const char* reason);

  const Attributes& attributes;

 private:
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> held_;
};

struct Op {
  const char* name;
  std::vector<const char*> inputs;      // "x: float", "residual: R * float"
  std::vector<const char*> outputs;
  std::vector<const char*> ints;        // names of integer attributes
  std::vector<const char*> floats;      // names of float attributes
  std::vector<const char*> list_sizes;  // names of attributes that only count the items of an input list
  void (*compute)(Context&);
};

// Makes ops known: they need only one constant of this class in the file of their kernels.
class Declared {
 public:
  explicit Declared(std::vector<Op> ops);
};

// Registers every op that was declared, and its kernel, with TensorFlow. Returns the error, or an empty text.
std::string RegisterAll();

}  // namespace detrkit
