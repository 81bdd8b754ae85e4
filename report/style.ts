/**
 * @file The look of the page. Colours are Okabe and Ito's, told apart with any colour vision; light and dark
 * follow the reader's system.
 */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --paper: #fcfcfa; --card: #ffffff; --ink: #1b1f24; --soft: #59636e; --faint: #8b949e;
  --rule: #e3e5e2; --well: #f3f4f1;
  --distilled: #0072b2; --selected: #a3507f; --random: #d9820b; --full: #00875f; --neutral: #6b7480;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --sans: system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1b1f24; --ink: #e8eaed; --soft: #a3adb8; --faint: #77818c;
    --rule: #2d333a; --well: #20252b;
    --distilled: #56b4e9; --selected: #d98fb8; --random: #f0a63a; --full: #2fc193; --neutral: #98a2ad;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 var(--sans); font-variant-numeric: tabular-nums;
}
main { max-width: 1080px; margin: 0 auto; padding: 48px 24px 72px; }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; }
a { color: inherit; }
.eyebrow { margin: 0 0 10px; color: var(--soft); font-size: 14px; overflow-wrap: anywhere; }
.eyebrow b { color: var(--ink); font-weight: 600; }
h1 { margin: 0 0 28px; max-width: 30em; font-size: clamp(24px, 3.6vw, 36px); font-weight: 650; letter-spacing: -0.015em; }
h2 { margin: 0 0 6px; font-size: 21px; font-weight: 650; letter-spacing: -0.01em; }
h3 { margin: 0 0 8px; font-size: 15px; font-weight: 600; }
section { margin-top: 52px; padding-top: 26px; border-top: 1px solid var(--rule); }
p { margin: 0 0 14px; }
.lead { max-width: 46em; margin-bottom: 22px; color: var(--soft); }
.note { max-width: 52em; margin: 14px 0 0; color: var(--soft); font-size: 13.5px; }

.tiles { display: flex; flex-wrap: wrap; gap: 1px; margin: 0;
  background: var(--rule); border: 1px solid var(--rule); border-radius: 10px; overflow: hidden; }
.tiles > div { flex: 1 1 150px; padding: 14px 16px 12px; background: var(--card); border-top: 3px solid transparent; }
.tiles dt { color: var(--soft); font-size: 13px; }
.tiles dd { margin: 2px 0 0; font-size: 23px; font-weight: 650; letter-spacing: -0.01em; white-space: nowrap; }
.tiles dd span { color: var(--soft); font-size: 15px; font-weight: 500; letter-spacing: 0; }
.tiles dd small { display: block; color: var(--soft); font-size: 13px; font-weight: 400; letter-spacing: 0; white-space: normal; }
.tiles .distilled { border-top-color: var(--distilled); }
.tiles .random { border-top-color: var(--random); }
.tiles .full { border-top-color: var(--full); }

