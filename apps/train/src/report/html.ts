const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text that is safe between tags and in attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** JSON that is safe inside a script element: no `</script>` can end it early. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", String.raw`\u003c`);
}

/** A table; cells are escaped, all but the first column are set as figures. */
export function htmlTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (tag: string, text: string, column: number): string =>
    `<${tag}${column === 0 ? "" : ' class="figure"'}>${escapeHtml(text)}</${tag}>`;
  const head = headings.map((text, column) => cell("th", text, column)).join("");
  const body = rows.map((row) => `<tr>${row.map((text, column) => cell("td", text, column)).join("")}</tr>`).join("\n");
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}
