// Every workspace package: what it is and what it may import. The manifests are written from this table
// (write-package-manifests.mjs) and the dependency direction is checked against it (check-dependencies.mjs).
const library = (name, description, options = {}) => ({
  name: `@detrkit/${name}`,
  folder: `packages/${name}`,
  description,
  ...options,
});

export const packages = [
  library(
    "common",
    "What every detrkit package shares: typed errors, seeded random numbers, files written whole or not at all.",
    {
      subpaths: { "./files": "files" },
    },
  ),
  library("nn", "Neural network modules on tfjs-core with dotted parameter paths, in PyTorch's conventions.", {
    tfjs: true,
    workspace: ["common"],
    subpaths: { "./kernels": "kernels", "./tfjs-internals": "tfjs-internals/index" },
    keywords: ["neural-network"],
  }),
  library(
    "boxes",
    "Bounding boxes: formats, areas, IoU, generalised IoU, clipping; for tensors and for plain numbers.",
    {
      tfjs: true,
      workspace: ["common"],
      subpaths: { "./numbers": "numbers" },
    },
  ),
  library("image", "Decode, resize as Pillow does, transform, normalise and encode images in Node.", {
    workspace: ["common"],
    dependencies: ["sharp"],
    files: ["kernels"],
    subpaths: { "./pixels": "pixels" },
  }),
  library("backend", "Picks, starts and describes a TensorFlow.js backend: native, WebAssembly or plain JavaScript.", {
    tfjs: true,
    workspace: ["common", "native"],
    dev: ["nn"],
    dependencies: ["@tensorflow/tfjs"],
    subpaths: { "./wasm": "wasm" },
  }),
  library(
    "native",
    "Fused kernels for training detectors, native and in WebAssembly, and the build of the native ones.",
    {
      tfjs: true,
      workspace: ["common", "nn", "optim", "deformable-attention"],
      dependencies: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "node-api-headers", "yauzl"],
      optional: ["@tensorflow/tfjs-node-gpu"],
      optionalWorkspace: ["native-linux-x64"],
      devDependencies: ["@types/yauzl"],
      subpaths: { "./wasm": "wasm" },
      assemblyScript: true,
    },
  ),
  library("native-linux-x64", "Compiled parts of @detrkit/native for Linux x64 with glibc 2.28 or newer.", {
    binary: { os: ["linux"], cpu: ["x64"], libc: ["glibc"] },
  }),
  library("position-encoding", "Sine and learned two-dimensional position encodings of DETR and Deformable DETR.", {
    tfjs: true,
    workspace: ["common", "nn"],
    dev: ["checkpoint"],
  }),
  library(
    "backbone",
    "ResNet 18, 34, 50 and 101 as detection backbones: stages to return and to train, DC5, three norms.",
    {
      tfjs: true,
      workspace: ["common", "nn"],
      dev: ["checkpoint"],
      keywords: ["resnet"],
    },
  ),
  library("transformer", "Encoder and decoder of DETR, generic in the attention their layers are given.", {
    tfjs: true,
    workspace: ["common", "nn"],
    dev: ["checkpoint"],
    keywords: ["attention"],
  }),
  library(
    "deformable-attention",
    "Multi-scale deformable attention: the sampling op with a fast kernel per backend, and the module around it.",
    {
      tfjs: true,
      workspace: ["common", "nn", "transformer"],
      devDependencies: ["@tensorflow/tfjs-backend-wasm"],
      subpaths: { "./kernels": "kernels/names" },
      keywords: ["attention", "deformable-attention", "deformable-detr"],
    },
  ),
  library(
    "matcher",
    "Hungarian matching of predictions to targets: an exact linear sum assignment and the costs of DETR.",
    {
      tfjs: true,
      workspace: ["common", "boxes"],
      subpaths: { "./linear-sum-assignment": "linear-sum-assignment" },
      keywords: ["hungarian-algorithm", "linear-sum-assignment"],
    },
  ),
  library("criterion", "Set prediction losses: one SetCriterion given a matcher and a list of loss terms.", {
    tfjs: true,
    workspace: ["common", "boxes", "matcher"],
    keywords: ["loss"],
  }),
  library("detr", "DETR and Deformable DETR assembled from their parts: models, heads, presets and post-processing.", {
    tfjs: true,
    workspace: ["common", "nn", "boxes", "backbone", "position-encoding", "transformer", "deformable-attention"],
    dev: ["checkpoint"],
  }),
  library(
    "datasets",
    "COCO, Pascal VOC, YOLO and generated detection data: reading, checking, augmenting and batching.",
    {
      tfjs: true,
      workspace: ["common", "nn", "boxes", "image"],
      dependencies: ["fast-xml-parser", "yaml"],
      devDependencies: ["sharp"],
      entries: ["batch-worker"],
      keywords: ["coco", "pascal-voc", "yolo"],
    },
  ),
  library("evaluation", "COCO detection metrics for boxes and masks, equal to pycocotools.", {
    workspace: ["common"],
    keywords: ["coco", "average-precision"],
  }),
  library(
    "checkpoint",
    "Safetensors in and out, PyTorch's .pth read without running any of it, and the key maps of published state dicts.",
    {
      tfjs: true,
      workspace: ["common", "nn"],
      dependencies: ["yauzl"],
      devDependencies: ["@types/yauzl"],
      keywords: ["safetensors", "pytorch"],
    },
  ),
  library("optim", "AdamW with parameter groups and gradient clipping, learning-rate schedules, serialisable state.", {
    tfjs: true,
    workspace: ["common", "nn"],
    subpaths: { "./kernels": "kernels" },
    keywords: ["adamw"],
  }),
  library("inference", "Load a detector and find objects in images: runs of detrkit and published DETR weights.", {
    tfjs: true,
    workspace: ["common", "nn", "image", "backend", "checkpoint", "detr"],
    subpaths: { "./browser": "browser" },
    devDependencies: ["@tensorflow/tfjs-backend-cpu"],
    keywords: ["detr", "inference"],
  }),
  library(
    "training",
    "Train a detector from built parts: the loop, its events, log and checkpoints, stop and resume to the same numbers.",
    {
      tfjs: true,
      workspace: ["common", "nn", "boxes", "checkpoint", "optim", "evaluation", "datasets", "detr", "inference"],
      dev: ["backend", "matcher", "criterion"],
      subpaths: { "./run-files": "run-files" },
      keywords: ["training"],
    },
  ),
  library("test-utils", "Private helpers of detrkit's own tests.", {
    private: true,
    tfjs: true,
    workspace: ["common", "backend", "checkpoint"],
    dependencies: ["@tensorflow/tfjs", "@tensorflow/tfjs-core", "vitest"],
  }),
  {
    name: "@detrkit/train",
    folder: "apps/train",
    description: "Train, evaluate and run DETR and Deformable DETR from the command line.",
    bin: { detrkit: "./dist/cli.js" },
    entries: ["cli"],
    files: ["schema"],
    workspace: [
      "common",
      "nn",
      "image",
      "backend",
      "matcher",
      "criterion",
      "detr",
      "datasets",
      "evaluation",
      "checkpoint",
      "optim",
      "inference",
      "training",
    ],
    dependencies: ["@tensorflow/tfjs-core", "@napi-rs/canvas", "dejavu-fonts-ttf", "uplot", "zod"],
  },
];
