// What stands for gradients.ts where sources run without a build: Node cannot load those files of tfjs-core unbundled.
import "@tensorflow/tfjs";
