// Group normalisation of NHWC maps, with the ops that follow it in a residual network: y = act(norm(x) * weight + bias
// + residual).
#include <algorithm>
#include <cmath>
#include <vector>

#include "channel_groups.h"
#include "shared/kernel.h"
#include "shared/parallel.h"

namespace detrkit {
namespace {

struct Moments {
  double mean, squares;
};

// Mean of a group and the sum of squared distances to it, from each channel's sums of differences to a value of its
// own.
Moments GroupMoments(const double* sums, const double* squares, const float* about, int64_t cells, int64_t group) {
  double total = 0;
  for (int64_t i = 0; i < group; ++i) total += sums[i] + static_cast<double>(about[i]) * cells;
  const double mean = total / static_cast<double>(cells * group);
  double distances = 0;
  for (int64_t i = 0; i < group; ++i) {
    const double away = about[i] - mean;
    distances += squares[i] + 2 * away * sums[i] + away * away * cells;
  }
  return {mean, std::max(distances, 0.0)};
}

// Returns what is wrong with a map and its number of groups, or an empty text.
std::string CheckGroups(const View& x, int64_t groups) {
  if (x.dims.size() < 2) return "group norm: input expected [B, ..., C], got " + Text(x.dims);
  if (groups >= 1 && x.columns() >= 1 && x.columns() % groups == 0) return "";
  return "group norm: " + std::to_string(groups) + " groups do not divide " + std::to_string(x.columns()) + " channels";
}

// Inputs x [B, ..., C], weight [C], bias [C], residual (none or one, as x); attributes groups, relu (0 or 1), epsilon.
// Outputs y, and mean and 1/deviation of each image's channels [B, C].
void Forward(Context& context) {
  const View x = context.Input(0), weight = context.Input(1), bias = context.Input(2);
  const View residual = context.NumInputs() > 3 ? context.Input(3) : View{};
  if (context.ok()) context.Require(CheckGroups(x, context.attributes.ints[0]));
  if (!context.ok()) return;
  const Layout at(x, context.attributes.ints[0]);
  context.RequireDims("group norm: weight", weight, {at.channels});
  context.RequireDims("group norm: bias", bias, {at.channels});
  if (context.NumInputs() > 3) context.RequireDims("group norm: residual", residual, x.dims);
  const bool relu = context.attributes.ints[1] != 0;
  const float epsilon = context.attributes.floats[0];
  const View y = context.Output(0, x.dims), mean = context.Output(1, {at.images, at.channels}),
             scale = context.Output(2, {at.images, at.channels});
  if (!context.ok()) return;
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, at.cells * at.run));
  ParallelFor(at.images * at.runs, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t image = task / at.runs, first = (task % at.runs) * at.run,
                    width = std::min(at.run, at.channels - first);
      const int64_t offset = image * at.cells * at.channels + first;
      const float* in = x.f32() + offset;
      std::vector<double> sums(width), squares(width);
      std::vector<float> factor(width), shift(width);
      // Squares are of differences to the first cell, not to 0: with a mean far from 0 they would lose all digits.
      const std::vector<float> about = at.cells > 0 ? std::vector<float>(in, in + width) : std::vector<float>(width);
      SumCells(at.cells, width, sums.data(), squares.data(), [&](int64_t cell, float* plain, float* squared) {
        const float* row = in + cell * at.channels;
        DETRKIT_VECTOR
        for (int64_t i = 0; i < width; ++i) {
          const float away = row[i] - about[i];
          plain[i] += away;
          squared[i] += away * away;
        }
      });
      const double count = static_cast<double>(at.cells * at.group);
      for (int64_t first_of = 0; first_of < width; first_of += at.group) {
        const Moments moments = GroupMoments(&sums[first_of], &squares[first_of], &about[first_of], at.cells, at.group);
        const float deviation = static_cast<float>(1 / std::sqrt(moments.squares / count + epsilon));
        for (int64_t i = first_of; i < first_of + at.group; ++i) {
          mean.f32()[image * at.channels + first + i] = static_cast<float>(moments.mean);
          scale.f32()[image * at.channels + first + i] = deviation;
          factor[i] = deviation * weight.f32()[first + i];
          shift[i] = bias.f32()[first + i] - static_cast<float>(moments.mean) * factor[i];
        }
      }
      float* out = y.f32() + offset;
      const float* more = residual.bytes ? residual.f32() + offset : nullptr;
      // std::max(value, floor) in this order lets NaN through: it has to reach the loss, which stops the run.
      const float floor = relu ? 0.0f : -INFINITY;
      for (int64_t cell = 0; cell < at.cells; ++cell) {
        const int64_t row = cell * at.channels;
        if (more) {
          DETRKIT_VECTOR
          for (int64_t i = 0; i < width; ++i)
            out[row + i] = std::max(in[row + i] * factor[i] + shift[i] + more[row + i], floor);
        } else {
          DETRKIT_VECTOR
          for (int64_t i = 0; i < width; ++i) out[row + i] = std::max(in[row + i] * factor[i] + shift[i], floor);
        }
      }
    }
  });
}

