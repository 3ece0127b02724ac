import { expectClose, uniformTensor, describeOnBackends } from "@detrkit/test-utils";
import { grad, mul, type Rank, square, sum, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { isRecordingGradients } from "@detrkit/nn";
import { withoutRecording } from "./without-recording.ts";

describeOnBackends("withoutRecording", () => {
  test("gradients are recorded within tfjs's gradient functions only", () => {
    const seen: boolean[] = [];
    tidy(() => {
      seen.push(isRecordingGradients());
      grad((input) => {
        seen.push(isRecordingGradients());
        return sum(input);
      })(uniformTensor([2, 3], { seed: 1 }));
      seen.push(isRecordingGradients());
    });
    expect(seen).toEqual([false, true, false]);
  });

  test("layers run without recording have the values and the gradient of the same layers recorded", () => {
    tidy(() => {
      const input = uniformTensor<Rank.R4>([2, 3, 5, 7], { seed: 3 });
      const cotangent = uniformTensor<Rank.R4>([2, 3, 5, 7], { seed: 4 });
      const layers = (features: Tensor4D): Tensor4D => mul(square(features), features);
      expectClose(withoutRecording(layers, input), layers(input));
      const recorded = grad((features) => layers(features as Tensor4D))(input, cotangent);
      expectClose(grad((features) => withoutRecording(layers, features as Tensor4D))(input, cotangent), recorded);
    });
  });
});
