#pragma once
// A call of an op put together from shapes in letters, which tell what may be changed about it and what must be
// refused.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "random.h"
#include "tensorflow_double.h"

namespace detrkit {

enum class Sizes { kOnes, kSmall, kOdd, kEmpty, kLarge };
// Huge numbers overflow or not by the order of a sum; NaN and infinity, alone among ordinary numbers, do not depend on
// it.
enum class Numbers { kOrdinary, kNotFinite, kHuge };
enum class Kind { kNumber, kPositive, kLocation, kPaddingMask, kSeed, kLevels };
enum class Expected { kAccept, kRefuse, kEither };

// One change to a call, and what the op has to say to it.
struct Change {
  std::string what;
  Call call;
  Expected expected;
};

// Axes of a shape are separated by spaces. A capital is one size wherever it stands: an op must refuse a change of one
// that it reads from several inputs, and take one of its own. A small letter may or may not be refused. Several letters
// and digits together are their product, and one after "!" follows from something else, perhaps from the letters after
// "<": changes must be refused. "*" stands for any number of axes, the same ones wherever it stands. A shape after "~"
// may be given with another number of axes.
class Draft {
 public:
  Draft(Sizes sizes, Numbers numbers, Random& random);

  Random& random() { return random_; }
  Sizes sizes() const { return sizes_; }

  void Op(const std::string& name) { call_.op = name; }
  void Let(char letter, int64_t size) { letters_[letter] = size; }
  int64_t operator[](char letter) const { return letters_.at(letter); }
  // Draws a size: `large` where sizes are large, else at most `most`.
  int64_t Pick(char letter, int64_t most, int64_t large, int64_t least = 0);
  // Draws the axes that "*" stands for; their product is R.
  void PickLeading(int most_axes, int64_t large);
  // Where a dimension of 0 leaves no rows to count.
  void NoRowsWithout(char letter) { letters_['R'] *= letters_.at(letter) == 0 ? 0 : 1; }

  void Int(const std::string& name, int64_t value) { call_.ints[name] = value; }
  void Float(const std::string& name, float value) { call_.floats[name] = value; }
  // The attribute that counts the tensors of an input list.
  void List(const std::string& name, int64_t size);
  // One of no or one tensor. Returns whether there is one.
  bool Maybe(const std::string& name, bool given);
  Value& Add(const std::string& axes, Kind kind = Kind::kNumber);
  // Heights and widths of maps; returns how many cells they have together.
  int64_t AddLevels(int64_t levels, int64_t longest);

  const Call& call() const { return call_; }
  // Single changes of sizes, of numbers of axes, of attributes, and of the levels' shapes.
  std::vector<Change> Changes();

 private:
  std::vector<int64_t> Dims(const std::string& axes) const;
  int64_t Product(const std::string& axis) const;
  Value Make(const std::vector<int64_t>& dims, Kind kind);
  void Fill(Value& value, Kind kind);
  float Number(Kind kind);
  Expected ExpectedOf(const std::string& axis) const;
  Change WithDims(size_t input, const std::vector<int64_t>& dims, Expected expected);
  void ChangeDims(size_t input, std::vector<Change>& changes);
  void ChangeAttributes(std::vector<Change>& changes) const;
  void ChangeLevels(size_t input, std::vector<Change>& changes) const;

  const Sizes sizes_;
  const Numbers numbers_;
  Random& random_;
  Call call_;
  std::map<char, int64_t> letters_;
  std::vector<int64_t> leading_;
  std::vector<std::string> axes_;
  std::vector<Kind> kinds_;
  std::vector<std::string> lists_;
};

}  // namespace detrkit
