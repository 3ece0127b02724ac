// Group normalisation of NHWC maps, with what follows it in a residual network: y = act(norm(x) * weight + bias + residual).
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernel.h"
#include "kernels.h"
#include "parallel.h"

namespace detrkit {
namespace {

// Work is cut into one image times a run of whole groups, at least this many channels wide: a cache line of floats.
constexpr int64_t kLine = 16;

struct Layout {
  int64_t images, cells, channels, group, run, runs;

  Layout(const View& x, int64_t groups) {
    images = x.dims[0];
    channels = x.columns();
    cells = images * channels == 0 ? 0 : x.size() / (images * channels);
    group = channels / groups;
    run = std::min(channels, group * std::max<int64_t>(1, (kLine + group - 1) / group));
    runs = (channels + run - 1) / run;
  }
};

// Column sums of a map's run of channels: in floats over short stretches of rows, in doubles over all.
template <typename Value>
void SumRows(int64_t cells, int64_t width, double* sums, const Value& value) {
  std::vector<float> part(width);
  std::fill(sums, sums + width, 0.0);
  for (int64_t start = 0; start < cells; start += 128) {
    std::fill(part.begin(), part.end(), 0.0f);
    for (int64_t cell = start; cell < std::min(start + 128, cells); ++cell) value(cell, part.data());
    for (int64_t i = 0; i < width; ++i) sums[i] += part[i];
  }
}

// Adds up each group's channels and gives every channel its group's sum.
void ShareByGroup(std::vector<double>& sums, int64_t width, int64_t group) {
  for (int64_t first = 0; first < width; first += group) {
    double total = 0;
    for (int64_t i = first; i < first + group; ++i) total += sums[i];
    std::fill(sums.begin() + first, sums.begin() + first + group, total);
  }
}

// Inputs x [B, ..., C], weight [C], bias [C], residual (none or one, as x); attributes groups, relu (0 or 1), epsilon.
// Outputs y, and mean and 1/deviation of each image's channels [B, C].
void Forward(Context& context) {
  const View x = context.Input(0), weight = context.Input(1), bias = context.Input(2);
  const View residual = context.NumInputs() > 3 ? context.Input(3) : View{};
  if (!context.ok()) return;
  const Layout at(x, context.attributes.ints[0]);
  const bool relu = context.attributes.ints[1] != 0;
  const float epsilon = context.attributes.floats[0];
  const View y = context.Output(0, x.dims), mean = context.Output(1, {at.images, at.channels}), scale = context.Output(2, {at.images, at.channels});
  if (!context.ok()) return;
  ParallelFor(at.images * at.runs, std::max<int64_t>(1, 16384 / std::max<int64_t>(1, at.cells * at.run)), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t image = task / at.runs, first = (task % at.runs) * at.run, width = std::min(at.run, at.channels - first);
      const int64_t offset = image * at.cells * at.channels + first;
      const float* in = x.f32() + offset;
      std::vector<double> sums(width);
      std::vector<float> centre(width), factor(width), shift(width);
      SumRows(at.cells, width, sums.data(), [&](int64_t cell, float* part) {
        for (int64_t i = 0; i < width; ++i) part[i] += in[cell * at.channels + i];
      });
      ShareByGroup(sums, width, at.group);
      const double count = static_cast<double>(at.cells * at.group);
      for (int64_t i = 0; i < width; ++i) centre[i] = static_cast<float>(sums[i] / count);
      SumRows(at.cells, width, sums.data(), [&](int64_t cell, float* part) {
        for (int64_t i = 0; i < width; ++i) {
          const float away = in[cell * at.channels + i] - centre[i];
          part[i] += away * away;
        }
      });
      ShareByGroup(sums, width, at.group);
      for (int64_t i = 0; i < width; ++i) {
        const float deviation = static_cast<float>(1 / std::sqrt(sums[i] / count + epsilon));
        mean.f32()[image * at.channels + first + i] = centre[i];
        scale.f32()[image * at.channels + first + i] = deviation;
        factor[i] = deviation * weight.f32()[first + i];
        shift[i] = bias.f32()[first + i] - centre[i] * factor[i];
      }
      float* out = y.f32() + offset;
      const float* more = residual.bytes ? residual.f32() + offset : nullptr;
      // std::max(value, floor) in this order lets a NaN through: it has to reach the loss, which stops the run.
      const float floor = relu ? 0.0f : -INFINITY;
      for (int64_t cell = 0; cell < at.cells; ++cell) {
        const int64_t row = cell * at.channels;
        if (more) {
          for (int64_t i = 0; i < width; ++i) out[row + i] = std::max(in[row + i] * factor[i] + shift[i] + more[row + i], floor);
        } else {
          for (int64_t i = 0; i < width; ++i) out[row + i] = std::max(in[row + i] * factor[i] + shift[i], floor);
        }
      }
    }
  });
}

