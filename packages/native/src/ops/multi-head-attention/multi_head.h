#pragma once
// Inputs of a multi-head attention with its projections and positions, for both passes.
#include <algorithm>
#include <cstdint>

#include "shared/kernel.h"
#include "shared/linear_rows.h"
#include "shared/scaled_attention.h"

namespace detrkit {

enum Projection { kQuery, kKey, kValue, kOutput, kNumProjections };

// Queries or memory.
struct Tokens {
  View values;    // [B, S, D]
  View position;  // [B, S, D], [S, D], or none

  int64_t rows() const { return values.rows(); }
  int64_t dim() const { return values.columns(); }
  // How many images share one position.
  int64_t SharedBy() const { return position.dims.size() < values.dims.size() ? values.dims[0] : 1; }

  // Rows [first, first + count) with their positions: the values themselves if there are none, else written to `into`.
  const float* Positioned(int64_t first, int64_t count, float* into) const;
};

// What the forward pass saves for the backward pass: projected queries, keys and values, and the heads' results side by
// side. Or the gradients of these.
struct Projected {
  float *query, *joined;  // [B, Q, D]
  float *key, *value;     // [B, S, D]

  Projected(float* start, const Tokens& queries, const Tokens& memory)
      : query(start),
        joined(query + queries.values.size()),
        key(joined + queries.values.size()),
        value(key + memory.values.size()) {}

  static int64_t Size(const Tokens& queries, const Tokens& memory) {
    return 2 * (queries.values.size() + memory.values.size());
  }
};

// Inputs, from `first` on: position of the memory (none or one), position of the queries (none or one), memory [B, S,
// D], queries [B, Q, D] (one, or none in self-attention, which then has one position), weight [D, D] and bias [D] of
// query, key, value and output, key padding mask [B, S] (none or one; bool, true is ignored), seed (one where the rate
// is above 0). Attributes: heads; rate.
struct MultiHead {
  Tokens queries, memory;
  View weights[kNumProjections], biases[kNumProjections];
  View key_padding_mask, seed;
  bool self;
  int64_t heads;
  float rate;

  MultiHead(Context& context, int first);

  int64_t dim() const { return memory.dim(); }
  LinearLayer Layer(Projection which) const { return {weights[which].f32(), biases[which].f32(), dim(), dim()}; }
  ScaledAttention Attention(const Projected& projected) const;
  // Multiply-adds of all four projections together.
  int64_t WorkOfProjections() const { return 2 * (queries.rows() + memory.rows()) * dim() * dim(); }

 private:
  void Check(Context& context) const;
};

// Pieces of rows for the threads, of the memory first and then of the queries; in self-attention they are the same.
struct RowPieces {
  int64_t memory_rows, query_rows, memory_share, query_share, memory_pieces, total;

  explicit RowPieces(const MultiHead& attention);

  // body(whether these are rows of the memory, first, count)
  template <typename Body>
  void Run(int64_t piece, const Body& body) const {
    const bool of_memory = piece < memory_pieces;
    const int64_t share = of_memory ? memory_share : query_share,
                  first = (of_memory ? piece : piece - memory_pieces) * share;
    body(of_memory, first, std::min(share, (of_memory ? memory_rows : query_rows) - first));
  }
};

}  // namespace detrkit
