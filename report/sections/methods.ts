/**
 * @file The methods of a pipeline beside each other, when it evaluates the images of more than one.
 */
import { methodRows, type Findings, type MethodRow } from '../findings.js';
import { markup, type Markup } from '../markup.js';
import { integer, percent, percentWithStd } from '../numbers.js';

export function methodsSection({ input }: Findings): Markup | undefined {
  const rows = methodRows(input);
  if (new Set(rows.map(({ evaluation }) => evaluation)).size < 2) return undefined;
  const best = Math.max(...rows.map(({ row }) => row.mean));
  return markup`<section id="methods"><h2>Methods compared</h2>
<p class="lead">Each row is fresh networks trained on the images of one stage alone, and tested on the test set. The lead of this page and its pictures are of the last distillation evaluated.</p>
<div class="scroll"><table><thead><tr><th>Images by</th><th>Stage</th><th class="number">Per class</th><th>Network</th><th class="number">Test accuracy</th><th class="number">Networks</th></tr></thead><tbody>${rows.map((entry) => tableRow(entry, best))}</tbody></table></div></section>`;
}

function tableRow({ method, stage, ipc, row }: MethodRow, best: number): Markup {
  const single = row.accuracies.map((accuracy) => percent(accuracy)).join(', ');
  return markup`<tr${row.mean === best ? markup` class="strong"` : ''}><td><span class="swatch ${row.trainedOn}">${method}</span></td><td class="name">${stage ?? ''}</td><td class="number">${ipc === undefined ? '' : integer(ipc)}</td><td>${row.architecture}</td><td class="number" title="${single}">${percentWithStd(row.mean, row.std, row.accuracies.length)}</td><td class="number">${row.accuracies.length}</td></tr>`;
}
