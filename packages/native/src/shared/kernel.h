#pragma once
// What every kernel here shares: declaring an op to TensorFlow and reading and making tensors, through its C API only
// (which survives TensorFlow updates and needs few headers).
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/tf_tensor.h"

// Before an inner loop: its arrays do not overlap, which the compiler can't see for itself, so it may be vectorised.
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
  bool given = false;  // also without bytes, where it is empty

  float* f32() const { return static_cast<float*>(bytes); }
  const int32_t* i32() const { return static_cast<const int32_t*>(bytes); }
  const uint8_t* u8() const { return static_cast<const uint8_t*>(bytes); }
  int64_t size() const { return Count(dims); }
  int64_t columns() const { return dims.empty() ? 1 : dims.back(); }
  // 0 where there is nothing in them.
  int64_t rows() const { return columns() == 0 ? 0 : size() / columns(); }
};

// Says what is wrong where an input ("linear: bias") has not the dimensions that are expected, or nothing.
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
  // Fails where that would be more numbers than 32 bits count: TensorFlow ends the process over sizes that overflow.
  View Output(int index, const Dims& dims);

  // The first failure is reported, once, at the end; from then on views are empty and must not be touched.
  bool ok() const { return TF_GetCode(status_) == TF_OK; }

  // Fails for what is wrong with the inputs, unless that is empty.
  void Require(const std::string& problem);
  // Fails where an input has not the dimensions that are expected.
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

// Makes ops known: one constant of this class in the file that holds their kernels is all that they need.
class Declared {
 public:
  explicit Declared(std::vector<Op> ops);
};

// Registers every op that was declared, and its kernel, with TensorFlow. Returns what went wrong, or nothing.
std::string RegisterAll();

}  // namespace detrkit
