/** One image's predictions: a row for each query, its logits first. */
export interface PredictionRows {
  readonly values: Float32Array;
  readonly numQueries: number;
  readonly numLogits: number;
  /** Values from one row to the next. */
  readonly rowLength: number;
}

/** Chosen detections; `queries` says which row each comes from. */
export interface Selection {
  readonly scores: Float32Array;
  readonly labels: Int32Array;
  readonly queries: Int32Array;
}

/**
 * For every query its most probable class by softmax over all logits, the last of which ("no object") is never chosen.
 */
export function bestClassOfEachQuery({ values, numQueries, numLogits, rowLength }: PredictionRows): Selection {
  const scores = new Float32Array(numQueries);
  const labels = new Int32Array(numQueries);
  for (let query = 0; query < numQueries; query++) {
    const logits = values.subarray(query * rowLength, query * rowLength + numLogits);
    const label = indexOfLargest(logits.subarray(0, numLogits - 1));
    const best = logits[label] as number;
    let sum = 0;
    for (const logit of logits) sum += Math.exp(logit - best);
    labels[query] = label;
    scores[query] = 1 / sum;
  }
  return { scores, labels, queries: Int32Array.from({ length: numQueries }, (_, query) => query) };
}

/** The `count` highest sigmoid scores over all queries and classes, highest first; equal ones in their order. */
export function highestScores({ values, numQueries, numLogits, rowLength }: PredictionRows, count: number): Selection {
  const logitOf = (candidate: number): number =>
    values[Math.floor(candidate / numLogits) * rowLength + (candidate % numLogits)] as number;
  const candidates = Array.from({ length: numQueries * numLogits }, (_, candidate) => candidate);
  const chosen = candidates.toSorted((first, second) => logitOf(second) - logitOf(first)).slice(0, count);
  return {
    scores: Float32Array.from(chosen, (candidate) => 1 / (1 + Math.exp(-logitOf(candidate)))),
    labels: Int32Array.from(chosen, (candidate) => candidate % numLogits),
    queries: Int32Array.from(chosen, (candidate) => Math.floor(candidate / numLogits)),
  };
}

function indexOfLargest(values: Float32Array): number {
  let largest = 0;
  for (let index = 1; index < values.length; index++) {
    if ((values[index] as number) > (values[largest] as number)) largest = index;
  }
  return largest;
}
