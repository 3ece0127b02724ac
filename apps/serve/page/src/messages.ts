import { byId } from "./elements.ts";
import type { Problem } from "./problems.ts";

/** The lines that tell what happens: the status, a download's progress, what went wrong. */
export interface Messages {
  status(text: string): void;
  /** Bytes that are here, of how many; undefined hides it. */
  progress(download: { readonly loaded: number; readonly total: number | undefined } | undefined): void;
  /** Undefined takes it away. */
  problem(problem: Problem | undefined): void;
}

/** @param onKey - told the key that the server asked for */
export function createMessages(onKey: (key: string) => void): Messages {
  const status = byId("status", HTMLParagraphElement);
  const download = byId("download", HTMLDivElement);
  const bar = byId("progress", HTMLProgressElement);
  const label = byId("progress-label", HTMLLabelElement);
  const alert = byId("problem", HTMLDivElement);
  const form = byId("key-form", HTMLFormElement);
  const key = byId("key", HTMLInputElement);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onKey(key.value);
  });
  return {
    status: (text) => {
      status.textContent = text;
    },
    progress: (at) => {
      download.hidden = at === undefined;
      if (at === undefined) return;
      const { loaded, total } = at;
      if (total === undefined) bar.removeAttribute("value");
      else [bar.max, bar.value] = [total, loaded];
      const of = total === undefined ? "" : ` of ${megabytes(total)}`;
      label.textContent = `Loading the model: ${megabytes(loaded)}${of} MB`;
    },
    problem: (problem) => {
      alert.hidden = problem === undefined;
      alert.textContent = problem?.text ?? "";
      form.hidden = problem?.needsKey !== true;
      if (!form.hidden) key.focus();
    },
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
