import { wrapText } from "@detrkit/common";

/** A place to write to: a terminal, a file, a test. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Takes away what stands in a terminal's last line, so that something else can be written there. */
export const clearLine = "\r\u001B[K";

/**
 * Text for people, as wide as the terminal: longer lines go on, indented, in the next. A file gets its lines whole, for
 * programs that search it.
 */
export function fitted(text: string, { isTTY, columns }: ProgressStream, indent = "  "): string {
  if (isTTY !== true || columns === undefined) return text;
  const wrapped = (line: string): string => {
    const margin = line.length - line.trimStart().length;
    return line.slice(0, margin) + wrapText(line.slice(margin), columns - 1 - margin, indent);
  };
  return text.split("\n").map(wrapped).join("\n");
}

/** Writes lines for people to a stream, {@link fitted} to it. */
export function lineWriter(stream: ProgressStream): (line: string) => void {
  return (line) => void stream.write(`${fitted(line, stream)}\n`);
}

/** A metric as tables show it; COCO's -1 means that there was nothing to measure. */
export function figure(value: number | undefined): string {
  return value === undefined || value < 0 ? "-" : value.toFixed(3);
}

/** `3 days 4 h`, `1 h 05 min`, `12 min 30 s` or `8 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole >= 48 * 3600) return `${Math.floor(whole / 86_400)} days ${Math.floor((whole % 86_400) / 3600)} h`;
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
  return minutes > 0 ? `${minutes} min ${String(rest).padStart(2, "0")} s` : `${rest} s`;
}

/** A time as settings have it: `90`, `90s`, `2m` or `1.5h`. */
export const timePattern = /^(\d+(?:\.\d+)?)(s|m|h)?$/u;

/** Seconds of a time that fits {@link timePattern}, or of seconds. */
export function secondsOf(time: string | number): number {
  const [, count = "", unit = "s"] = timePattern.exec(String(time)) ?? [];
  return Number(count) * ({ s: 1, m: 60, h: 3600 }[unit] ?? 1);
}
