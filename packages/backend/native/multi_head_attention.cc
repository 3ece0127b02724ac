// The whole of a multi-head attention, y = attention((x + p) wq + bq, (m + r) wk + bk, m wv + bv) wo + bo, for queries x at positions
// p and a memory m at positions r, and all of its gradients in one op. In self-attention the memory is the queries.
#include <algorithm>

#include "kernel.h"
#include "kernels.h"
#include "linear_rows.h"
#include "matrix.h"
#include "parallel.h"
#include "scaled_attention.h"

namespace detrkit {
namespace {

// Rows whose sum with their positions is made at once: it stays in the cache for the projections.
constexpr int64_t kBlock = 512;

enum Projection { kQuery, kKey, kValue, kOutput, kNumProjections };

// Queries or memory.
struct Tokens {
  View values;    // [B, S, D]
  View position;  // [B, S, D], [S, D], or none

  int64_t rows() const { return values.rows(); }
  int64_t dim() const { return values.columns(); }
  // How many images have one position together.
  int64_t SharedBy() const { return position.dims.size() < values.dims.size() ? values.dims[0] : 1; }

  // Rows [first, first + count) with their positions: the values themselves where there are none, else written to `into`.
  const float* Positioned(int64_t first, int64_t count, float* into) const {
    const float* from = values.f32() + first * dim();
    if (!position.bytes) return from;
    for (int64_t row = 0; row < count; ++row) {
      const float* value = from + row * dim();
      const float* at = position.f32() + (first + row) % position.rows() * dim();
      float* sum = into + row * dim();
      DETRKIT_VECTOR
      for (int64_t i = 0; i < dim(); ++i) sum[i] = value[i] + at[i];
    }
    return into;
  }
};

// What the forward pass leaves for the backward one: projected queries, keys and values, and the heads' results side by side. Or
// the gradients of these.
struct Projected {
  float *query, *joined;  // [B, Q, D]
  float *key, *value;     // [B, S, D]

  Projected(float* start, const Tokens& queries, const Tokens& memory)
      : query(start), joined(query + queries.values.size()), key(joined + queries.values.size()), value(key + memory.values.size()) {}

  static int64_t Size(const Tokens& queries, const Tokens& memory) { return 2 * (queries.values.size() + memory.values.size()); }
};

// Inputs, from `first` on: position of the memory (none or one), position of the queries (none or one), memory [B, S, D], queries
// [B, Q, D] (one, or none in self-attention, which then has one position), weight [D, D] and bias [D] of query, key, value and
// output, padding [B, S] (none or one; bool, true is ignored), seed (one where the rate is above 0). Attributes: heads; rate.
struct Problem {
  Tokens queries, memory;
  View weights[kNumProjections], biases[kNumProjections];
  View padding, seed;
  bool self;
  int64_t heads;
  float rate;

  Problem(Context& context, int first) : heads(context.attributes.ints[0]), rate(context.attributes.floats[0]) {
    const auto next = [&](int64_t count) { return count > 0 ? context.Input(first++) : View{}; };
    const std::vector<int64_t>& sizes = context.attributes.list_sizes;
    memory.position = next(sizes[0]);
    queries.position = next(sizes[1]);
    memory.values = next(1);
    queries.values = next(sizes[2]);
    for (int i = 0; i < kNumProjections; ++i) {
      weights[i] = next(1);
      biases[i] = next(1);
    }
    padding = next(sizes[3]);
    seed = next(sizes[4]);
    self = sizes[2] == 0;
    if (self) queries = memory;
  }

  int64_t dim() const { return memory.dim(); }
  LinearLayer Layer(Projection which) const { return {weights[which].f32(), biases[which].f32(), dim(), dim()}; }
  ScaledAttention Attention(const Projected& projected) const {
    return {projected.query, projected.key, projected.value, padding.bytes ? padding.u8() : nullptr,
            memory.values.dims[0], queries.values.dims[1], memory.values.dims[1], dim(), heads,
            rate, seed.bytes ? static_cast<uint32_t>(seed.i32()[0]) : 0};
  }
};

// Pieces of rows for the threads, of the memory first and then of the queries; in self-attention they are the same.
struct RowPieces {
  int64_t memory_rows, query_rows, memory_share, query_share, memory_pieces, total;

  explicit RowPieces(const Problem& problem)
      : memory_rows(problem.memory.rows()), query_rows(problem.self ? 0 : problem.queries.rows()), memory_share(Share(memory_rows, problem.dim())),
        query_share(Share(query_rows, problem.dim())), memory_pieces(Pieces(memory_rows, memory_share)),
        total(memory_pieces + Pieces(query_rows, query_share)) {}

