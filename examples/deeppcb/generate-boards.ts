import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "@detrkit/common";
import { encodePng } from "@detrkit/image";

/** Sides of a generated board, of a defect's box, and of the grid of conductors. */
const side = 64;
const defect = 16;
const pitch = 16;

/**
 * White conductors on black, and at each defect a square that is copper (type 5: filled) or a pin-hole (type 6: a
 * ring).
 */
function drawBoard(
  defects: readonly { readonly left: number; readonly top: number; readonly type: number }[],
): Uint8Array {
  const pixels = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const inside = defects.find(({ left, top }) => x >= left && x < left + defect && y >= top && y < top + defect);
      const edge =
        inside === undefined
          ? 0
          : Math.min(x - inside.left, y - inside.top, inside.left + defect - 1 - x, inside.top + defect - 1 - y);
      const white = inside === undefined ? y % pitch === 0 : inside.type === 5 || edge < 3;
      pixels.fill(white ? 255 : 0, (y * side + x) * 3, (y * side + x) * 3 + 3);
    }
  }
  return pixels;
}

/**
 * Writes a folder in DeepPCB's layout, with small boards of few defects, so that the example runs where the real data
 * is not at hand.
 */
export async function generateBoards(
  folder: string,
  counts: { readonly train: number; readonly test: number },
  seed: number,
): Promise<void> {
  const random = new Random(seed);
  let number = 1000;
  for (const [list, count] of [
    ["trainval.txt", counts.train],
    ["test.txt", counts.test],
  ] as const) {
    const lines: string[] = [];
    for (let board = 0; board < count; board++) {
      const name = String(number++);
      const cell = (): number => random.integer(0, 1) * 32 + random.integer(0, 15);
      const defects = [
        { left: cell(), top: random.integer(0, 15), type: 5 },
        { left: cell(), top: 32 + random.integer(0, 15), type: 6 },
      ];
      mkdirSync(join(folder, "group1", "1_not"), { recursive: true });
      mkdirSync(join(folder, "group1", "1"), { recursive: true });
      writeFileSync(
        join(folder, "group1", "1", `${name}_test.png`),
        await encodePng({ width: side, height: side, data: drawBoard(defects) }),
      );
      const annotations = defects.map(
        ({ left, top, type }) => `${left} ${top} ${left + defect} ${top + defect} ${type}\n`,
      );
      writeFileSync(join(folder, "group1", "1_not", `${name}.txt`), annotations.join(""));
      lines.push(`group1/1/${name}.png group1/1_not/${name}.txt\n`);
    }
    writeFileSync(join(folder, list), lines.join(""));
  }
}
