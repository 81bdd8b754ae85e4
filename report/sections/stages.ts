/**
 * @file What ran: every stage with its outcome, how long it took, and what interrupted it.
 */
import { customUses } from '../../definition/custom-stages.js';
import type { StageOutput } from '../../definition/stages.js';
import type { Findings } from '../findings.js';
import type { ReportedStage } from '../input.js';
import { markup, type Markup } from '../markup.js';
import { counted, duration, integer, moment, percent, percentWithStd } from '../numbers.js';

/** With more stages than this, the cells of a matrix are one row. */
const mostRows = 100;
/** The longest stage's bar, in pixels. */
const longestBar = 120;

export function stagesSection({ input }: Findings): Markup | undefined {
  const all = input.plan.stages.flatMap(({ id, matrix }) => {
    const stage = input.stages[id];
    return stage ? [{ id, of: matrix?.of, stage }] : [];
  });
  if (all.length === 0) return undefined;
  const groups = all.length > mostRows ? groupsOf(all) : new Map<string, ReportedStage[]>();
  const entries = all.filter(({ of }) => of === undefined || !groups.has(of));
  const longest = Math.max(...entries.map(({ stage }) => stage.manifest?.seconds ?? 0));
  return markup`<section id="stages"><h2>The run</h2>
<div class="scroll"><table><thead><tr><th>Stage</th><th>Result</th><th>State</th><th class="number">Took</th><th></th><th class="number">Preemptions</th><th class="number">Retried failures</th></tr></thead><tbody>${entries.map(({ id, stage }) => row(id, stage, longest))}${[...groups].map(([id, cells]) => cellsRow(id, cells))}</tbody></table></div>
<p class="note">A preemption is a worker that left or was lost; the work went on from its last checkpoint, with the same numbers as if nothing had happened. A cached stage was computed before, and its time is that of then.</p></section>`;
}

/** The cells of each matrix. */
function groupsOf(
  entries: readonly { readonly of: string | undefined; readonly stage: ReportedStage }[],
): Map<string, ReportedStage[]> {
  const groups = new Map<string, ReportedStage[]>();
  for (const { of, stage } of entries) {
    if (of === undefined) continue;
    const known = groups.get(of);
    if (known === undefined) groups.set(of, [stage]);
    else known.push(stage);
  }
  return groups;
}

function cellsRow(id: string, cells: readonly ReportedStage[]): Markup {
  const total = (of: (stage: ReportedStage) => number | undefined): number =>
    cells.reduce((sum, stage) => sum + (of(stage) ?? 0), 0);
  const cached = cells.filter((stage) => stage.state === 'cached').length;
  const states = `${integer(cells.length - cached)} computed${cached > 0 ? `, ${integer(cached)} cached` : ''}`;
  const type = cells[0]?.output.type ?? '';
  return markup`<tr><td class="name">${id}<br><small>${type}</small></td><td>${counted(cells.length, 'cell')}</td><td>${states}</td><td class="number">${duration(total(({ manifest }) => manifest?.seconds))}</td><td></td><td class="number">${integer(total(({ preemptions }) => preemptions))}</td><td class="number">${integer(total(({ failures }) => failures))}</td></tr>`;
}

function row(id: string, stage: ReportedStage, longest: number): Markup {
  const { output, manifest } = stage;
  const seconds = manifest?.seconds;
  const bar = seconds === undefined || longest === 0 ? 0 : Math.round((seconds / longest) * longestBar);
  return markup`<tr><td class="name">${id}${id === output.type ? '' : markup`<br><small>${typeName(output)}</small>`}</td><td>${outcome(output)}</td><td>${state(stage)}</td><td class="number">${seconds === undefined ? '' : duration(seconds)}</td><td>${bar > 0 ? markup`<span class="timebar" style="width:${bar}px"></span>` : ''}</td><td class="number">${integer(stage.preemptions ?? 0)}</td><td class="number">${integer(stage.failures ?? 0)}</td></tr>`;
}

function typeName(output: StageOutput): string {
  return output.type === 'custom' ? customUses(output.stage) : output.type;
}

function state({ state: name, manifest }: ReportedStage): Markup {
  if (name !== 'cached') return markup`${name === 'finished' ? 'computed' : name}`;
  if (!manifest) return markup`cached`;
  return markup`cached<br><small>from ${manifest.workflowId}, ${moment(manifest.finishedAt)}</small>`;
}

function outcome(output: StageOutput): string {
  switch (output.type) {
    case 'train-experts':
      return `${counted(output.count, 'expert')} at ${percentWithStd(output.accuracy, output.std, output.count)}`;
    case 'distill':
      return `iteration ${integer(output.iteration)} of ${integer(output.iterations)}`;
    case 'select':
      return `${counted(output.count, 'real image')} by ${output.method}`;
    case 'evaluate': {
      const runs = output.rows
        .filter((row) => row.trainedOn !== 'full' || row.source === 'training')
        .reduce((sum, row) => sum + row.accuracies.length, 0);
      const best = output.rows.find(({ trainedOn }) => trainedOn === 'distilled' || trainedOn === 'selected');
      return `${counted(runs, 'network')} trained${best ? `; ${best.trainedOn} ${percent(best.mean)}` : ''}`;
    }
    case 'report':
      return counted(output.files.length, 'file');
    case 'custom':
      return counted(Object.keys(output.outputs).length, 'output');
  }
}
