import {
  cast,
  customGrad,
  expandDims,
  type GradSaveFunc,
  logicalNot,
  mul,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from "@tensorflow/tfjs-core";

/** Sets the rows of `tokens` `[B, S, D]` to 0 where `mask` `[B, S]` is true. */
export function zeroRows(tokens: Tensor3D, mask: Tensor2D): Tensor3D {
  return tidy(() => {
    const keep = expandDims(cast(logicalNot(mask), "float32"), 2);
    // A plain product would keep the tokens until the backward pass, which only needs the mask.
    const multiply = customGrad((...given: (Tensor | GradSaveFunc)[]) => {
      const [tokens, save] = given as [Tensor3D, GradSaveFunc];
      save([keep]);
      return {
        value: mul(tokens, keep),
        gradFunc: (upstream: Tensor, [saved]: Tensor[]) => mul(upstream, saved as Tensor),
      };
    });
    return multiply(tokens) as Tensor3D;
  });
}
