// Dropout. Its backward pass is the same op on the gradient with the same seed.
#include "shared/kernel.h"
#include "shared/parallel.h"
#include "shared/random_mask.h"

namespace detrkit {
namespace {

// Inputs x, seed (a scalar: as an attribute, TensorFlow would cache another kernel for every step); attribute rate.
// Output y.
void Compute(Context& context) {
  const View x = context.Input(0), seed = context.Input(1);
  context.RequireDims("dropout: seed", seed, {});
  const float rate = context.attributes.floats[0];
  context.Require(CheckRate(rate));
  const View y = context.Output(0, x.dims);
  if (!context.ok()) return;
  const RandomMask mask(static_cast<uint32_t>(seed.i32()[0]), rate);
  ParallelFor(x.size(), 16384, [&](int64_t begin, int64_t end) {
    mask.Apply(x.f32() + begin, y.f32() + begin, begin, end - begin);
  });
}

const Declared ops({{"DetrkitDropout", {"x: float", "seed: int32"}, {"y: float"}, {}, {"rate"}, {}, Compute}});

}  // namespace
}  // namespace detrkit
