import { type Conv2d, type FrozenBatchNorm, isRecordingGradients } from "@detrkit/nn";
import { dispose, keep, mul, type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/**
 * A convolution's filter multiplied by the scale of the frozen norm after it, so that both run as one convolution. It
 * is cached until a parameter changes. While gradients of the filter are recorded it is computed anew, so that they
 * reach it.
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

  /** `[kernel height, kernel width, I, O]`. Call it inside a `tidy`, and do not dispose the result. */
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
