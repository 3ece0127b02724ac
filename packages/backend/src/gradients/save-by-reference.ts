import { engine, keep, type KernelBackend, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";

/** What of tfjs's engine is used here and not in its types. */
interface EngineInside {
  readonly state: { readonly gradientDepth: number };
  saveTensorsForBackwardMode(tensors: Tensor[]): Tensor[];
  makeTensorFromTensorInfo(info: TensorInfo): Tensor;
}

/**
 * tfjs saves what a gradient needs by running its Identity kernel and recording that too: more than half of all kernels
 * of a small model's step. Here it is a second handle on the same data instead. Inside a gradient of a gradient, which
 * has to differentiate through what was saved, tfjs does as before.
 */
export function saveByReference(backend: KernelBackend): void {
  const inside = engine() as unknown as EngineInside;
  const recorded = inside.saveTensorsForBackwardMode.bind(inside);
  inside.saveTensorsForBackwardMode = (tensors) => {
    if (inside.state.gradientDepth > 1 || engine().backend !== backend) return recorded(tensors);
    return tensors.map(({ dataId, shape, dtype }) => {
      backend.incRef(dataId);
      return keep(inside.makeTensorFromTensorInfo({ dataId, shape, dtype }));
    });
  };
}
