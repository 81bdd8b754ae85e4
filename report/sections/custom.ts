/**
 * @file What stages of the users' own types have made, as they declare it.
 */
import type { Reference } from '../../artifacts/reference.js';
import { customUses } from '../../definition/custom-stages.js';
import type { CustomOutput } from '../../definition/stages.js';
import type { Findings } from '../findings.js';
import { markup, type Markup } from '../markup.js';
import { integer } from '../numbers.js';

export function customSection({ input }: Findings): Markup | undefined {
  const rows = input.plan.stages.flatMap(({ id }) => {
    const output = input.stages[id]?.output;
    return output?.type === 'custom' ? outputRows(id, output) : [];
  });
  if (rows.length === 0) return undefined;
  return markup`<section id="custom"><h2>Custom stages</h2>
<p class="lead">Stages of types that do not come with distillery, with what they have made.</p>
<div class="scroll"><table><thead><tr><th>Stage</th><th>Output</th><th>Value</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function outputRows(id: string, { stage, outputs }: CustomOutput): Markup[] {
  const name = markup`${id}<br><small>${customUses(stage)}</small>`;
  return Object.entries(outputs).map(
    ([output, value], index) =>
      markup`<tr><td class="name">${index === 0 ? name : ''}</td><td>${output}</td><td>${typeof value === 'object' ? artifactWords(value) : String(value)}</td></tr>`,
  );
}

function artifactWords({ key, bytes, mediaType }: Reference): Markup {
  return markup`<code>${key}</code><br><small>${mediaType}, ${integer(bytes)} bytes</small>`;
}
