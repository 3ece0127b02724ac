import type { ConfusionMatrix } from "@detrkit/evaluation";
import { classColour } from "@detrkit/boxes/class-colours";
import { escapeHtml, htmlTable } from "./html.ts";

/** Of more classes than this no matrix can be read; then the pairs that are confused most are listed. */
const mostClasses = 20;
const mostPairs = 20;

/** A square in the colour of a class. */
export function swatch(labelId: number): string {
  return `<i class="swatch" style="background:${classColour(labelId)}"></i>`;
}

/** A confusion matrix as a table: rows are what is there, columns what was said; "nothing" is the last of both. */
export function confusionTable(confusion: ConfusionMatrix): string {
  return confusion.categories.length > mostClasses ? confusedPairs(confusion) : matrix(confusion);
}

function matrix({ categories, counts }: ConfusionMatrix): string {
  const names = [...categories.map(({ id, name }) => swatch(id) + escapeHtml(name)), "nothing"];
  const head = ["there ↓, said →", ...names].map((name) => `<th>${name}</th>`).join("");
  const rows = counts.map((row, truth) => {
    const sum = row.reduce((total, count) => total + count, 0);
    const cells = row.map((count, said) => {
      if (truth === row.length - 1 && said === row.length - 1) return "<td></td>";
      const strength = sum === 0 ? 0 : Math.round((count / sum) * 70);
      const hue = truth === said ? "var(--right)" : "var(--wrong)";
      const style = `background:color-mix(in srgb, ${hue} ${strength}%, transparent)`;
      return `<td class="figure" style="${style}">${count === 0 ? "·" : count}</td>`;
    });
    return `<tr><th>${names[truth]}</th>${cells.join("")}</tr>`;
  });
  return (
    `<div class="scroll"><table class="matrix"><thead><tr>${head}</tr></thead>` +
    `<tbody>\n${rows.join("\n")}\n</tbody></table></div>`
  );
}

function confusedPairs({ categories, counts }: ConfusionMatrix): string {
  const nameOf = (index: number): string => categories[index]?.name ?? "nothing";
  const pairs = counts.flatMap((row, truth) =>
    row.flatMap((count, said) => (count > 0 && truth !== said ? [{ truth, said, count }] : [])),
  );
  const shown = pairs.toSorted((one, other) => other.count - one.count).slice(0, mostPairs);
  return htmlTable(
    ["there", "said", "times"],
    shown.map(({ truth, said, count }) => [nameOf(truth), nameOf(said), String(count)]),
  );
}
