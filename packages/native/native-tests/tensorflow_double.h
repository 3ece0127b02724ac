#pragma once
// A stand-in for the part of TensorFlow's C API that the kernels use, so that a program without TensorFlow (a gigabyte,
// which no emulator loads in reasonable time and no sanitiser sees through) can run every op: what an op declares is
// recorded, and RunOp calls it. Tensors have exactly the bytes they need, so that AddressSanitizer sees the first one
// too many.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tensorflow/c/tf_datatype.h"
#include "tensorflow/c/tf_status.h"

namespace detrkit {

// Memory of one tensor. `offset` moves its start away from the allocator's alignment, by a multiple of 4 bytes.
class Buffer {
 public:
  Buffer(size_t bytes, size_t offset) : bytes_(bytes), offset_(offset), memory_(new unsigned char[bytes + offset]) {}

  void* data() const { return memory_.get() + offset_; }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_, offset_;
  std::unique_ptr<unsigned char[]> memory_;
};

struct Value {
  TF_DataType type = TF_FLOAT;
  std::vector<int64_t> dims;
  std::shared_ptr<Buffer> buffer;

  int64_t size() const;
  float* f32() const { return static_cast<float*>(buffer->data()); }
  int32_t* i32() const { return static_cast<int32_t*>(buffer->data()); }
  uint8_t* u8() const { return static_cast<uint8_t*>(buffer->data()); }
};

Value MakeValue(TF_DataType type, std::vector<int64_t> dims, size_t offset);

// What an op declared: specifications as TensorFlow reads them, "x: float" or "residual: R * float".
struct Declaration {
  std::vector<std::string> inputs, outputs, attributes;
};
const std::map<std::string, Declaration>& Declarations();

struct Call {
  std::string op;
  std::map<std::string, int64_t> ints;  // the sizes of lists among them
  std::map<std::string, float> floats;
  std::vector<Value> inputs;
  // TensorFlow has no memory for a tensor without elements and hands out a null pointer; others do not.
  bool null_when_empty = true;
  size_t offset = 0;  // of the outputs' memory
};

struct Result {
  TF_Code code = TF_OK;
  std::string message;
  std::vector<Value> outputs;
};

// Runs an op as TensorFlow would. Ends the program where the op breaks TensorFlow's rules: an input, output or
// attribute that it did not declare, an output that it left out or did not fill, a handle that it never gave back.
Result RunOp(const Call& call);

// Tensors and statuses that kernels have been given and not given back: 0 while none runs.
int64_t LiveHandles();

// From now on, a program that a sanitiser or an assertion ends says what it was running.
void ReportCrashes();
// What the calling thread is about to run, as long as this lives.
class Running {
 public:
  explicit Running(std::string description);
  ~Running();
  Running(const Running&) = delete;
  void Set(std::string description);

 private:
  std::string description_;
};

// Says which rule of the harness or of TensorFlow was broken, and by what, and ends the program.
[[noreturn]] void Abort(const std::string& what);

}  // namespace detrkit
