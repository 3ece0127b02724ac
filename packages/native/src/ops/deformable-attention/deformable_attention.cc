// Multi-scale deformable attention with given locations and weights.
#include "deformable.h"
#include "sample_all.h"

namespace detrkit {
namespace {

// Inputs 0..3 of both ops: shapes [L, 2] (int32; heights and widths), value [B, S, M, C], locations [B, Q, M, L, P, 2],
// weights [B, Q, M, L, P].
struct Problem : Deformable {
  View value, locations, weights;

  explicit Problem(Context& context) : value(context.Input(1)), locations(context.Input(2)), weights(context.Input(3)) {
    const View shapes = context.Input(0);
    if (context.ok()) context.Require(Read(shapes));
  }

 private:
  std::string Read(const View& shapes) {
    if (value.dims.size() != 4)
      return "deformable attention: value expected to have 4 dimensions [B, S, heads, D / heads], got " +
             std::to_string(value.dims.size());
    if (weights.dims.size() != 5)
      return "deformable attention: weights expected to have 5 dimensions [B, Q, heads, L, P], got " +
             std::to_string(weights.dims.size());
    batch = value.dims[0], cells = value.dims[1], heads = value.dims[2], channels = value.dims[3];
    queries = weights.dims[1], points = weights.dims[4];
    if (const std::string problem = ReadLevels(shapes, *this); !problem.empty()) return problem;
    const std::string problem =
        CheckDims("deformable attention: weights", weights, {batch, queries, heads, num_levels(), points});
    return problem.empty() ? CheckDims("deformable attention: locations", locations,
                                       {batch, queries, heads, num_levels(), points, 2})
                           : problem;
  }
};

// Reads the points where they are stored.
struct StoredPoints {
  const Problem& problem;

  Points Take(int64_t image, int64_t head, int64_t first, int64_t) const {
    const int64_t at = problem.FirstSample(image, first, head);
    return {problem.locations.f32() + 2 * at, problem.weights.f32() + at, problem.heads * problem.samples()};
  }
};

// Output: result [B, Q, M * C].
void Forward(Context& context) {
  const Problem problem(context);
  if (!context.ok()) return;
  const View result = context.Output(0, {problem.batch, problem.queries, problem.width()});
  if (!context.ok()) return;
  SampleAll(problem, problem.value.f32(), StoredPoints{problem}, result.f32());
}

// Further input: dresult. Outputs dvalue, dlocations, dweights.
void Backward(Context& context) {
  const Problem problem(context);
  const View upstream = context.Input(4);
  context.RequireDims("deformable attention: dresult", upstream, {problem.batch, problem.queries, problem.width()});
  if (!context.ok()) return;
  const View dvalue = context.Output(0, problem.value.dims), dlocations = context.Output(1, problem.locations.dims),
             dweights = context.Output(2, problem.weights.dims);
  if (!context.ok()) return;
  SampleAllGradient(problem, problem.value.f32(), problem.locations.f32(), problem.weights.f32(), upstream.f32(),
                    dvalue.f32(), dlocations.f32(), dweights.f32());
}

const Declared ops({
    {"DetrkitDeformableAttention",
     {"shapes: int32", "value: float", "locations: float", "weights: float"},
     {"result: float"},
     {}, {}, {}, Forward},
    {"DetrkitDeformableAttentionGradient",
     {"shapes: int32", "value: float", "locations: float", "weights: float", "dresult: float"},
     {"dvalue: float", "dlocations: float", "dweights: float"},
     {}, {}, {}, Backward},
});

}  // namespace
}  // namespace detrkit
