/** Exports that had no docstring when the check came. The list may only become shorter. */
export const notYetDocumented: readonly string[] = [
  "@detrkit/backend: BackendName",
  "@detrkit/datasets: CheckDatasetOptions",
  "@detrkit/datasets: DatasetReport",
  "@detrkit/datasets: ImageWorkers.run",
  "@detrkit/datasets: OpenDatasetOptions",
  "@detrkit/image: DecodeOptions",
  "@detrkit/nn: FeedForwardOptions",
  "@detrkit/nn: FusedKernel",
  "@detrkit/nn: MultiHeadAttentionOptions",
  "@detrkit/optim: AdamWConfig",
];
