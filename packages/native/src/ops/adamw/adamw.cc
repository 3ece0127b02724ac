// One step of AdamW over all of a model's parameters (Loshchilov and Hutter, 2019), with the gradients clipped by their
// joint norm first. One op instead of a dozen for each of hundreds of small tensors.
#include <algorithm>
#include <cmath>

#include "shared/kernel.h"
#include "shared/parallel.h"

namespace detrkit {
namespace {

// Inputs: settings [6 + 3N]; moments m and v, each flat [sum of sizes]; N parameters; N gradients. Moments and
// parameters are written in place, as TensorFlow's own training ops do to variables: new ones for hundreds of small
// tensors took longer than the arithmetic. The caller ensures that no other tensor shares their memory. Output: the
// gradients' norm before clipping. If it is not finite, nothing is changed. Settings: [beta1, 1 - beta1, beta2, 1 -
// beta2, epsilon, clip norm (0: none)] then, of each parameter, [step size: learning rate / (1 - beta1^step), factor of
// the weight decay: 1 - learning rate * decay, root: sqrt(1 - beta2^step)]. The caller computes these in double
// precision: 1 - 0.999f is off by 1e-5.
void Compute(Context& context) {
  const int count = (context.NumInputs() - 3) / 2;
  const View settings = context.Input(0), first = context.Input(1), second = context.Input(2);
  std::vector<View> parameters, gradients;
  for (int i = 0; i < count; ++i) parameters.push_back(context.Input(3 + i));
  for (int i = 0; i < count; ++i) gradients.push_back(context.Input(3 + count + i));
  context.RequireDims("AdamW: settings", settings, {6 + 3 * count});
  std::vector<int64_t> starts(count + 1);
  for (int i = 0; i < count; ++i) {
    starts[i + 1] = starts[i] + parameters[i].size();
    context.RequireDims("AdamW: gradient", gradients[i], parameters[i].dims);
  }
  context.RequireDims("AdamW: first moments", first, {starts[count]});
  context.RequireDims("AdamW: second moments", second, {starts[count]});
  if (!context.ok()) return;
  const View norm = context.Output(0, {});
  if (!context.ok()) return;
  const float* given = settings.f32();
  const float keep1 = given[0], add1 = given[1], keep2 = given[2], add2 = given[3], epsilon = given[4], clip = given[5];

  // Each tensor's squares are summed separately and added in order, whatever the number of threads.
  std::vector<double> squares(count);
  ParallelFor(count, std::max(1, count / 16), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* values = gradients[i].f32();
      const int64_t size = gradients[i].size();
      for (int64_t start = 0; start < size; start += 4096) {
        const int64_t stop = std::min(start + 4096, size);
        float part = 0;
        for (int64_t k = start; k < stop; ++k) part += values[k] * values[k];
        squares[i] += part;
      }
    }
  });
  double total = 0;
  for (double value : squares) total += value;
  const float length = static_cast<float>(std::sqrt(total));
  norm.f32()[0] = length;
  if (!std::isfinite(length)) return;
  // As in torch.nn.utils.clip_grad_norm_: gradients are never scaled up, and 1e-6 keeps the quotient finite.
  const float factor = clip > 0 ? std::min(1.0f, clip / (length + 1e-6f)) : 1.0f;

  ParallelFor(starts[count], 16384, [&](int64_t begin, int64_t end) {
    int64_t i = std::upper_bound(starts.begin(), starts.end(), begin) - starts.begin() - 1;
    for (int64_t at = begin; at < end; at = starts[++i]) {
      const float size = given[6 + 3 * i], left = given[7 + 3 * i], root = given[8 + 3 * i];
      const int64_t from = at - starts[i], run = std::min(starts[i + 1], end) - at;
      const float* gradient = gradients[i].f32() + from;
      float *m = first.f32() + at, *v = second.f32() + at, *values = parameters[i].f32() + from;
      DETRKIT_VECTOR
      for (int64_t k = 0; k < run; ++k) {
        const float g = gradient[k] * factor;
        m[k] = keep1 * m[k] + add1 * g;
        v[k] = keep2 * v[k] + add2 * g * g;
        values[k] = values[k] * left - size * m[k] / (std::sqrt(v[k]) / root + epsilon);
      }
    }
  });
}

const Declared ops({
    {"DetrkitAdamW",
     {"settings: float", "first: float", "second: float", "parameters: N * float", "gradients: N * float"},
     {"norm: float"},
     {}, {}, {"N"}, Compute},
});

}  // namespace
}  // namespace detrkit
