#include "multi_head.h"

#include "shared/parallel.h"
#include "shared/random_mask.h"

namespace detrkit {

const float* Tokens::Positioned(int64_t first, int64_t count, float* into) const {
  const float* from = values.f32() + first * dim();
  if (!position.given) return from;
  for (int64_t row = 0; row < count; ++row) {
    const float* value = from + row * dim();
    const float* at = position.f32() + (first + row) % position.rows() * dim();
    float* sum = into + row * dim();
    DETRKIT_VECTOR
    for (int64_t i = 0; i < dim(); ++i) sum[i] = value[i] + at[i];
  }
  return into;
}

MultiHead::MultiHead(Context& context, int first)
    : heads(context.attributes.ints[0]), rate(context.attributes.floats[0]) {
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
  key_padding_mask = next(sizes[3]);
  seed = next(sizes[4]);
  self = sizes[2] == 0;
  if (self) queries = memory;
  if (context.ok()) Check(context);
}

void MultiHead::Check(Context& context) const {
  context.Require(CheckAttention(queries.values, memory.values, heads));
  if (!context.ok()) return;
  for (const Tokens* tokens : {&memory, &queries}) {
    const Dims &each = tokens->values.dims, all(each.begin() + 1, each.end());
    if (tokens->position.given)
      context.RequireDims("attention: position", tokens->position, tokens->position.dims.size() == 2 ? all : each);
  }
  for (int i = 0; i < kNumProjections; ++i) {
    context.RequireDims("attention: weight", weights[i], {dim(), dim()});
    context.RequireDims("attention: bias", biases[i], {dim()});
  }
  if (key_padding_mask.given)
    context.RequireDims("attention: keyPaddingMask", key_padding_mask, {memory.values.dims[0], memory.values.dims[1]});
  if (seed.given) context.RequireDims("attention: seed", seed, {});
  context.Require(CheckRate(rate));
}

ScaledAttention MultiHead::Attention(const Projected& projected) const {
  return {projected.query, projected.key, projected.value, key_padding_mask.bytes ? key_padding_mask.u8() : nullptr,
          memory.values.dims[0], queries.values.dims[1], memory.values.dims[1], dim(), heads,
          rate, seed.bytes ? static_cast<uint32_t>(seed.i32()[0]) : 0};
}

RowPieces::RowPieces(const MultiHead& attention)
    : memory_rows(attention.memory.rows()), query_rows(attention.self ? 0 : attention.queries.rows()) {
  const auto share = [&](int64_t rows) { return RowsPerThread(rows, attention.dim() * attention.dim(), NumThreads()); };
  memory_share = share(memory_rows);
  query_share = share(query_rows);
  memory_pieces = Pieces(memory_rows, memory_share);
  total = memory_pieces + Pieces(query_rows, query_share);
}

}  // namespace detrkit