// Inputs dy, x, y, weight, mean, scale; attributes groups, relu, residual (0 or 1: whether its gradient is wanted).
// Outputs dx, dweight, dbias, and d(residual) (empty unless wanted).
void Backward(Context& context) {
  const View dy = context.Input(0), x = context.Input(1), y = context.Input(2), weight = context.Input(3), mean = context.Input(4), scale = context.Input(5);
  if (!context.ok()) return;
  const Layout at(x, context.attributes.ints[0]);
  const bool relu = context.attributes.ints[1] != 0, wanted = context.attributes.ints[2] != 0;
  const View dx = context.Output(0, x.dims), dweight = context.Output(1, {at.channels}), dbias = context.Output(2, {at.channels});
  const View dresidual = context.Output(3, wanted ? x.dims : Dims{0});
  if (!context.ok()) return;
  std::vector<double> bias_sums(at.images * at.channels), weight_sums(at.images * at.channels);
  ParallelFor(at.images * at.runs, std::max<int64_t>(1, 16384 / std::max<int64_t>(1, at.cells * at.run)), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t image = task / at.runs, first = (task % at.runs) * at.run, width = std::min(at.run, at.channels - first);
      const int64_t offset = image * at.cells * at.channels + first, statistics = image * at.channels + first;
      const float *in = x.f32() + offset, *out = y.f32() + offset, *gradient = dy.f32() + offset;
      const float *centre = mean.f32() + statistics, *deviation = scale.f32() + statistics;
      // Where the output was cut at 0 nothing flows back; dx holds the masked gradient until it is finished.
      float* into = dx.f32() + offset;
      for (int64_t cell = 0; cell < at.cells; ++cell) {
        const int64_t row = cell * at.channels;
        for (int64_t i = 0; i < width; ++i) into[row + i] = !relu || out[row + i] > 0 ? gradient[row + i] : 0.0f;
        if (wanted) std::copy(into + row, into + row + width, dresidual.f32() + offset + row);
      }
      double *plain = bias_sums.data() + statistics, *along = weight_sums.data() + statistics;
      SumRows(at.cells, width, plain, [&](int64_t cell, float* part) {
        for (int64_t i = 0; i < width; ++i) part[i] += into[cell * at.channels + i];
      });
      SumRows(at.cells, width, along, [&](int64_t cell, float* part) {
        const int64_t row = cell * at.channels;
        for (int64_t i = 0; i < width; ++i) part[i] += into[row + i] * (in[row + i] - centre[i]) * deviation[i];
      });
      std::vector<double> total(width), projected(width);
      for (int64_t i = 0; i < width; ++i) {
        total[i] = plain[i] * weight.f32()[first + i];
        projected[i] = along[i] * weight.f32()[first + i];
      }
      ShareByGroup(total, width, at.group);
      ShareByGroup(projected, width, at.group);
      const double count = static_cast<double>(at.cells * at.group);
      std::vector<float> slope(width), tilt(width), shift(width);
      for (int64_t i = 0; i < width; ++i) {
        slope[i] = deviation[i] * weight.f32()[first + i];
        tilt[i] = static_cast<float>(-deviation[i] * deviation[i] * projected[i] / count);
        shift[i] = static_cast<float>(-deviation[i] * total[i] / count) - tilt[i] * centre[i];
      }
      for (int64_t cell = 0; cell < at.cells; ++cell) {
        const int64_t row = cell * at.channels;
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

}  // namespace

std::vector<Op> GroupNormOps() {
  return {
      {"DetrkitGroupNorm", {"x: float", "weight: float", "bias: float", "residual: R * float"}, {"y: float", "mean: float", "scale: float"}, {"groups", "relu"}, {"epsilon"}, {"R"}, Forward},
      {"DetrkitGroupNormGradient",
       {"dy: float", "x: float", "y: float", "weight: float", "mean: float", "scale: float"},
       {"dx: float", "dweight: float", "dbias: float", "dresidual: float"},
       {"groups", "relu", "residual"}, {}, {}, Backward},
  };
}

}  // namespace detrkit
