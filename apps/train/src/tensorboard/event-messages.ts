import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A picture for TensorBoard. */
export interface EventImage {
  readonly width: number;
  readonly height: number;
  /** The bytes of a PNG file. */
  readonly png: Uint8Array;
}

/** When something was measured. */
export interface EventTime {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** Optimiser steps since the start of the run. */
  readonly step: number;
}

// Field numbers of TensorFlow's event.proto and summary.proto.
const event = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const value = { tag: 1, simpleValue: 2, image: 4 } as const;
const image = { height: 1, width: 2, colourSpace: 3, encoded: 4 } as const;

/** Red, green and blue. */
const rgb = 3;
/** A session that begins: TensorBoard drops what an earlier one wrote from this step on. */
const sessionStart = 1;

function begun({ wallTime, step }: EventTime): BinaryWriter {
  const writer = new BinaryWriter().tag(event.wallTime, WireType.Bit64).double(wallTime);
  // What has its default value is not written.
  return step === 0 ? writer : writer.tag(event.step, WireType.Varint).int64(step);
}

/** The first event of a file. */
export function versionEvent(wallTime: number): Uint8Array {
  return begun({ wallTime, step: 0 }).tag(event.fileVersion, WireType.LengthDelimited).string("brain.Event:2").finish();
}

/** A run that begins, or goes on after this step. */
export function sessionEvent(time: EventTime): Uint8Array {
  return begun(time)
    .tag(event.sessionLog, WireType.LengthDelimited)
    .fork()
    .tag(1, WireType.Varint)
    .int32(sessionStart)
    .join()
    .finish();
}

/** Figures of one step, by their tags. Those that are not finite are left out: TensorBoard draws them as 0. */
export function scalarsEvent(time: EventTime, scalars: ReadonlyMap<string, number>): Uint8Array {
  const writer = begun(time).tag(event.summary, WireType.LengthDelimited).fork();
  for (const [tag, figure] of scalars) {
    if (!Number.isFinite(figure)) continue;
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(value.tag, WireType.LengthDelimited).string(tag);
    writer.tag(value.simpleValue, WireType.Bit32).float(figure).join();
  }
  return writer.join().finish();
}

/** A picture of one step. */
export function imageEvent(time: EventTime, tag: string, { width, height, png }: EventImage): Uint8Array {
  const writer = begun(time).tag(event.summary, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).fork();
  writer.tag(value.tag, WireType.LengthDelimited).string(tag);
  writer.tag(value.image, WireType.LengthDelimited).fork();
  writer.tag(image.height, WireType.Varint).int32(height).tag(image.width, WireType.Varint).int32(width);
  writer.tag(image.colourSpace, WireType.Varint).int32(rgb);
  writer.tag(image.encoded, WireType.LengthDelimited).bytes(png).join();
  return writer.join().join().finish();
}
