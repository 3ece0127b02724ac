/** The style sheet of a report: readable without any other file, in light and dark. */
export const reportStyle: string = `
:root { color-scheme: light dark; --ground: #f7f7f5; --card: #ffffff; --ink: #1d2125; --muted: #6a737d; --line: #e3e3df; --accent: #2f6fd0; }
@media (prefers-color-scheme: dark) { :root { --ground: #15181c; --card: #1d2126; --ink: #e8eaed; --muted: #9aa4ae; --line: #30363d; --accent: #7fb0ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 36px 24px 72px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 17px; margin: 40px 0 12px; }
p { margin: 0 0 6px; max-width: 78ch; }
.muted, figcaption { color: var(--muted); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); gap: 12px; margin-top: 22px; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile { padding: 12px 11px; }
.tile strong { display: block; font-size: 16px; white-space: nowrap; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile span { color: var(--muted); font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 14px; }
.card { padding: 14px 14px 8px; min-width: 0; }
.card h3 { font-size: 13.5px; margin: 0 0 6px 4px; font-weight: 600; }
.uplot, .uplot * { font-family: inherit; }
.u-legend { font-size: 12.5px; color: var(--muted); }
.u-legend .u-value { font-variant-numeric: tabular-nums; }
.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr)); gap: 14px; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
figure img { display: block; width: 100%; height: auto; }
figcaption { padding: 6px 12px; font-size: 13px; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.scroll table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
.scroll th, .scroll td { text-align: left; padding: 6px 14px; border-bottom: 1px solid var(--line); white-space: nowrap; }
.scroll tbody tr:last-child td { border-bottom: 0; }
.scroll th { font-weight: 600; color: var(--muted); }
.scroll .figure { text-align: right; font-variant-numeric: tabular-nums; }
details summary { cursor: pointer; font-size: 17px; font-weight: 600; margin: 40px 0 12px; }
@media print { .card, figure, .tile { break-inside: avoid; } }
`;
