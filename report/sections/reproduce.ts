/**
 * @file All that it takes to have the same result again, and to use it.
 */
import type { Reference } from '../../artifacts/reference.js';
import type { Findings } from '../findings.js';
import { engines } from '../engines.js';
import { markup, type Markup } from '../markup.js';
import { bytes, counted, duration, integer, moment, significant } from '../numbers.js';

/** A longer definition is folded away. */
const openLines = 70;

export function reproduceSection(findings: Findings): Markup {
  const { input } = findings;
  return markup`<section id="reproduce"><h2>How to reproduce</h2>
<p class="lead">The same definition, seed, data and engine give the same bytes, however often the run is interrupted.</p>
<h3>Start it again</h3>
<pre class="command">${input.temporalCommand}</pre>
${definition(input.definitionText)}
<div class="columns"><div><h3>Run</h3>${facts(runFacts(findings))}</div><div><h3>Data set</h3>${facts(datasetFacts(findings))}<h3>Versions and engine</h3>${facts(versionFacts(findings))}</div></div>
<h3>Artifacts</h3>
<div class="scroll"><table><thead><tr><th>Artifact</th><th>Key and sha256</th><th class="number">Size</th></tr></thead><tbody>${artifacts(findings).map(artifactRow)}</tbody></table></div>
${usage(findings)}</section>`;
}

function definition(text: string): Markup | undefined {
  if (text.trim() === '') return undefined;
  const open = text.split('\n').length <= openLines ? markup` open` : '';
  return markup`<details${open}><summary>Definition</summary><pre>${text.trimEnd()}</pre></details>`;
}

type Fact = readonly [name: string, value: string | Markup];

function runFacts({ input }: Findings): Fact[] {
  const seconds = (Date.parse(input.finishedAt) - Date.parse(input.startedAt)) / 1000;
  const params = Object.entries(input.plan.params).map(([name, value]) => `${name} = ${value}`);
  return [
    ['pipeline', input.plan.name],
    ['seed', String(input.seed)],
    ...(params.length > 0 ? [['parameters', params.join(', ')] as const] : []),
    ['workflow', input.workflowId],
    ['run', markup`<span class="digest">${input.runId}</span>`],
    ['started', moment(input.startedAt)],
    ['finished', moment(input.finishedAt)],
    ...(Number.isFinite(seconds) ? [['took', duration(seconds)] as const] : []),
  ];
}

function datasetFacts({ dataset, input, trainingImages }: Findings): Fact[] {
  const { channels, height, width } = dataset.shape;
  const list = (values: readonly number[]): string => values.map((value) => significant(value, 4)).join(', ');
  return [
    ['name', dataset.name],
    ['images', `${width} × ${height}, ${counted(channels, 'channel')}, ${counted(dataset.classes, 'class')}`],
    [
      'split',
      `${integer(trainingImages)} to train on, ${integer(input.plan.dataset.holdout)} held out, ${integer(dataset.test.count)} to test`,
    ],
    input.plan.dataset.zca
      ? ['whitened by', 'ZCA fitted to all training images, 0.1 added to the eigenvalues']
      : ['normalised by', `mean ${list(dataset.mean)}; std ${list(dataset.std)}`],
  ];
}

function versionFacts({ input }: Findings): Fact[] {
  return [
    ...Object.entries(input.versions),
    ...engines(input).map((engine): Fact => [
      'engine',
      `${engine.name} on ${engine.device}, ${counted(engine.threads, 'thread')}, oneDNN ${engine.oneDnn ? 'on' : 'off'}, ${engine.kernels === undefined ? 'no fused kernels' : `fused kernels ${engine.kernels}`}; ${engine.cpu}`,
    ]),
  ];
}

function facts(list: readonly Fact[]): Markup {
  return markup`<dl class="facts">${list.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function artifacts({ input, experts, distilled, evaluation }: Findings): [string, Reference][] {
  return [
    ['data set', input.dataset],
    ...(experts ? [['trajectories', experts.output.trajectories] as [string, Reference]] : []),
    ...(distilled
      ? ([
          ['distilled images', distilled.output.result],
          ['metrics', distilled.output.metrics],
        ] as [string, Reference][])
      : []),
    ...(evaluation ? [['evaluation scores', evaluation.output.scores] as [string, Reference]] : []),
  ];
}

function artifactRow([name, reference]: [string, Reference]): Markup {
  return markup`<tr><td>${name}</td><td class="digest">${reference.key}<br>sha256 ${reference.sha256}</td><td class="number">${bytes(reference.bytes)}</td></tr>`;
}

const softLabels = `
targets = distilled["soft_labels"]             # float32 [n, classes]: train on these`;

const loadFile = `from safetensors.numpy import load_file

distilled = load_file("distilled.safetensors")`;

const loadFiles = `from glob import glob
from numpy import concatenate
from safetensors.numpy import load_file

parts = [load_file(name) for name in sorted(glob("distilled-*.safetensors"))]
distilled = {name: concatenate([part[name] for part in parts]) for name in parts[0]}`;

function usage({ distilled }: Findings): Markup | undefined {
  if (!distilled) return undefined;
  const { method } = distilled.config;
  const learned = 'labels' in method;
  const program = `${distilled.parts.length === 1 ? loadFile : loadFiles}
images = distilled["images"]                   # float32 [n, c, h, w], normalised as above
labels = distilled["labels"]                   # int64 [n]${learned ? softLabels : ''}
lr = float(distilled["learned_rate"][0])       # ${distilled.output.learnedRate.toPrecision(6)}: train with this rate`;
  return markup`<h3 style="margin-top:26px">Use the images</h3><pre>${program}</pre>`;
}
