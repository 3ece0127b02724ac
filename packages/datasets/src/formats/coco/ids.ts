/** An id as a number: some tools write "17". `undefined` where it is none. */
export function numericId(id: unknown): number | undefined {
  if (typeof id === "number") return id;
  return typeof id === "string" && /^\d{1,15}$/u.test(id) ? Number(id) : undefined;
}

/**
 * The number that stands for each image's id: its own, or where an id of the file is any other text (a UUID, a file
 * name) the position from 1 for all of them.
 */
export function imageIds(images: readonly Record<string, unknown>[]): (id: unknown) => number | undefined {
  const isText = ({ id }: Record<string, unknown>): boolean => typeof id === "string" && numericId(id) === undefined;
  if (!images.some(isText)) return numericId;
  const positions = new Map<unknown, number>();
  for (const { id } of images) if (!positions.has(id)) positions.set(id, positions.size + 1);
  return (id) => positions.get(id);
}