// Inputs dy, x, y, weight, mean, scale; attributes groups, relu, residual (0 or 1: whether its gradient is wanted).
// Outputs dx, dweight, dbias, and d(residual) (empty unless wanted).
void Backward(Context& context) {
  const View dy = context.Input(0), x = context.Input(1), y = context.Input(2), weight = context.Input(3),
             mean = context.Input(4), scale = context.Input(5);
  if (context.ok()) context.Require(CheckGroups(x, context.attributes.ints[0]));
  if (!context.ok()) return;
  const Layout at(x, context.attributes.ints[0]);
  context.RequireDims("group norm: dy", dy, x.dims);
  context.RequireDims("group norm: y", y, x.dims);
  context.RequireDims("group norm: weight", weight, {at.channels});
  context.RequireDims("group norm: mean", mean, {at.images, at.channels});
  context.RequireDims("group norm: scale", scale, {at.images, at.channels});
  const bool relu = context.attributes.ints[1] != 0, wanted = context.attributes.ints[2] != 0;
  const View dx = context.Output(0, x.dims), dweight = context.Output(1, {at.channels}),
             dbias = context.Output(2, {at.channels});
  const View dresidual = context.Output(3, wanted ? x.dims : Dims{0});
  if (!context.ok()) return;
  std::vector<double> bias_sums(at.images * at.channels), weight_sums(at.images * at.channels);
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, at.cells * at.run));
  ParallelFor(at.images * at.runs, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t image = task / at.runs, first = (task % at.runs) * at.run,
                    width = std::min(at.run, at.channels - first);
      const int64_t offset = image * at.cells * at.channels + first, statistics = image * at.channels + first;
      const float *in = x.f32() + offset, *out = y.f32() + offset, *gradient = dy.f32() + offset;
      const float *centre = mean.f32() + statistics, *deviation = scale.f32() + statistics;
      // Where ReLU set the output to 0 no gradient flows back; dx holds the masked gradient until it is finished.
      float* into = dx.f32() + offset;
      double *plain = bias_sums.data() + statistics, *along = weight_sums.data() + statistics;
      SumCells(at.cells, width, plain, along, [&](int64_t cell, float* plain_part, float* along_part) {
        const int64_t row = cell * at.channels;
        DETRKIT_VECTOR
        for (int64_t i = 0; i < width; ++i) {
          const float value = !relu || out[row + i] > 0 ? gradient[row + i] : 0.0f;
          into[row + i] = value;
          plain_part[i] += value;
          along_part[i] += value * (in[row + i] - centre[i]) * deviation[i];
        }
        if (wanted) std::copy(into + row, into + row + width, dresidual.f32() + offset + row);
      });
      std::vector<double> total(width), projected(width);
      DETRKIT_VECTOR
      for (int64_t i = 0; i < width; ++i) {
        total[i] = plain[i] * weight.f32()[first + i];
        projected[i] = along[i] * weight.f32()[first + i];
      }
      ShareByGroup(total, width, at.group);
      ShareByGroup(projected, width, at.group);
      const double count = static_cast<double>(at.cells * at.group);
      std::vector<float> slope(width), tilt(width), shift(width);
      DETRKIT_VECTOR
      for (int64_t i = 0; i < width; ++i) {
        slope[i] = deviation[i] * weight.f32()[first + i];
        tilt[i] = static_cast<float>(-deviation[i] * deviation[i] * projected[i] / count);
        shift[i] = static_cast<float>(-deviation[i] * total[i] / count) - tilt[i] * centre[i];
      }
      for (int64_t cell = 0; cell < at.cells; ++cell) {
        const int64_t row = cell * at.channels;
        DETRKIT_VECTOR
        for (int64_t i = 0; i < width; ++i) into[row + i] = into[row + i] * slope[i] + in[row + i] * tilt[i] + shift[i];
      }
    }
  });
  for (int64_t channel = 0; channel < at.channels; ++channel) {
    double weight_sum = 0, bias_sum = 0;
    for (int64_t image = 0; image < at.images; ++image) {
      weight_sum += weight_sums[image * at.channels + channel];
      bias_sum += bias_sums[image * at.channels + channel];
    }
    dweight.f32()[channel] = static_cast<float>(weight_sum);
    dbias.f32()[channel] = static_cast<float>(bias_sum);
  }
}

const Declared ops({
    {"DetrkitGroupNorm",
     {"x: float", "weight: float", "bias: float", "residual: R * float"},
     {"y: float", "mean: float", "scale: float"},
     {"groups", "relu"}, {"epsilon"}, {"R"}, Forward},
    {"DetrkitGroupNormGradient",
     {"dy: float", "x: float", "y: float", "weight: float", "mean: float", "scale: float"},
     {"dx: float", "dweight: float", "dbias: float", "dresidual: float"},
     {"groups", "relu", "residual"}, {}, {}, Backward},
});

}  // namespace
}  // namespace detrkit
