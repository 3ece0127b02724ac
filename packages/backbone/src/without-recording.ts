import { isRecordingGradients, keepingTape } from "@detrkit/nn/tfjs-internals";
import { customGrad, grad, type GradSaveFunc, type Tensor, type Tensor4D } from "@tensorflow/tfjs-core";

/**
 * Runs layers whose parameters are not trained without recording them: their intermediate results, the largest of a
 * network, are freed at once instead of being held for the backward pass. The gradient with respect to the input is
 * still correct, although training does not need it: it runs the layers again.
 */
export function withoutRecording(layers: (input: Tensor4D) => Tensor4D, input: Tensor4D): Tensor4D {
  if (!isRecordingGradients()) return layers(input);
  const operation = customGrad((...inputs: (Tensor | GradSaveFunc)[]) => {
    const [images, save] = inputs as [Tensor4D, GradSaveFunc];
    save([images]);
    return {
      value: layers(images),
      gradFunc: (cotangent: Tensor, saved: Tensor[]) =>
        keepingTape(() => grad((again) => layers(again as Tensor4D))(saved[0] as Tensor4D, cotangent)),
    };
  });
  return operation(input) as Tensor4D;
}
