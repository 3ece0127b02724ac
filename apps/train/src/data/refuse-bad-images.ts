import { DataError } from "@detrkit/common";
import { checkImages, type Dataset, isRefused, listProblems, parseDataSpec } from "@detrkit/datasets";
import { duration } from "../text.ts";
import type { RunData } from "./open-data.ts";

/** Milliseconds between two lines of progress. */
const saidEvery = 10_000;

/** The images of a part of the data; of shapes, which are drawn by detrkit itself, there is nothing to look at. */
const imagesOf = ({ spec, records }: Dataset): Dataset["records"] =>
  parseDataSpec(spec).format === "shapes" ? [] : records;

/**
 * Reads every image of a run before its first step, so that one that is damaged, cannot be made, or has another size
 * than its annotation says, does not end the run hours later. The data check looks at the same.
 *
 * @throws DataError that names the first few, as the data check does
 */
export async function refuseBadImages({ training, validation }: RunData, say: (line: string) => void): Promise<void> {
  const records = [training, validation].flatMap(imagesOf);
  if (records.length === 0) return;
  say(`checking ${records.length} images`);
  const problems = await checkImages({ records }, { decode: true, onImage: sayNowAndThen(records.length, say) });
  const wrong = problems.filter(({ kind }) => isRefused(kind));
  if (wrong.length === 0) return;
  throw new DataError(
    `${wrong.length} of ${records.length} images cannot be trained on:${listProblems(wrong, 5)}\n` +
      "Repair or remove these; detrkit check-data lists them all.",
  );
}

/** Says how far it is, and how long it will take, where that is not over in seconds. */
function sayNowAndThen(images: number, say: (line: string) => void): () => void {
  const begun = performance.now();
  let saidLast = begun;
  let done = 0;
  return () => {
    done += 1;
    const now = performance.now();
    if (now - saidLast < saidEvery) return;
    saidLast = now;
    const secondsLeft = ((now - begun) / 1000 / done) * (images - done);
    say(`checked ${done} of ${images} images · ${duration(secondsLeft)} left`);
  };
}