  // body(whether these are rows of the memory, first, count)
  template <typename Body>
  void Run(int64_t piece, const Body& body) const {
    const bool of_memory = piece < memory_pieces;
    const int64_t share = of_memory ? memory_share : query_share, first = (of_memory ? piece : piece - memory_pieces) * share;
    body(of_memory, first, std::min(share, (of_memory ? memory_rows : query_rows) - first));
  }

 private:
  static int64_t Share(int64_t rows, int64_t dim) { return RowsPerThread(rows, dim * dim, NumThreads()); }
};

int64_t WorkOfProjections(const Problem& problem) { return 2 * (problem.queries.rows() + problem.memory.rows()) * problem.dim() * problem.dim(); }

void ProjectRows(const Problem& problem, bool of_memory, int64_t first, int64_t total, const Projected& into) {
  const Tokens& tokens = of_memory ? problem.memory : problem.queries;
  const int64_t dim = problem.dim(), end = first + total;
  Matrix sums(tokens.position.bytes ? std::min(kBlock, total) : 0, dim);
  for (int64_t row = first; row < end; row += kBlock) {
    const int64_t count = std::min(kBlock, end - row), at = row * dim;
    const float* sum = tokens.Positioned(row, count, sums.data());
    if (problem.self || !of_memory) problem.Layer(kQuery).Run(sum, count, row, into.query + at);
    if (!of_memory) continue;
    problem.Layer(kKey).Run(sum, count, row, into.key + at);
    problem.Layer(kValue).Run(tokens.values.f32() + at, count, row, into.value + at);
  }
}

// Outputs y [B, Q, D], and what the backward pass needs.
void Forward(Context& context) {
  const Problem problem(context, 0);
  if (!context.ok()) return;
  const View y = context.Output(0, problem.queries.values.dims), kept = context.Output(1, {Projected::Size(problem.queries, problem.memory)});
  if (!context.ok()) return;
  const Projected projected(kept.f32(), problem.queries, problem.memory);
  const RowPieces pieces(problem);
  RunPieces(pieces.total, WorkOfProjections(problem), [&](int64_t piece) {
    pieces.Run(piece, [&](bool of_memory, int64_t first, int64_t count) { ProjectRows(problem, of_memory, first, count, projected); });
  });
  problem.Attention(projected).Forward(projected.joined);
  const int64_t rows = problem.queries.rows(), dim = problem.dim();
  ParallelFor(rows, RowsPerThread(rows, dim * dim, NumThreads()), [&](int64_t begin, int64_t end) {
    problem.Layer(kOutput).Run(projected.joined + begin * dim, end - begin, begin, y.f32() + begin * dim);
  });
}

// The gradient of a position is that of the sum which it is part of; one that all images share gets what they give together.
void SumOverImages(const float* gradient, int64_t images, const View& position) {
  const int64_t size = position.size();
  ParallelFor(size, 16384, [&](int64_t begin, int64_t end) {
    std::copy(gradient + begin, gradient + end, position.f32() + begin);
    for (int64_t image = 1; image < images; ++image) AddRows(gradient + image * size + begin, 1, end - begin, position.f32() + begin);
  });
}

struct Gradients {
  View memory, queries, memory_position, query_position;
  View weights[kNumProjections], biases[kNumProjections];

