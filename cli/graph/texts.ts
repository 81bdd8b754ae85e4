/**
 * @file The graph of a plan in the languages of Mermaid and Graphviz.
 */
import { stateClass, stateWord } from './states.js';
import type { StageBox, StageBoxes } from './stage-boxes.js';

function labelLines(box: StageBox): string[] {
  const detail = box.cells === 1 ? box.detail : `${box.cells} × ${box.detail}`;
  const word = stateWord(box);
  return [box.id, detail, ...(word === '' ? [] : [word])];
}

const mermaidStyles = `  classDef done stroke:#00875f,stroke-width:2px
  classDef run stroke:#0072b2,stroke-width:2px
  classDef fail stroke:#c0392b,stroke-width:2px
  classDef halt stroke:#b86e00,stroke-width:2px
  classDef wait stroke:#98a2ad
  classDef skipped stroke:#98a2ad,stroke-dasharray:4 3
  classDef imported stroke-dasharray:4 3
`;

/** For Markdown: GitHub, GitLab and others draw it. */
export function graphMermaid({ boxes, arrows }: StageBoxes): string {
  const names = namesOf(boxes);
  const lines = boxes.map((box) => {
    const [id = '', ...rest] = labelLines(box).map(mermaidText);
    const label = [`<b>${id}</b>`, ...rest].join('<br>');
    // A stage with a matrix is drawn as a stack of documents would be: with double sides.
    const [open, close] = box.cells > 1 ? ['[[', ']]'] : ['[', ']'];
    return `  ${names.get(box.id) ?? ''}${open}"${label}"${close}${mermaidClass(box)}`;
  });
  const links = arrows.map(([from, to]) => `  ${names.get(from) ?? ''} --> ${names.get(to) ?? ''}`);
  const styled = boxes.some((box) => mermaidClass(box) !== '');
  return `flowchart LR\n${[...lines, ...links].join('\n')}\n${styled ? mermaidStyles : ''}`;
}

function mermaidClass({ state, isImported }: StageBox): string {
  const name = stateClass(state) || (isImported ? 'imported' : '');
  return name === '' ? '' : `:::${name}`;
}

/** Ids may be words of Mermaid, such as "end". */
function namesOf(boxes: readonly StageBox[]): Map<string, string> {
  return new Map(boxes.map(({ id }, index) => [id, `s${index}`]));
}

/** As character codes, whatever could mean something. */
function mermaidText(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,:=/×-]/gu, (character) => `#${character.codePointAt(0) ?? 32};`);
}

const dotColours = {
  done: '#00875f',
  run: '#0072b2',
  fail: '#c0392b',
  halt: '#b86e00',
  wait: '#98a2ad',
  skipped: '#98a2ad',
};

/** For Graphviz: `distillery graph my.yaml --format dot | dot -Tpdf > graph.pdf`. */
export function graphDot({ boxes, arrows }: StageBoxes, name: string): string {
  const nodes = boxes.map((box) => {
    const state = stateClass(box.state);
    const attributes = [
      `label=${dotText(labelLines(box))}`,
      ...(box.cells > 1 ? ['peripheries=2'] : []),
      ...(state === '' ? [] : [`color="${dotColours[state]}"`]),
      ...(box.isImported || state === 'skipped' ? ['style="rounded,dashed"'] : []),
    ];
    return `  ${dotText([box.id])} [${attributes.join(', ')}];`;
  });
  const edges = arrows.map(([from, to]) => `  ${dotText([from])} -> ${dotText([to])};`);
  return [
    `digraph ${dotText([name])} {`,
    '  rankdir=LR;',
    '  node [shape=box, style=rounded, fontname="sans-serif", fontsize=12];',
    '  edge [color="#98a2ad"];',
    ...nodes,
    ...edges,
    '}',
    '',
  ].join('\n');
}

function dotText(lines: readonly string[]): string {
  const escaped = lines.map((line) =>
    line
      .replace(/[^\P{Cc}]/gu, ' ')
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"'),
  );
  return `"${escaped.join('\\n')}"`;
}
