// Multi-head scaled dot-product attention on projected queries, keys and values.
#include "shared/kernel.h"
#include "shared/random_mask.h"
#include "shared/scaled_attention.h"

namespace detrkit {
namespace {

// Inputs 0..4 of both ops: query [B, Q, D], key [B, S, D], value [B, S, D], key padding mask [B, S] or [0] (bool, true
// is ignored), seed (a scalar). Attributes: heads; rate.
struct Problem {
  View query, key, value, key_padding_mask, seed;

  explicit Problem(Context& context)
      : query(context.Input(0)),
        key(context.Input(1)),
        value(context.Input(2)),
        key_padding_mask(context.Input(3)),
        seed(context.Input(4)) {
    if (context.ok()) context.Require(CheckAttention(query, key, context.attributes.ints[0]));
    if (!context.ok()) return;
    context.RequireDims("attention: value", value, key.dims);
    if (key_padding_mask.dims != Dims{0})
      context.RequireDims("attention: keyPaddingMask", key_padding_mask, {key.dims[0], key.dims[1]});
    context.RequireDims("attention: seed", seed, {});
    context.Require(CheckRate(context.attributes.floats[0]));
  }

  ScaledAttention Attention(const Attributes& attributes) const {
    return {query.f32(), key.f32(), value.f32(), key_padding_mask.size() > 0 ? key_padding_mask.u8() : nullptr,
            query.dims[0], query.dims[1], key.dims[1], query.dims[2], attributes.ints[0],
            attributes.floats[0], static_cast<uint32_t>(seed.i32()[0])};
  }
};

// Output: result [B, Q, D].
void Forward(Context& context) {
  const Problem problem(context);
  if (!context.ok()) return;
  const View result = context.Output(0, problem.query.dims);
  if (!context.ok()) return;
  problem.Attention(context.attributes).Forward(result.f32());
}

// Further input: dresult. Outputs dquery, dkey, dvalue.
void Backward(Context& context) {
  const Problem problem(context);
  const View gradient = context.Input(5);
  context.RequireDims("attention: dresult", gradient, problem.query.dims);
  if (!context.ok()) return;
  const View dquery = context.Output(0, problem.query.dims), dkey = context.Output(1, problem.key.dims),
             dvalue = context.Output(2, problem.key.dims);
  if (!context.ok()) return;
  problem.Attention(context.attributes).Backward(gradient.f32(), dquery.f32(), dkey.f32(), dvalue.f32());
}

const Declared ops({
    {"DetrkitAttention",
     {"query: float", "key: float", "value: float", "key_padding_mask: bool", "seed: int32"},
     {"result: float"},
     {"heads"}, {"rate"}, {}, Forward},
    {"DetrkitAttentionGradient",
     {"query: float", "key: float", "value: float", "key_padding_mask: bool", "seed: int32", "dresult: float"},
     {"dquery: float", "dkey: float", "dvalue: float"},
     {"heads"}, {"rate"}, {}, Backward},
});

}  // namespace
}  // namespace detrkit