  // Outputs: dmemory, those of weights and biases, then dqueries, dmemory_position and dquery_position where there are such inputs.
  Gradients(Context& context, const Problem& problem) {
    int index = 0;
    memory = context.Output(index++, problem.memory.values.dims);
    for (int i = 0; i < kNumProjections; ++i) {
      weights[i] = context.Output(index++, problem.weights[i].dims);
      biases[i] = context.Output(index++, problem.biases[i].dims);
    }
    if (!problem.self) queries = context.Output(index++, problem.queries.values.dims);
    if (problem.memory.position.bytes) memory_position = context.Output(index++, problem.memory.position.dims);
    if (!problem.self && problem.queries.position.bytes) query_position = context.Output(index++, problem.queries.position.dims);
  }
};

// Inputs: dy [B, Q, D], the forward pass's second output, then its inputs. Outputs as above.
void Backward(Context& context) {
  const View dy = context.Input(0), kept = context.Input(1);
  const Problem problem(context, 2);
  if (!context.ok()) return;
  const Gradients into(context, problem);
  if (!context.ok()) return;
  const int64_t dim = problem.dim();
  const Projected projected(kept.f32(), problem.queries, problem.memory);
  Matrix upstream(1, Projected::Size(problem.queries, problem.memory));
  const Projected gradients(upstream.data(), problem.queries, problem.memory);

  // What the heads put out, and beside it the sums with positions once more.
  Matrix memory_sums(problem.memory.position.bytes ? problem.memory.rows() : 0, dim);
  Matrix query_sums(!problem.self && problem.queries.position.bytes ? problem.queries.rows() : 0, dim);
  const RowPieces pieces(problem);
  const LinearGradient output{projected.joined, problem.weights[kOutput].f32(), dy.f32(), problem.queries.rows(), dim, dim};
  RunPieces(pieces.total, problem.queries.rows() * dim * dim, [&](int64_t piece) {
    pieces.Run(piece, [&](bool of_memory, int64_t first, int64_t count) {
      (of_memory ? problem.memory : problem.queries).Positioned(first, count, (of_memory ? memory_sums : query_sums).data() + first * dim);
      if (problem.self || !of_memory) output.Input(first, count, gradients.joined);
    });
  });
  problem.Attention(projected).Backward(gradients.joined, gradients.query, gradients.key, gradients.value);

  const float* memory_sum = problem.memory.position.bytes ? memory_sums.data() : problem.memory.values.f32();
  const float* query_sum = problem.self ? memory_sum : problem.queries.position.bytes ? query_sums.data() : problem.queries.values.f32();
  const LinearGradient layers[] = {
      {query_sum, problem.weights[kQuery].f32(), gradients.query, problem.queries.rows(), dim, dim},
      {memory_sum, problem.weights[kKey].f32(), gradients.key, problem.memory.rows(), dim, dim},
      {problem.memory.values.f32(), problem.weights[kValue].f32(), gradients.value, problem.memory.rows(), dim, dim},
      output,
  };
  // The gradient by the sums of memory and position is needed apart from that by the memory, which has the values' added to it.
  const bool shared = problem.memory.SharedBy() > 1;
  Matrix apart(into.memory_position.bytes && shared ? problem.memory.rows() : 0, dim);
  float* by_sums = !into.memory_position.bytes ? into.memory.f32() : shared ? apart.data() : into.memory_position.f32();
  const auto input_rows = [&](bool of_memory, int64_t first, int64_t count) {
    if (!of_memory) return layers[kQuery].Input(first, count, into.queries.f32());
    layers[kKey].Input(first, count, by_sums);
    if (problem.self) layers[kQuery].Input(first, count, by_sums, true);
    if (by_sums != into.memory.f32()) std::copy(by_sums + first * dim, by_sums + (first + count) * dim, into.memory.f32() + first * dim);
    layers[kValue].Input(first, count, into.memory.f32(), true);
  };
  // Rows of the weights' gradients for half the threads at a time, as each weight alone is a quarter of them.
  const int64_t share = RowsPerThread(dim, problem.memory.rows() * dim, std::max(1, NumThreads() / 2)), in_pieces = Pieces(dim, share);
  RunPieces(pieces.total + kNumProjections * in_pieces, 2 * WorkOfProjections(problem), [&](int64_t piece) {
    if (piece < pieces.total) return pieces.Run(piece, input_rows);
    const int64_t which = (piece - pieces.total) / in_pieces, first = (piece - pieces.total) % in_pieces * share;
    layers[which].Weight(first, std::min(share, dim - first), into.weights[which].f32(), into.biases[which].f32());
  });
  if (apart.size() > 0) SumOverImages(apart.data(), problem.memory.SharedBy(), into.memory_position);
  if (into.query_position.bytes) SumOverImages(into.queries.f32(), problem.queries.SharedBy(), into.query_position);
}

const std::vector<const char*> kInputs = {
    "memory_position: M * float", "query_position: P * float", "memory: float", "queries: Q * float",
    "query_weight: float", "query_bias: float", "key_weight: float", "key_bias: float", "value_weight: float", "value_bias: float",
    "output_weight: float", "output_bias: float", "padding: K * bool", "seed: S * int32"};

std::vector<const char*> GradientInputs() {
  std::vector<const char*> inputs = {"dy: float", "kept: float"};
  inputs.insert(inputs.end(), kInputs.begin(), kInputs.end());
  return inputs;
}

}  // namespace

std::vector<Op> MultiHeadAttentionOps() {
  const std::vector<const char*> lists = {"M", "P", "Q", "K", "S"};
  return {
      {"DetrkitMultiHeadAttention", kInputs, {"y: float", "kept: float"}, {"heads"}, {"rate"}, lists, Forward},
      {"DetrkitMultiHeadAttentionGradient", GradientInputs(),
       {"dmemory: float", "dquery_weight: float", "dquery_bias: float", "dkey_weight: float", "dkey_bias: float", "dvalue_weight: float",
        "dvalue_bias: float", "doutput_weight: float", "doutput_bias: float", "dqueries: Q * float", "dmemory_position: M * float", "dquery_position: P * float"},
       {"heads"}, {"rate"}, lists, Backward},
  };
}

}  // namespace detrkit
