import { type Conv2d, type FrozenBatchNorm, isRecordingGradients } from "@detrkit/nn";
import { dispose, keep, mul, type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/**
 * The filter of a convolution times the scale of the frozen norm behind it, so that both run as one convolution. It is
 * kept until a parameter changes, except where gradients are being recorded for the filter: then it is computed anew,
 * so that they reach it.
 */
export class FoldedFilter {
  readonly #convolution: Conv2d;
  readonly #norm: FrozenBatchNorm;
  #kept: Tensor4D | undefined;
  #keptVersions = "";

  constructor(convolution: Conv2d, norm: FrozenBatchNorm) {
    this.#convolution = convolution;
    this.#norm = norm;
  }

  /** `[kernel height, kernel width, I, O]`. Whoever calls this does so within a `tidy` and does not dispose it. */
  value(): Tensor4D {
    const { weight } = this.#convolution;
    if (isRecordingGradients() && weight.trainable) return this.#fold();
    const versions = [weight, this.#norm.weight, this.#norm.runningVariance].map(({ version }) => version).join();
    if (this.#kept !== undefined && versions === this.#keptVersions) return this.#kept;
    this.dispose();
    this.#kept = keep(tidy(() => this.#fold()));
    this.#keptVersions = versions;
    return this.#kept;
  }

  dispose(): void {
    if (this.#kept !== undefined) dispose(this.#kept);
    this.#kept = undefined;
  }

  #fold(): Tensor4D {
    return mul(this.#convolution.weight.value, this.#norm.scaleAndShift().scale);
  }
}
