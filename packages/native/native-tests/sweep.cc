// Runs every op of the kernels, without TensorFlow, on inputs of many shapes: valid ones, whose outputs have to be
// whole, and changed ones, which the op has to refuse. A sweep is the same in every run; with --minutes it goes on with
// other draws.
//   sweep [--seed=1] [--rounds=1] [--minutes=0] [--threads=1] [--op=PART OF A NAME] [--write=FILE | --compare=FILE]
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <thread>

#include "draft.h"
#include "op_cases.h"
#include "record.h"

extern "C" const char* DetrkitRegisterKernels();

namespace detrkit {
namespace {

std::atomic<int64_t> accepted{0}, refused{0};

// Takes the outputs of a case whose numbers are the same on every processor, up to rounding.
using Keep = std::function<void(const std::string& what, const float* values, int64_t count)>;

struct Case {
  uint64_t seed;
  size_t op;
  Sizes sizes;
  Numbers numbers;
};

bool WritesInputs(const std::string& op) { return op == "DetrkitAdamW"; }

std::vector<std::vector<unsigned char>> Bytes(const std::vector<Value>& values) {
  std::vector<std::vector<unsigned char>> all;
  for (const Value& value : values) all.emplace_back(value.u8(), value.u8() + value.buffer->bytes());
  return all;
}

Result Checked(const Call& call) {
  const auto before = Bytes(call.inputs);
  Result result = RunOp(call);
  if (!WritesInputs(call.op) && Bytes(call.inputs) != before) Abort("an input was written to");
  ++(result.code == TF_OK ? accepted : refused);
  return result;
}

void RunChange(const Change& change) {
  const Result result = Checked(change.call);
  // TensorFlow itself says that an input is not there, such as the seed of a dropout.
  const bool known = result.code == TF_OK || result.code == TF_INVALID_ARGUMENT || result.code == TF_OUT_OF_RANGE;
  if (!known) Abort("it failed otherwise than by refusing: " + result.message);
  if (change.expected == Expected::kAccept && result.code != TF_OK) Abort("it should be taken: " + result.message);
  if (change.expected == Expected::kRefuse && result.code == TF_OK) Abort("it should be refused");
}

void KeepOutputs(const Call& call, const Result& result, const Case& given, const Keep& keep) {
  const bool finite = given.numbers == Numbers::kOrdinary && given.sizes != Sizes::kEmpty;
  std::vector<Value> all = result.outputs;
  if (WritesInputs(call.op)) all.insert(all.end(), call.inputs.begin(), call.inputs.end());
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string what = call.op + ": output " + std::to_string(i);
    for (int64_t k = 0; finite && k < all[i].size(); ++k) {
      if (!std::isfinite(all[i].f32()[k])) Abort(what + ": number " + std::to_string(k) + " is not finite");
    }
    if (given.numbers != Numbers::kHuge) keep(what, all[i].f32(), all[i].size());
  }
}

void RunCase(const Case& given, const Keep& keep) {
  Random random(given.seed);
  Running running("op " + std::to_string(given.op) + " with the case seed " + std::to_string(given.seed));
  Draft draft(given.sizes, given.numbers, random);
  AllOps()[given.op](draft);
  const std::string base = draft.call().op + ", case seed " + std::to_string(given.seed) + ", sizes " +
                           std::to_string(static_cast<int>(given.sizes)) + ", numbers " +
                           std::to_string(static_cast<int>(given.numbers));
  running.Set(base);
  const Result result = Checked(draft.call());
  if (result.code != TF_OK) Abort("it was refused: " + result.message);
  KeepOutputs(draft.call(), result, given, keep);
  if (given.sizes == Sizes::kLarge) return;
  for (const Change& change : draft.Changes()) {
    running.Set(base + ", " + change.what);
    RunChange(change);
  }
}

// Of the op's valid call with the smallest sizes.
std::string NameOf(size_t op) {
  Random random(1);
  Draft draft(Sizes::kOnes, Numbers::kOrdinary, random);
  AllOps()[op](draft);
  return draft.call().op;
}

// Every op among those asked for, with all kinds of sizes and numbers.
void RunRound(const std::vector<size_t>& ops, Random& seeds, const Keep& keep) {
  for (size_t op : ops) {
    for (Sizes sizes : {Sizes::kOnes, Sizes::kSmall, Sizes::kOdd, Sizes::kEmpty, Sizes::kLarge}) {
      for (Numbers numbers : {Numbers::kOrdinary, Numbers::kNotFinite, Numbers::kHuge}) {
        RunCase({static_cast<uint64_t>(seeds.Below(int64_t{1} << 62)), op, sizes, numbers}, keep);
      }
    }
  }
}

struct Options {
  uint64_t seed = 1;
  int64_t rounds = 1, threads = 1;
  double minutes = 0;
  std::string op, write, compare;
};

Options Parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const char* equals = std::strchr(arguments[i], '=');
    const std::string name(arguments[i], equals ? equals - arguments[i] : std::strlen(arguments[i]));
    const char* value = equals ? equals + 1 : "";
    if (name == "--seed") options.seed = std::strtoull(value, nullptr, 10);
    else if (name == "--rounds") options.rounds = std::strtoll(value, nullptr, 10);
    else if (name == "--minutes") options.minutes = std::strtod(value, nullptr);
    else if (name == "--threads") options.threads = std::strtoll(value, nullptr, 10);
    else if (name == "--op") options.op = value;
    else if (name == "--write") options.write = value;
    else if (name == "--compare") options.compare = value;
    else Abort("unknown option " + name);
  }
  return options;
}

