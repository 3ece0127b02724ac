#include "draft.h"

#include <algorithm>
#include <cctype>
#include <cfloat>
#include <climits>
#include <cmath>
#include <sstream>

namespace detrkit {
namespace {

constexpr float kInfinity = INFINITY;

std::vector<std::string> Split(const std::string& axes) {
  std::istringstream stream(axes[0] == '~' ? axes.substr(1) : axes);
  std::vector<std::string> parts;
  for (std::string part; stream >> part;) parts.push_back(part);
  return parts;
}

}  // namespace

Draft::Draft(Sizes sizes, Numbers numbers, Random& random) : sizes_(sizes), numbers_(numbers), random_(random) {
  call_.null_when_empty = random.Once(2);
  call_.offset = random.Once(2) ? 0 : 4;
  letters_['R'] = 1;
}

int64_t Draft::Pick(char letter, int64_t most, int64_t large, int64_t least) {
  int64_t size = 1;
  switch (sizes_) {
    case Sizes::kOnes: break;
    case Sizes::kSmall: size = std::min(random_.Of<int64_t>({2, 3, 5, 7}), most); break;
    case Sizes::kOdd: size = std::min(random_.Of<int64_t>({1, 2, 3, 5, 8, 13, 16, 17, 31, 33, 67}), most); break;
    case Sizes::kEmpty: size = random_.Once(3) ? 0 : std::min(random_.Of<int64_t>({1, 2, 3, 5}), most); break;
    case Sizes::kLarge: size = large; break;
  }
  return letters_[letter] = std::max(size, least);
}

void Draft::PickLeading(int most_axes, int64_t large) {
  leading_.clear();
  const int64_t axes = sizes_ == Sizes::kLarge ? 1 : random_.Below(most_axes + 1);
  for (int64_t axis = 0; axis < axes; ++axis) leading_.push_back(Pick('R', 31, large));
  letters_['R'] = 1;
  for (int64_t size : leading_) letters_['R'] *= size;
}

void Draft::List(const std::string& name, int64_t size) {
  call_.ints[name] = size;
  lists_.push_back(name);
}

bool Draft::Maybe(const std::string& name, bool given) {
  List(name, given ? 1 : 0);
  return given;
}

Value& Draft::Add(const std::string& axes, Kind kind) {
  axes_.push_back(axes);
  kinds_.push_back(kind);
  call_.inputs.push_back(Make(Dims(axes), kind));
  return call_.inputs.back();
}

int64_t Draft::AddLevels(int64_t levels, int64_t longest) {
  Let('L', levels);
  Value& shapes = Add("L 2", Kind::kLevels);
  int64_t cells = 0;
  for (int64_t level = 0; level < levels; ++level) {
    const int32_t height = static_cast<int32_t>(1 + random_.Below(longest)),
                  width = static_cast<int32_t>(1 + random_.Below(longest));
    shapes.i32()[2 * level] = height;
    shapes.i32()[2 * level + 1] = width;
    cells += height * width;
  }
  return cells;
}

int64_t Draft::Product(const std::string& axis) const {
  int64_t product = 1;
  for (char c : axis.substr(0, axis.find('<'))) {
    if (c != '!') product *= std::isdigit(static_cast<unsigned char>(c)) ? c - '0' : letters_.at(c);
  }
  return product;
}

std::vector<int64_t> Draft::Dims(const std::string& axes) const {
  std::vector<int64_t> dims;
  for (const std::string& axis : Split(axes)) {
    if (axis == "*") {
      dims.insert(dims.end(), leading_.begin(), leading_.end());
    } else {
      dims.push_back(Product(axis));
    }
  }
  return dims;
}

Value Draft::Make(const std::vector<int64_t>& dims, Kind kind) {
  const TF_DataType type = kind == Kind::kPaddingMask                     ? TF_BOOL
                           : kind == Kind::kSeed || kind == Kind::kLevels ? TF_INT32
                                                                          : TF_FLOAT;
  Value value = MakeValue(type, dims, kind == Kind::kPaddingMask || random_.Once(2) ? 0 : 4);
  Fill(value, kind);
  return value;
}

void Draft::Fill(Value& value, Kind kind) {
  for (int64_t i = 0; i < value.size(); ++i) {
    switch (kind) {
      case Kind::kPaddingMask: value.u8()[i] = random_.Once(3); break;
      case Kind::kSeed:
        value.i32()[i] = static_cast<int32_t>(random_.Below(int64_t{1} << 32) - (int64_t{1} << 31));
        break;
      case Kind::kLevels: value.i32()[i] = 1; break;
      default: value.f32()[i] = Number(kind);
    }
  }
}

float Draft::Number(Kind kind) {
  if (numbers_ == Numbers::kNotFinite && random_.Once(23)) return random_.Of({NAN, kInfinity, -kInfinity});
  if (numbers_ == Numbers::kHuge && random_.Once(3))
    return random_.Of({FLT_MAX, -FLT_MAX, 1e30f, -1e30f, FLT_MIN, 1e-42f, -1e-42f, 0.0f, -0.0f});
  const float unit = random_.Unit();
  // Some way beyond the borders, and on them.
  if (kind == Kind::kLocation) return random_.Once(5) ? random_.Of({0.0f, 1.0f, 0.5f, -1.0f, 2.0f}) : 2 * unit - 0.5f;
  return kind == Kind::kPositive ? unit + 0.25f : 2 * unit - 1;
}

Expected Draft::ExpectedOf(const std::string& axis) const {
  if (axis != "*" && (axis.size() > 1 || !std::isalpha(static_cast<unsigned char>(axis[0])))) return Expected::kRefuse;
  if (std::islower(static_cast<unsigned char>(axis[0]))) return Expected::kEither;
  int64_t readers = 0, followers = 0;
  for (const std::string& axes : axes_) {
    for (const std::string& other : Split(axes)) {
      const size_t from = std::min(other.find('<'), other.size());
      readers += std::count(other.begin(), other.begin() + from, axis[0]);
      followers += std::count(other.begin() + from, other.end(), axis[0]);
      // R is the product of what "*" stands for.
      if (axis == "*") readers += other == "R";
    }
  }
  if (readers > 1) return Expected::kRefuse;
  if (followers == 0) return Expected::kAccept;
  // What follows from a product with a 0 in it stays as it is.
  return sizes_ == Sizes::kEmpty ? Expected::kEither : Expected::kRefuse;
}

Change Draft::WithDims(size_t input, const std::vector<int64_t>& dims, Expected expected) {
  std::string text;
  for (int64_t size : dims) text += " " + std::to_string(size);
  Change change{"input " + std::to_string(input) + " as [" + text + " ]", call_, expected};
  change.call.inputs[input] = Make(dims, kinds_[input]);
  return change;
}

void Draft::ChangeDims(size_t input, std::vector<Change>& changes) {
  const std::vector<int64_t> dims = call_.inputs[input].dims;
  size_t at = 0;
  for (const std::string& axis : Split(axes_[input])) {
    for (size_t count = axis == "*" ? leading_.size() : 1; count > 0; --count, ++at) {
      for (const int64_t size : {dims[at] + 1, dims[at] - 1, int64_t{0}}) {
        if (size < 0 || size == dims[at]) continue;
        std::vector<int64_t> changed = dims;
        changed[at] = size;
        changes.push_back(WithDims(input, changed, ExpectedOf(axis)));
      }
    }
  }
  // Where a size is 1 or 0, other numbers of axes can mean the same.
  const bool plain = axes_[input].find_first_of("*~") == std::string::npos;
  const bool distinct = !dims.empty() && *std::min_element(dims.begin(), dims.end()) > 1;
  const Expected expected = plain && (distinct || dims.empty()) ? Expected::kRefuse : Expected::kEither;
  std::vector<int64_t> more = dims, fewer = dims;
  more.push_back(1);
  changes.push_back(WithDims(input, more, expected));
  if (dims.empty()) return;
  fewer.erase(fewer.begin());
  changes.push_back(WithDims(input, fewer, expected));
  changes.push_back(WithDims(input, {}, expected));
}

void Draft::ChangeAttributes(std::vector<Change>& changes) const {
  for (const auto& [name, value] : call_.ints) {
    if (std::count(lists_.begin(), lists_.end(), name) > 0) continue;
    for (const int64_t other : {int64_t{0}, int64_t{-1}, int64_t{1} << 40, int64_t{LLONG_MAX}, int64_t{LLONG_MIN}}) {
      Change change{name + " as " + std::to_string(other), call_, Expected::kEither};
      change.call.ints[name] = other;
      changes.push_back(change);
    }
  }
  for (const auto& [name, value] : call_.floats) {
    for (const float other : {NAN, -1.0f, 1.0f, 2.0f, kInfinity}) {
      Change change{name + " as " + std::to_string(other), call_, Expected::kEither};
      change.call.floats[name] = other;
      changes.push_back(change);
    }
  }
}

void Draft::ChangeLevels(size_t input, std::vector<Change>& changes) const {
  const Value& shapes = call_.inputs[input];
  for (int64_t i = 0; i < shapes.size(); ++i) {
    for (const int32_t size : {0, -1, INT_MAX, INT_MIN, shapes.i32()[i] + 1}) {
      Change change{"level shape " + std::to_string(i) + " as " + std::to_string(size), call_, Expected::kRefuse};
      Value& copy = change.call.inputs[input];
      copy = MakeValue(TF_INT32, shapes.dims, 0);
      std::copy_n(shapes.i32(), shapes.size(), copy.i32());
      copy.i32()[i] = size;
      changes.push_back(change);
    }
  }
}

std::vector<Change> Draft::Changes() {
  std::vector<Change> changes;
  for (size_t input = 0; input < call_.inputs.size(); ++input) {
    ChangeDims(input, changes);
    if (kinds_[input] == Kind::kLevels) ChangeLevels(input, changes);
  }
  ChangeAttributes(changes);
  return changes;
}

}  // namespace detrkit
