import { DataError } from "@detrkit/common";
import { type ImageObjects, type ImageOperation, type OtherImage, transformObjects } from "@detrkit/image";
import { loadObjectMasks } from "../masks/object-masks.ts";
import { prepareObjects } from "../targets.ts";
import type { ImageTask, MaskedSource } from "./image-task.ts";

async function objectsOf({ objects, name }: MaskedSource): Promise<ImageObjects> {
  if (objects === undefined) throw new DataError(`${name}: its masks are wanted, but nothing says what they are`);
  return prepareObjects(objects, await loadObjectMasks(objects, name));
}

/**
 * Draws the masks of an image's objects and takes them through its operations, together with the boxes: these decide
 * which objects stay, as when the task was planned. Writes them to the task's memory, which has room for exactly those.
 *
 * @throws DataError naming the image when a mask cannot be drawn
 */
export async function writeMasks({ operations, others, ...task }: ImageTask): Promise<void> {
  if (task.masks === undefined) return;
  const own = await objectsOf(task);
  const taken = new Map<number, OtherImage>();
  for (const other of others)
    taken.set(other.position, { position: other.position, size: other.annotated, objects: await objectsOf(other) });
  const onObjects = operations.map(({ others: positions = [], ...operation }): ImageOperation => ({
    ...operation,
    others: positions.map(({ position }) => taken.get(position) as OtherImage),
  }));
  const { masks = [] } = onObjects.reduce(transformObjects, own);
  const destination = new Uint8Array(task.masks);
  const bytes = masks.reduce((sum, { data }) => sum + data.length, 0);
  if (bytes !== destination.length) {
    throw new DataError(
      `${task.name}: a transform leaves ${masks.length} objects with masks of ${bytes} bytes in all, ` +
        `but ${destination.length} bytes were planned; its applyToObjects has to give the same each time`,
    );
  }
  let at = 0;
  for (const { data } of masks) {
    destination.set(data, at);
    at += data.length;
  }
}
