// A complete multi-head attention, y = attention((x + p) wq + bq, (m + r) wk + bk, m wv + bv) wo + bo, for queries x at
// positions p and a memory m at positions r, and all of its gradients in one op. In self-attention the memory is the
// queries.
#include <algorithm>

#include "multi_head.h"
#include "multi_head_gradient.h"
#include "shared/matrix.h"
#include "shared/parallel.h"

namespace detrkit {
namespace {

// Rows that are added to their positions at a time: the sum stays in the cache for the projections.
constexpr int64_t kBlock = 512;

void ProjectRows(const MultiHead& attention, bool of_memory, int64_t first, int64_t total, const Projected& into) {
  const Tokens& tokens = of_memory ? attention.memory : attention.queries;
  const int64_t dim = attention.dim(), end = first + total;
  Matrix sums(tokens.position.given ? std::min(kBlock, total) : 0, dim);
  for (int64_t row = first; row < end; row += kBlock) {
    const int64_t count = std::min(kBlock, end - row), at = row * dim;
    const float* sum = tokens.Positioned(row, count, sums.data());
    if (attention.self || !of_memory) attention.Layer(kQuery).Run(sum, count, row, into.query + at);
    if (!of_memory) continue;
    attention.Layer(kKey).Run(sum, count, row, into.key + at);
    attention.Layer(kValue).Run(tokens.values.f32() + at, count, row, into.value + at);
  }
}

// Outputs y [B, Q, D], and what the backward pass needs.
void Forward(Context& context) {
  const MultiHead attention(context, 0);
  if (!context.ok()) return;
  const View y = context.Output(0, attention.queries.values.dims),
             kept = context.Output(1, {Projected::Size(attention.queries, attention.memory)});
  if (!context.ok()) return;
  const Projected projected(kept.f32(), attention.queries, attention.memory);
  const RowPieces pieces(attention);
  RunPieces(pieces.total, attention.WorkOfProjections(), [&](int64_t piece) {
    pieces.Run(piece, [&](bool of_memory, int64_t first, int64_t count) {
      ProjectRows(attention, of_memory, first, count, projected);
    });
  });
  attention.Attention(projected).Forward(projected.joined);
  const int64_t rows = attention.queries.rows(), dim = attention.dim();
  ParallelFor(rows, RowsPerThread(rows, dim * dim, NumThreads()), [&](int64_t begin, int64_t end) {
    attention.Layer(kOutput).Run(projected.joined + begin * dim, end - begin, begin, y.f32() + begin * dim);
  });
}

const std::vector<const char*> kInputs = {"memory_position: M * float",
                                          "query_position: P * float",
                                          "memory: float",
                                          "queries: Q * float",
                                          "query_weight: float",
                                          "query_bias: float",
                                          "key_weight: float",
                                          "key_bias: float",
                                          "value_weight: float",
                                          "value_bias: float",
                                          "output_weight: float",
                                          "output_bias: float",
                                          "key_padding_mask: K * bool",
                                          "seed: S * int32"};

std::vector<const char*> GradientInputs() {
  std::vector<const char*> inputs = {"dy: float", "kept: float"};
  inputs.insert(inputs.end(), kInputs.begin(), kInputs.end());
  return inputs;
}

const std::vector<const char*> lists = {"M", "P", "Q", "K", "S"};
const Declared ops({
    {"DetrkitMultiHeadAttention", kInputs, {"y: float", "kept: float"}, {"heads"}, {"rate"}, lists, Forward},
    {"DetrkitMultiHeadAttentionGradient",
     GradientInputs(),
     {"dmemory: float", "dquery_weight: float", "dquery_bias: float", "dkey_weight: float", "dkey_bias: float",
      "dvalue_weight: float", "dvalue_bias: float", "doutput_weight: float", "doutput_bias: float",
      "dqueries: Q * float", "dmemory_position: M * float", "dquery_position: P * float"},
     {"heads"}, {"rate"}, lists, MultiHeadBackward},
});

}  // namespace
}  // namespace detrkit
