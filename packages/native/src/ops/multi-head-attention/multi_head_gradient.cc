#include "multi_head_gradient.h"

#include <algorithm>

#include "multi_head.h"
#include "shared/matrix.h"
#include "shared/parallel.h"

namespace detrkit {
namespace {

// The gradient of a position is that of its sum with the tokens; one that all images share gets the sum over images.
void SumOverImages(const float* gradient, int64_t images, const View& position) {
  const int64_t size = position.size();
  ParallelFor(size, 16384, [&](int64_t begin, int64_t end) {
    std::fill(position.f32() + begin, position.f32() + end, 0.0f);
    for (int64_t image = 0; image < images; ++image)
      AddRows(gradient + image * size + begin, 1, end - begin, position.f32() + begin);
  });
}

struct Gradients {
  View memory, queries, memory_position, query_position;
  View weights[kNumProjections], biases[kNumProjections];

  Gradients(Context& context, const MultiHead& attention) {
    int index = 0;
    memory = context.Output(index++, attention.memory.values.dims);
    for (int i = 0; i < kNumProjections; ++i) {
      weights[i] = context.Output(index++, attention.weights[i].dims);
      biases[i] = context.Output(index++, attention.biases[i].dims);
    }
    if (!attention.self) queries = context.Output(index++, attention.queries.values.dims);
    if (attention.memory.position.given) memory_position = context.Output(index++, attention.memory.position.dims);
    if (!attention.self && attention.queries.position.given)
      query_position = context.Output(index++, attention.queries.position.dims);
  }
};

}  // namespace

void MultiHeadBackward(Context& context) {
  const View dy = context.Input(0), kept = context.Input(1);
  const MultiHead attention(context, 2);
  if (!context.ok()) return;
  context.RequireDims("attention: dy", dy, attention.queries.values.dims);
  context.RequireDims("attention: kept", kept, {Projected::Size(attention.queries, attention.memory)});
  const Gradients into(context, attention);
  if (!context.ok()) return;
  const int64_t dim = attention.dim();
  const Projected projected(kept.f32(), attention.queries, attention.memory);
  Matrix upstream(1, Projected::Size(attention.queries, attention.memory));
  const Projected gradients(upstream.data(), attention.queries, attention.memory);

  // The heads' outputs, and the sums with positions again.
  Matrix memory_sums(attention.memory.position.given ? attention.memory.rows() : 0, dim);
  Matrix query_sums(!attention.self && attention.queries.position.given ? attention.queries.rows() : 0, dim);
  const RowPieces pieces(attention);
  const LinearGradient output{
      projected.joined, attention.weights[kOutput].f32(), dy.f32(), attention.queries.rows(), dim, dim};
  RunPieces(pieces.total, attention.queries.rows() * dim * dim, [&](int64_t piece) {
    pieces.Run(piece, [&](bool of_memory, int64_t first, int64_t count) {
      (of_memory ? attention.memory : attention.queries)
          .Positioned(first, count, (of_memory ? memory_sums : query_sums).data() + first * dim);
      if (attention.self || !of_memory) output.Input(first, count, gradients.joined);
    });
  });
  attention.Attention(projected).Backward(gradients.joined, gradients.query, gradients.key, gradients.value);

  const float* memory_sum = attention.memory.position.given ? memory_sums.data() : attention.memory.values.f32();
  const float* query_sum = attention.self                     ? memory_sum
                           : attention.queries.position.given ? query_sums.data()
                                                              : attention.queries.values.f32();
  const LinearGradient layers[] = {
      {query_sum, attention.weights[kQuery].f32(), gradients.query, attention.queries.rows(), dim, dim},
      {memory_sum, attention.weights[kKey].f32(), gradients.key, attention.memory.rows(), dim, dim},
      {attention.memory.values.f32(), attention.weights[kValue].f32(), gradients.value, attention.memory.rows(), dim,
       dim},
      output,
  };
  // The gradient of the sums of memory and position is needed separately from that of the memory, to which the values'
  // is added; if images share a position, it is summed over them.
  const bool summed = into.memory_position.given && attention.memory.SharedBy() != 1;
  Matrix apart(summed ? attention.memory.rows() : 0, dim);
  float* by_sums = !into.memory_position.given ? into.memory.f32() : summed ? apart.data() : into.memory_position.f32();
  const auto input_rows = [&](bool of_memory, int64_t first, int64_t count) {
    if (!of_memory) return layers[kQuery].Input(first, count, into.queries.f32());
    layers[kKey].Input(first, count, by_sums);
    if (attention.self) layers[kQuery].Input(first, count, by_sums, true);
    if (by_sums != into.memory.f32())
      std::copy(by_sums + first * dim, by_sums + (first + count) * dim, into.memory.f32() + first * dim);
    layers[kValue].Input(first, count, into.memory.f32(), true);
  };
  // Rows of the weights' gradients for half of the threads at a time, because each weight is a quarter of them.
  const int64_t share = RowsPerThread(dim, attention.memory.rows() * dim, std::max(1, NumThreads() / 2)),
                in_pieces = Pieces(dim, share);
  RunPieces(pieces.total + kNumProjections * in_pieces, 2 * attention.WorkOfProjections(), [&](int64_t piece) {
    if (piece < pieces.total) return pieces.Run(piece, input_rows);
    const int64_t which = (piece - pieces.total) / in_pieces, first = (piece - pieces.total) % in_pieces * share;
    layers[which].Weight(first, std::min(share, dim - first), into.weights[which].f32(), into.biases[which].f32());
  });
  if (summed) SumOverImages(apart.data(), attention.memory.SharedBy(), into.memory_position);
  if (into.query_position.given) SumOverImages(into.queries.f32(), attention.queries.SharedBy(), into.query_position);
}

}  // namespace detrkit
