// Multi-scale deformable attention from what a layer predicts: offsets from reference points, and logits of the
// weights. The gradients of locations and weights are computed in the memory of those of offsets and logits, so no
// other memory is needed.
#include <algorithm>

#include "deformable.h"
#include "predicted_points.h"
#include "sample_all.h"
#include "shared/parallel.h"

namespace detrkit {
namespace {

// Inputs 0..4 of both ops: shapes [L, 2] (int32; heights and widths), value [B, S, D], offsets [B, Q, M*L*P*2], logits
// [B, Q, M*L*P], references [B, Q, L, 2 or 4]. Attributes: heads; points.
struct Problem : Deformable {
  View value, offsets, logits, references;

  explicit Problem(Context& context)
      : value(context.Input(1)), offsets(context.Input(2)), logits(context.Input(3)), references(context.Input(4)) {
    const View shapes = context.Input(0);
    heads = context.attributes.ints[0];
    points = context.attributes.ints[1];
    if (context.ok()) context.Require(Read(shapes));
  }

  PredictedPoints Source() const {
    return {*this, offsets.f32(), logits.f32(), references.f32(), references.columns()};
  }

 private:
  std::string Read(const View& shapes) {
    if (value.dims.size() != 3 || heads < 1 || value.dims[2] % heads != 0) {
      return "deformable attention: value expected [B, S, D], D a multiple of the " + std::to_string(heads) + " heads";
    }
    if (offsets.dims.size() != 3)
      return "deformable attention: offsets expected to have 3 dimensions [B, Q, heads * L * P * 2], got " +
             std::to_string(offsets.dims.size());
    batch = value.dims[0], cells = value.dims[1], channels = value.dims[2] / heads;
    queries = offsets.dims[1];
    if (const std::string problem = ReadLevels(shapes, *this); !problem.empty()) return problem;
    if (samples() > INT32_MAX / heads) {
      return "deformable attention: " + std::to_string(heads) + " heads of " + std::to_string(samples()) +
             " points are too many";
    }
    if (const std::string problem =
            CheckDims("deformable attention: offsets", offsets, {batch, queries, heads * samples() * 2});
        !problem.empty())
      return problem;
    if (const std::string problem =
            CheckDims("deformable attention: logits", logits, {batch, queries, heads * samples()});
        !problem.empty())
      return problem;
    const int64_t given = references.dims.empty() ? 0 : references.dims.back();
    return CheckDims("deformable attention: reference points", references,
                     {batch, queries, num_levels(), given == 4 ? 4 : 2});
  }
};

// Output: result [B, Q, D].
void Forward(Context& context) {
  const Problem problem(context);
  if (!context.ok()) return;
  const View result = context.Output(0, {problem.batch, problem.queries, problem.width()});
  if (!context.ok()) return;
  SampleAll(problem, problem.value.f32(), problem.Source(), result.f32());
}

// Further input: dresult. Outputs dvalue, doffsets, dlogits, dreferences.
void Backward(Context& context) {
  const Problem problem(context);
  const View upstream = context.Input(5);
  context.RequireDims("deformable attention: dresult", upstream, {problem.batch, problem.queries, problem.width()});
  if (!context.ok()) return;
  const View dvalue = context.Output(0, problem.value.dims), doffsets = context.Output(1, problem.offsets.dims);
  const View dlogits = context.Output(2, problem.logits.dims), dreferences = context.Output(3, problem.references.dims);
  if (!context.ok()) return;
  const PredictedPoints source = problem.Source();
  float *locations = doffsets.f32(), *weights = dlogits.f32();
  const int64_t each = problem.heads * problem.samples(), grain = std::max<int64_t>(1, 4096 / each);
  const int64_t reference = problem.num_levels() * problem.references.columns();
  ParallelFor(problem.batch * problem.queries, grain, [&](int64_t begin, int64_t end) {
    for (int64_t query = begin; query < end; ++query) {
      for (int64_t head = 0; head < problem.heads; ++head) {
        const int64_t at = query * each + head * problem.samples();
        source.WriteLocations(query, head, locations + 2 * at);
        source.WriteWeights(query, head, weights + at);
      }
    }
  });
  SampleAllGradient(problem, problem.value.f32(), locations, weights, upstream.f32(), dvalue.f32(), locations, weights);
  ParallelFor(problem.batch * problem.queries, grain, [&](int64_t begin, int64_t end) {
    PredictedPoints own = source;
    for (int64_t query = begin; query < end; ++query) {
      own.ChainBack(query, locations + 2 * query * each, weights + query * each, dreferences.f32() + query * reference);
    }
  });
}

const Declared ops({
    {"DetrkitDeformableSampling",
     {"shapes: int32", "value: float", "offsets: float", "logits: float", "references: float"},
     {"result: float"},
     {"heads", "points"}, {}, {}, Forward},
    {"DetrkitDeformableSamplingGradient",
     {"shapes: int32", "value: float", "offsets: float", "logits: float", "references: float", "dresult: float"},
     {"dvalue: float", "doffsets: float", "dlogits: float", "dreferences: float"},
     {"heads", "points"}, {}, {}, Backward},
});

}  // namespace
}  // namespace detrkit
