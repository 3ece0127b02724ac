import { byId } from "./elements.ts";

const samples = ["shapes-1", "shapes-2", "shapes-3", "shapes-4"] as const;

/** Images that are picked, dropped, pasted, or the page's own. `onPicture` is told of each, with its name. */
export function listenForPictures(
  onPicture: (image: Blob, name: string) => void,
  onProblem: (error: unknown) => void,
): void {
  const take = (files: Iterable<File> | undefined | null): void => {
    const all = [...(files ?? [])];
    const image = all.find(({ type }) => type.startsWith("image/")) ?? all[0];
    if (image !== undefined) onPicture(image, image.name);
  };
  const file = byId("file", HTMLInputElement);
  file.addEventListener("change", () => {
    take(file.files);
    // The same file may be picked again, changed.
    file.value = "";
  });
  addEventListener("paste", ({ clipboardData }) => take(clipboardData?.files));
  listenForDrops(take);
  byId("samples", HTMLDivElement).append(...samples.map((name) => sampleButton(name, onPicture, onProblem)));
}

function listenForDrops(take: (files: FileList | undefined) => void): void {
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  addEventListener("dragleave", ({ relatedTarget }) => {
    if (relatedTarget === null) document.body.classList.remove("dragging");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    take(event.dataTransfer?.files);
  });
}

async function fetchImage(address: string): Promise<Blob> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`The sample image is not there: the server answered ${response.status}`);
  return await response.blob();
}

function sampleButton(
  name: string,
  onPicture: (image: Blob, name: string) => void,
  onProblem: (error: unknown) => void,
): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  const image = new Image();
  // Relative to the page, wherever that is.
  image.src = `assets/samples/${name}.png`;
  image.alt = `Sample ${name.replace("-", " ")}`;
  button.append(image);
  button.addEventListener("click", () => {
    void fetchImage(image.src).then((bytes) => onPicture(bytes, image.alt), onProblem);
  });
  return button;
}
