/**
 * @file Pages of sample runs, and what stands in them.
 */
import assert from 'node:assert/strict';
import type { EvaluationRow } from '../../definition/stages.js';
import { Stream } from '../../random/stream.js';
import { writeReport, type ReportInput } from '../../report/index.js';
import type { MemoryStore } from '../support/memory-store.js';
import { sampleRun, type SampleOptions } from './sample.js';

export const shape = { channels: 3, height: 8, width: 8 };
export const size = 3 * 8 * 8;
export const folder = 'results/tiny-run/fmnist/0193f1c2-7a51-7e0a-9d0e-3f1d5c8a9b10/';

export function row(trainedOn: EvaluationRow['trainedOn'], mean: number, std = 0.008): EvaluationRow {
  return { trainedOn, architecture: 'ConvNet', mean, std, accuracies: [mean - std, mean, mean + std] };
}

export function options(changes: Partial<SampleOptions> = {}): SampleOptions {
  const classNames = changes.classNames ?? ['Cat', 'Dog'];
  const ipc = changes.ipc ?? 1;
  const count = classNames.length * 6;
  const stream = new Stream(7, 'report-samples');
  return {
    name: 'Tiny run',
    classNames,
    ipc,
    iterations: 50,
    // Images of class k are all of the grey value 100 + k, so that they are known again.
    real: {
      shape,
      count,
      images: Uint8Array.from(
        { length: count * size },
        (_, at) => 100 + (Math.floor(at / size) % classNames.length),
      ),
      labels: Int32Array.from({ length: count }, (_, at) => at % classNames.length),
    },
    mean: [0.5, 0.4, 0.3],
    std: [0.2, 0.25, 0.5],
    synthetic: Float32Array.from({ length: classNames.length * ipc * size }, () => stream.normal()),
    rows: [row('distilled', 0.712), row('random', 0.502), row('full', 0.848)],
    definitionText: 'name: tiny\n',
    trainingImages: 20_000,
    testImages: 10_000,
    ...changes,
  };
}

export async function textOf(store: MemoryStore, name: string): Promise<string> {
  const bytes = await store.getObject(folder + name);
  assert.ok(bytes, `${name} is missing`);
  return new TextDecoder().decode(bytes);
}

export async function pageOf(
  changes: Partial<SampleOptions>,
  edit: (input: ReportInput) => ReportInput = (input) => input,
) {
  const { store, input } = await sampleRun(options(changes));
  await writeReport(store, edit(input));
  return textOf(store, 'report.html');
}

export const sentence = (page: string): string =>
  (/<h1>(.*?)<\/h1>/.exec(page)?.[1] ?? '').replaceAll('\u00a0', ' ');
export const sections = (page: string): string[] =>
  Array.from(page.matchAll(/<section id="(\w+)"/g), (match) => match[1] ?? '');

/** The run without some of its stages. */
export function without(...ids: string[]): (input: ReportInput) => ReportInput {
  return (input) => ({
    ...input,
    stages: Object.fromEntries(Object.entries(input.stages).filter(([id]) => !ids.includes(id))),
  });
}
