#include "op_cases.h"

#include <algorithm>
#include <string>

namespace detrkit {
namespace {

void AddLayerNorm(Draft& draft, bool backward) {
  draft.Op(backward ? "DetrkitLayerNormGradient" : "DetrkitLayerNorm");
  draft.PickLeading(3, 301);
  draft.Pick('D', 67, 256);
  draft.NoRowsWithout('D');
  if (backward) draft.Add("* D");
  draft.Add("* D");
  draft.Add("D");
  if (backward) {
    draft.Add("R");
    draft.Add("R", Kind::kPositive);
  } else {
    draft.Add("D");
    draft.Float("epsilon", 1e-5f);
  }
  if (draft.Maybe("R", draft.random().Once(2))) draft.Add("* D");
}

void AddGroupNorm(Draft& draft, bool backward) {
  draft.Op(backward ? "DetrkitGroupNormGradient" : "DetrkitGroupNorm");
  draft.Pick('B', 3, 2);
  draft.PickLeading(2, 400);
  const int64_t groups = draft.Pick('G', 8, 8, 1), group = draft.Pick('g', 13, 8, 1);
  draft.Let('C', groups * group);
  draft.Int("groups", groups);
  draft.Int("relu", draft.random().Below(2));
  draft.Add("B * C");
  if (backward) {
    draft.Int("residual", draft.random().Below(2));
    draft.Add("B * C");
    draft.Add("B * C");
    draft.Add("C");
    draft.Add("B C");
    draft.Add("B C", Kind::kPositive);
  } else {
    draft.Float("epsilon", 1e-5f);
    draft.Add("C");
    draft.Add("C");
    if (draft.Maybe("R", draft.random().Once(2))) draft.Add("B * C");
  }
}

void AddMaxPool(Draft& draft, bool backward) {
  const int64_t window = 1 + draft.random().Below(4), stride = 1 + draft.random().Below(3),
                padding = draft.random().Below(window / 2 + 1);
  draft.Op("DetrkitMaxPool");
  draft.Int("window", window);
  draft.Int("stride", stride);
  draft.Int("padding", padding);
  draft.Pick('B', 3, 2);
  draft.Pick('C', 33, 32);
  const int64_t height = draft.Pick('h', 17, 31, window), width = draft.Pick('w', 17, 29, window);
  if (!backward) {
    draft.Add("B h w C");
    return;
  }
  draft.Let('Y', (height + 2 * padding - window) / stride + 1);
  draft.Let('X', (width + 2 * padding - window) / stride + 1);
  draft.Add("B Y X C");
  // The gradient searches for the maximum: y has to be the result for this x.
  Call forward = draft.call();
  forward.inputs = {draft.Add("B h w C")};
  draft.Add("B Y X C") = RunOp(forward).outputs[0];
  draft.Op("DetrkitMaxPoolGradient");
}

void AddLinear(Draft& draft, bool backward) {
  draft.Op(backward ? "DetrkitLinearGradient" : "DetrkitLinear");
  draft.PickLeading(3, 601);
  draft.Pick('I', 67, 64);
  draft.Pick('O', 67, 48);
  const bool more = draft.random().Once(2);
  if (backward) draft.Add("* O");
  draft.Add("* I");
  draft.Add("I O");
  draft.Int(backward ? "bias" : "relu", draft.random().Below(2));
  if (draft.Maybe("R", more)) draft.Add(backward ? "* O" : "O");
}

// The rate of a dropout, and whether it needs a seed.
bool AddRate(Draft& draft) {
  const bool drops = draft.random().Once(2);
  draft.Float("rate", drops ? draft.random().Of({0.1f, 0.5f, 0.9f}) : 0.0f);
  return drops;
}

void AddFeedForward(Draft& draft, bool backward) {
  draft.Op(backward ? "DetrkitFeedForwardGradient" : "DetrkitFeedForward");
  draft.PickLeading(3, 1100);
  draft.Pick('D', 67, 24);
  draft.Pick('H', 67, 40);
  if (backward) draft.Add("* D");
  draft.Add("* D");
  draft.Add("D H");
  draft.Add("H");
  draft.Add("H D");
  draft.Add("D");
  if (draft.Maybe("S", AddRate(draft))) draft.Add("", Kind::kSeed);
}

void AddAttention(Draft& draft, bool backward) {
  draft.Op(backward ? "DetrkitAttentionGradient" : "DetrkitAttention");
  draft.Pick('B', 3, 2);
  draft.Pick('Q', 67, 150);
  draft.Pick('S', 67, 131);
  const int64_t heads = draft.Pick('M', 5, 4, 1);
  draft.Let('D', heads * draft.Pick('C', 17, 16, 1));
  draft.Int("heads", heads);
  AddRate(draft);
  draft.Add("B Q D");
  draft.Add("B S D");
  draft.Add("B S D");
  draft.Add(draft.random().Once(2) ? "B S" : "0", Kind::kPaddingMask);
  draft.Add("", Kind::kSeed);
  if (backward) draft.Add("B Q D");
}

void AddMultiHead(Draft& draft, bool backward) {
  draft.Op(backward ? "DetrkitMultiHeadAttentionGradient" : "DetrkitMultiHeadAttention");
  Random& random = draft.random();
  const bool self = random.Once(2), drops = AddRate(draft);
  draft.Pick('B', 3, 2);
  draft.Pick('S', 67, 131);
  draft.Pick('Q', 67, 150);
  const int64_t heads = draft.Pick('M', 5, 4, 1);
  draft.Let('D', heads * draft.Pick('C', 17, 16, 1));
  draft.Int("heads", heads);
  if (backward) {
    draft.Let('K', 2 * draft['B'] * draft['D'] * (draft['S'] + draft[self ? 'S' : 'Q']));
    draft.Add(self ? "B S D" : "B Q D");
    draft.Add(self ? "!K<BSD" : "!K<BSQD");
  }
  if (draft.Maybe("M", random.Once(2))) draft.Add(random.Once(2) ? "~ S D" : "~ B S D");
  if (draft.Maybe("P", !self && random.Once(2))) draft.Add(random.Once(2) ? "~ Q D" : "~ B Q D");
  draft.Add("B S D");
  if (draft.Maybe("Q", !self)) draft.Add("B Q D");
  for (int projection = 0; projection < 4; ++projection) {
    draft.Add("D D");
    draft.Add("D");
  }
  if (draft.Maybe("K", random.Once(2))) draft.Add("B S", Kind::kPaddingMask);
  if (draft.Maybe("S", drops)) draft.Add("", Kind::kSeed);
}

// Sizes of both kinds of deformable attention. `points` is P.
void PickDeformable(Draft& draft) {
  draft.Pick('B', 3, 2);
  draft.Pick('Q', 33, 331);
  draft.Pick('M', 3, 4, 1);
  draft.Pick('P', 5, 4, 1);
  // Some numbers of channels have code of their own.
  draft.Let('C', draft.random().Of<int64_t>({1, 3, 8, 16, 32, 64}));
  // One after the other: compilers differ in which argument of a call they draw first.
  const int64_t levels = 1 + draft.random().Below(4);
  const int64_t longest = draft.sizes() == Sizes::kLarge ? 23 : draft.random().Of<int64_t>({1, 3, 11});
  draft.Let('S', draft.AddLevels(levels, longest));
}

void AddDeformableAttention(Draft& draft, bool backward) {
  draft.Op(backward ? "DetrkitDeformableAttentionGradient" : "DetrkitDeformableAttention");
  PickDeformable(draft);
  draft.Add("B !S M C");
  draft.Add("B Q M L P 2", Kind::kLocation);
  draft.Add("B Q M L P");
  if (backward) draft.Add("B Q MC");
}

void AddDeformableSampling(Draft& draft, bool backward) {
  draft.Op(backward ? "DetrkitDeformableSamplingGradient" : "DetrkitDeformableSampling");
  PickDeformable(draft);
  draft.Int("heads", draft['M']);
  draft.Int("points", draft['P']);
  // A width that the heads divide as well is another one of as good a value.
  draft.Let('d', draft['M'] * draft['C']);
  draft.Add("B !S d");
  draft.Add("B Q MLP2");
  draft.Add("B Q MLP");
  draft.Add(draft.random().Once(2) ? "B Q L 2" : "B Q L 4", Kind::kLocation);
  if (backward) draft.Add("B Q MC");
}

void AddDropout(Draft& draft, bool) {
  draft.Op("DetrkitDropout");
  draft.PickLeading(4, 70'001);
  AddRate(draft);
  draft.Add("*");
  draft.Add("", Kind::kSeed);
}

void AddAdamW(Draft& draft, bool) {
  draft.Op("DetrkitAdamW");
  const int64_t count = draft.random().Below(4);
  int64_t total = 0;
  for (int64_t i = 0; i < count; ++i) total += draft.Pick(static_cast<char>('U' + i), 67, 20'011);
  draft.Let('T', total);
  draft.Let('N', 6 + 3 * count);
  Value& settings = draft.Add("!N", Kind::kPositive);
  // Those of a step in training; each is checked by its users.
  const float usual[] = {0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0.1f};
  for (int64_t i = 0; i < 6; ++i) settings.f32()[i] = usual[i];
  draft.Add("!T");
  draft.Add("!T", Kind::kPositive);
  for (int repeat = 0; repeat < 2; ++repeat) {
    for (int64_t i = 0; i < count; ++i) draft.Add(std::string(1, static_cast<char>('U' + i)));
  }
  draft.List("N", count);
}

template <void (*Add)(Draft&, bool)>
void Forward(Draft& draft) {
  Add(draft, false);
}

template <void (*Add)(Draft&, bool)>
void Backward(Draft& draft) {
  Add(draft, true);
}

}  // namespace

const std::vector<Compose>& AllOps() {
  static const std::vector<Compose> all = {
      Forward<AddLayerNorm>, Backward<AddLayerNorm>,
      Forward<AddGroupNorm>, Backward<AddGroupNorm>,
      Forward<AddMaxPool>, Backward<AddMaxPool>,
      Forward<AddLinear>, Backward<AddLinear>,
      Forward<AddFeedForward>, Backward<AddFeedForward>,
      Forward<AddAttention>, Backward<AddAttention>,
      Forward<AddMultiHead>, Backward<AddMultiHead>,
      Forward<AddDeformableAttention>, Backward<AddDeformableAttention>,
      Forward<AddDeformableSampling>, Backward<AddDeformableSampling>,
      Forward<AddDropout>,
      Forward<AddAdamW>,
  };
  return all;
}

}  // namespace detrkit
