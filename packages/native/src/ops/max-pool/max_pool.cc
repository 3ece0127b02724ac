// Max pooling of NHWC maps with symmetric padding, which is never the maximum, and its gradient, which goes to the
// first of equal values.
#include <algorithm>
#include <limits>
#include <vector>

#include "shared/kernel.h"
#include "shared/parallel.h"

namespace detrkit {
namespace {

// Attributes: window, stride, padding. The part of a window inside the map is visited row by row.
struct Windows {
  int64_t images, height, width, channels, window, stride, padding, out_height, out_width;

  Windows(const View& x, const std::vector<int64_t>& given) : window(given[0]), stride(given[1]), padding(given[2]) {
    images = x.dims[0], height = x.dims[1], width = x.dims[2], channels = x.dims[3];
    out_height = (height + 2 * padding - window) / stride + 1;
    out_width = (width + 2 * padding - window) / stride + 1;
  }

  // Calls visit(offset of the input cell's channels) for each cell of the map under an output cell.
  template <typename Visit>
  void Cells(int64_t image, int64_t row, int64_t column, const Visit& visit) const {
    const int64_t top = row * stride - padding, left = column * stride - padding;
    for (int64_t y = std::max<int64_t>(top, 0); y < std::min(top + window, height); ++y) {
      for (int64_t x = std::max<int64_t>(left, 0); x < std::min(left + window, width); ++x)
        visit(((image * height + y) * width + x) * channels);
    }
  }
};

// Returns what is wrong with a map and the windows on it, or an empty text.
std::string CheckWindows(const View& x, const std::vector<int64_t>& given) {
  if (x.dims.size() != 4) return "max pool: input expected [B, H, W, C], got " + Text(x.dims);
  const int64_t window = given[0], stride = given[1], padding = given[2];
  if (window < 1 || stride < 1 || padding < 0)
    return "max pool: a window and a stride of at least 1 are needed, and no negative padding";
  if (padding > window / 2) {
    return "max pool: a padding of " + std::to_string(padding) + " is more than half of the window " +
           std::to_string(window);
  }
  if (std::min(x.dims[1], x.dims[2]) + 2 * padding >= window) return "";
  return "max pool: a window of " + std::to_string(window) + " does not fit into " + Text(x.dims) + " padded by " +
         std::to_string(padding);
}

// Input x [B, H, W, C]. Output y [B, H', W', C].
void Forward(Context& context) {
  const View x = context.Input(0);
  if (context.ok()) context.Require(CheckWindows(x, context.attributes.ints));
  if (!context.ok()) return;
  const Windows windows(x, context.attributes.ints);
  const int64_t channels = windows.channels;
  const View y = context.Output(0, {windows.images, windows.out_height, windows.out_width, channels});
  if (!context.ok()) return;
  const int64_t grain = std::max<int64_t>(1, 4096 / (windows.out_width * channels + 1));
  ParallelFor(windows.images * windows.out_height, grain, [&](int64_t begin, int64_t end) {
    for (int64_t line = begin; line < end; ++line) {
      for (int64_t column = 0; column < windows.out_width; ++column) {
        float* best = y.f32() + (line * windows.out_width + column) * channels;
        std::fill(best, best + channels, -std::numeric_limits<float>::infinity());
        windows.Cells(line / windows.out_height, line % windows.out_height, column, [&](int64_t cell) {
          const float* values = x.f32() + cell;
          // Written so that NaN counts as the maximum: it has to reach the loss, which stops the run.
          DETRKIT_VECTOR
          for (int64_t i = 0; i < channels; ++i) best[i] = values[i] <= best[i] ? best[i] : values[i];
        });
      }
    }
  });
}

// Inputs dy, x, y. Output dx.
void Backward(Context& context) {
  const View dy = context.Input(0), x = context.Input(1), y = context.Input(2);
  if (context.ok()) context.Require(CheckWindows(x, context.attributes.ints));
  if (!context.ok()) return;
  const Windows windows(x, context.attributes.ints);
  const int64_t channels = windows.channels;
  const Dims dims_of_y = {windows.images, windows.out_height, windows.out_width, channels};
  context.RequireDims("max pool: dy", dy, dims_of_y);
  context.RequireDims("max pool: y", y, dims_of_y);
  const View dx = context.Output(0, x.dims);
  if (!context.ok()) return;
  // Windows overlap, so one thread has all windows of an image's run of channels.
  const int64_t run = channels % 16 == 0 ? 16 : channels, runs = channels / run;
  ParallelFor(windows.images * runs, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> left(run);
    for (int64_t task = begin; task < end; ++task) {
      const int64_t image = task / runs, first = task % runs * run;
      const int64_t cells = windows.height * windows.width;
      for (int64_t cell = image * cells; cell < (image + 1) * cells; ++cell)
        std::fill_n(dx.f32() + cell * channels + first, run, 0.0f);
      for (int64_t row = 0; row < windows.out_height; ++row) {
        for (int64_t column = 0; column < windows.out_width; ++column) {
          const int64_t at = ((image * windows.out_height + row) * windows.out_width + column) * channels + first;
          const float* best = y.f32() + at;
          std::copy_n(dy.f32() + at, run, left.data());
          windows.Cells(image, row, column, [&](int64_t cell) {
            const float* values = x.f32() + cell + first;
            float* into = dx.f32() + cell + first;
            // The first equal cell takes the gradient; later ones get none.
            DETRKIT_VECTOR
            for (int64_t i = 0; i < run; ++i) {
              const float taken = values[i] == best[i] ? left[i] : 0.0f;
              into[i] += taken;
              left[i] -= taken;
            }
          });
        }
      }
    }
  });
}

const std::vector<const char*> attributes = {"window", "stride", "padding"};
const Declared ops({
    {"DetrkitMaxPool", {"x: float"}, {"y: float"}, attributes, {}, {}, Forward},
    {"DetrkitMaxPoolGradient", {"dy: float", "x: float", "y: float"}, {"dx: float"}, attributes, {}, {}, Backward},
});

}  // namespace
}  // namespace detrkit
