#include "deformable.h"

namespace detrkit {
namespace {

// Cells are counted in 32 bits, of which BilinearSamples needs two for cells outside.
constexpr int64_t kMostCells = 1 << 29;

}  // namespace

std::string ReadLevels(const View& shapes, Deformable& sizes) {
  if (shapes.dims.size() != 2 || shapes.dims[0] < 1 || shapes.dims[1] != 2) {
    return "deformable attention: level shapes expected [L, 2], a height and a width for at least one level, got " +
           Text(shapes.dims);
  }
  if (sizes.points < 1 || sizes.points > INT32_MAX) {
    return "deformable attention: at least one point is needed in each level, and at most " + std::to_string(INT32_MAX);
  }
  int64_t first = 0;
  for (int64_t level = 0; level < shapes.dims[0]; ++level) {
    const int64_t height = shapes.i32()[2 * level], width = shapes.i32()[2 * level + 1];
    if (height < 1 || width < 1 || height * width > kMostCells - first) {
      return "deformable attention: level " + std::to_string(level) + " of " + Text({height, width}) +
             " is empty or too large";
    }
    sizes.levels.push_back({height, width, first});
    first += height * width;
  }
  if (first == sizes.cells) return "";
  return "deformable attention: value has " + std::to_string(sizes.cells) + " cells, the levels together have " +
         std::to_string(first) + "; value holds the maps one after the other, row by row";
}

}  // namespace detrkit