.classes { display: grid; grid-template-columns: repeat(auto-fill, minmax(188px, 1fr)); gap: 14px; }
.classes.many { grid-template-columns: 1fr; gap: 0; }
.class { margin: 0; padding: 12px 14px 14px; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
.class figcaption { margin-bottom: 8px; font-size: 14px; font-weight: 600; overflow-wrap: anywhere; }
.pair { display: flex; gap: 12px; align-items: flex-start; }
.strip { display: flex; flex-wrap: wrap; gap: 4px; }
.strip img { display: block; width: var(--tile); height: auto; image-rendering: pixelated; border-radius: 2px; }
.strip.thumbs { flex-wrap: nowrap; gap: 2px; } .strip.thumbs img { width: 28px; }
.sweep .columns { margin-bottom: 24px; } .sweep .columns:empty { display: none; }
.classes.single .strip.distilled img { outline: 2px solid var(--distilled); outline-offset: 1px; }
.classes.single .strip.distilled { flex: none; }
.classes.many .class { display: grid; grid-template-columns: 120px 1fr; gap: 0 12px; padding: 10px 0; border-width: 1px 0 0; border-radius: 0; background: none; }
.classes.many .class.heading { padding: 0 0 6px; border-top: 0; color: var(--soft); font-size: 13px; font-weight: 600; }
.classes.many .heading span:last-child { width: calc(4 * var(--real) + 12px); }
.classes.many .pair { justify-content: space-between; gap: 28px; }

.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 30px 40px; align-items: start; }
.plot { margin: 0; }
.plot figcaption { margin-top: 6px; color: var(--soft); font-size: 13.5px; }
.chart { display: block; width: 100%; max-width: 560px; height: auto; overflow: visible; font: 12px var(--sans); font-variant-numeric: tabular-nums; }
.chart text { fill: var(--soft); }
.chart .axis { font-weight: 600; } .chart .value, .chart .barlabel, .chart .group { fill: var(--ink); font-size: 13px; }
.chart .value, .chart .group { font-weight: 600; }
.chart .gridline { stroke: var(--rule); } .chart .baseline { stroke: var(--faint); }
.chart .distilled { --role: var(--distilled); } .chart .selected { --role: var(--selected); } .chart .random { --role: var(--random); }
.chart .full { --role: var(--full); } .chart .neutral { --role: var(--neutral); }
.chart .bar { fill: var(--role); }
.chart .line { fill: none; stroke: var(--role); stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round; }
.chart .line.raw { stroke-width: 1; opacity: 0.38; }
.chart .dot { fill: var(--role); stroke: var(--paper); stroke-width: 1.5; }
.chart .touch { fill: transparent; }
.chart .error { fill: none; stroke: var(--ink); stroke-width: 1.3; opacity: 0.75; }
.chart .mark { stroke: var(--ink); stroke-dasharray: 3 3; } .chart .marklabel { fill: var(--ink); font-weight: 600; }
.chart .curve { --role: var(--distilled); } .chart .curvename { fill: var(--ink); font-size: 13px; font-weight: 600; }
.chart .line.beside { stroke-width: 1.4; stroke-dasharray: 5 4; } .chart .dot.beside { fill: var(--paper); stroke: var(--role); }

.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 14.5px; }
th, td { padding: 8px 14px 8px 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: baseline; }
th { color: var(--soft); font-size: 13px; font-weight: 600; white-space: nowrap; }
tr > :last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
.name { white-space: nowrap; }
tbody tr.strong td { font-weight: 600; }
tbody tr.group th { padding-top: 16px; color: var(--ink); font-size: 14.5px; }
.swatch { white-space: nowrap; }
td small { color: var(--soft); font-weight: 400; }
.swatch::before { content: ""; display: inline-block; width: 10px; height: 10px; margin-right: 8px; border-radius: 2px; background: var(--role, var(--neutral)); }
.swatch.distilled { --role: var(--distilled); } .swatch.selected { --role: var(--selected); } .swatch.random { --role: var(--random); } .swatch.full { --role: var(--full); }
.timebar { display: inline-block; height: 8px; min-width: 2px; border-radius: 2px; background: var(--neutral); vertical-align: 1px; }
.digest { font: 12.5px/1.5 var(--mono); overflow-wrap: anywhere; }

pre { margin: 0 0 18px; padding: 14px 16px; background: var(--well); border: 1px solid var(--rule); border-radius: 8px; font: 13px/1.55 var(--mono); overflow-x: auto; tab-size: 2; }
pre.command { white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; }
code { font: 0.9em var(--mono); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 5px 20px; margin: 0 0 18px; font-size: 14.5px; }
.facts dt { color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; }
details > summary { margin-bottom: 10px; cursor: pointer; font-size: 15px; font-weight: 600; }
footer { margin-top: 52px; padding-top: 18px; border-top: 1px solid var(--rule); color: var(--soft); font-size: 13.5px; }

@media (max-width: 940px) {
  .classes.many .class { display: block; }
  .classes.many .class.heading { display: none; }
  .classes.many .pair { flex-direction: column; gap: 8px; }
  .classes.many .strip.real::before { content: "real"; width: 100%; margin-top: 2px; color: var(--soft); font-size: 12.5px; line-height: 1.2; }
}
@media (max-width: 640px) {
  main { padding: 28px 16px 48px; }
  section { margin-top: 38px; padding-top: 20px; }
  .classes.single { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 10px; }
  .classes.single .pair { flex-direction: column; }
  .classes.single .strip.real img { width: calc(var(--tile) * 0.66); }
  .chart, .chart .value, .chart .barlabel, .chart .group { font-size: 15px; }
  .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: 8px; }
}
@media print {
  main { max-width: none; padding: 0; }
  section { break-inside: avoid-page; }
}
`;
