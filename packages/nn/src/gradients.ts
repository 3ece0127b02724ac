/**
 * Tells tfjs how its ops are differentiated, and gives tensors their methods: `import "@detrkit/nn/gradients"`, once.
 * In Node tfjs-core has no gradients and cannot be asked for them; the whole of `@tensorflow/tfjs` has, with 200 MB of
 * layers, converters and other backends. This module is built from tfjs-core's own files and needs nothing else.
 */
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