void CheckAllCovered() {
  std::set<std::string> covered;
  for (size_t op = 0; op < AllOps().size(); ++op) covered.insert(NameOf(op));
  for (const auto& [op, declaration] : Declarations()) {
    if (covered.count(op) == 0) Abort("no case for " + op + ": add one to op_cases.cc");
  }
}

void Sweep(const Options& options, uint64_t seed, const Keep& keep) {
  std::vector<size_t> ops;
  for (size_t op = 0; op < AllOps().size(); ++op) {
    if (NameOf(op).find(options.op) != std::string::npos) ops.push_back(op);
  }
  if (ops.empty()) Abort("no op has a name with " + options.op);
  Random seeds(seed);
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double, std::ratio<60>>(options.minutes);
  for (int64_t round = 0; round < options.rounds || std::chrono::steady_clock::now() < until; ++round)
    RunRound(ops, seeds, keep);
}

int Main(const Options& options) {
  ReportCrashes();
  if (const std::string problem = DetrkitRegisterKernels(); !problem.empty()) Abort(problem);
  CheckAllCovered();
  std::unique_ptr<Recorder> recorder(options.write.empty() ? nullptr : new Recorder(options.write));
  std::unique_ptr<Comparison> comparison(options.compare.empty() ? nullptr : new Comparison(options.compare));
  const Keep keep = [&](const std::string& what, const float* values, int64_t count) {
    if (recorder) recorder->Add(what, values, count);
    if (comparison) comparison->Add(what, values, count);
  };
  const Keep nothing = [](const std::string&, const float*, int64_t) {};
  // As JavaScript workers do, all at the same time with one pool.
  std::vector<std::thread> others;
  for (int64_t i = 1; i < options.threads; ++i)
    others.emplace_back([&, i] { Sweep(options, options.seed + i, nothing); });
  Sweep(options, options.seed, keep);
  for (std::thread& other : others) other.join();
  if (recorder) recorder->Finish();
  if (comparison) comparison->Finish();
  if (LiveHandles() != 0) Abort(std::to_string(LiveHandles()) + " handles of tensors or statuses were not given back");
  std::printf("%zu ops, seed %llu: %lld calls ran, %lld were refused", Declarations().size(),
              static_cast<unsigned long long>(options.seed), static_cast<long long>(accepted),
              static_cast<long long>(refused));
  if (comparison)
    std::printf("; %lld numbers compared, at most %.1e apart", static_cast<long long>(comparison->compared()),
                comparison->largest());
  std::printf("\n");
  return 0;
}

}  // namespace
}  // namespace detrkit

int main(int count, char** arguments) { return detrkit::Main(detrkit::Parse(count, arguments)); }
