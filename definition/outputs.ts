/**
 * @file What stages give to other stages: artifacts, which `with` refers to, and plain values, which conditions
 * look at.
 */
import { signatureOf, type StageTypes } from './custom-stages.js';
import type { StageType } from './plan.js';
import type { EvaluateOutput, StageOutput } from './stages.js';

/**
 * - `artifact`: something in the store.
 * - `images`: an artifact in the form of `distilled.safetensors`, which an evaluate stage takes.
 * - `number`, `text`, `boolean`: a value that travels by itself.
 */
export type OutputKind = 'artifact' | 'images' | 'number' | 'text' | 'boolean';

/** By name, in the order in which messages list them. */
export type Outputs = Readonly<Record<string, OutputKind>>;

/** Types of stages that come with distillery. */
export type BuiltinType = Exclude<StageType, 'custom'>;

export const stageOutputs: Readonly<Record<BuiltinType, Outputs>> = {
  'train-experts': { trajectories: 'artifact', count: 'number', accuracy: 'number', std: 'number' },
  distill: {
    result: 'images',
    metrics: 'artifact',
    accuracy: 'number',
    iteration: 'number',
    iterations: 'number',
    learnedRate: 'number',
  },
  select: { result: 'images', count: 'number' },
  evaluate: { scores: 'artifact', accuracy: 'number', std: 'number' },
  report: { report: 'artifact' },
};

export const builtinTypes = Object.keys(stageOutputs) as readonly BuiltinType[];

/**
 * The outputs of a type of stage.
 *
 * @param uses as a definition writes it; undefined is returned for what is no type
 */
export function outputsOf(uses: unknown, types: StageTypes): Outputs | undefined {
  if (typeof uses !== 'string') return undefined;
  if (Object.hasOwn(stageOutputs, uses)) return stageOutputs[uses as BuiltinType];
  return signatureOf(uses, types)?.outputs;
}

/** The kind of an output; undefined where there is none of that name. */
export function outputKind(outputs: Outputs | undefined, name: string): OutputKind | undefined {
  return outputs !== undefined && Object.hasOwn(outputs, name) ? outputs[name] : undefined;
}

export function isArtifact(kind: OutputKind): kind is 'artifact' | 'images' {
  return kind === 'artifact' || kind === 'images';
}

/** The names of the artifacts among some outputs. */
export function artifactsOf(outputs: Outputs): string[] {
  return Object.entries(outputs).flatMap(([name, kind]) => (isArtifact(kind) ? [name] : []));
}

/** The plain values among a finished stage's outputs; one that it has not is absent. */
export function plainOutputs(output: StageOutput): Readonly<Record<string, number | string | boolean>> {
  return Object.fromEntries(
    Object.entries(valuesOf(output)).flatMap(([name, value]) => (isPlain(value) ? [[name, value]] : [])),
  );
}

function isPlain(value: unknown): value is number | string | boolean {
  return typeof value === 'number'
    ? Number.isFinite(value)
    : typeof value === 'string' || typeof value === 'boolean';
}

function valuesOf(
  output: StageOutput,
): Readonly<Record<string, number | string | boolean | object | undefined>> {
  switch (output.type) {
    case 'train-experts':
      return { count: output.count, accuracy: output.accuracy, std: output.std };
    case 'distill': {
      const { iteration, iterations, learnedRate, candidates } = output;
      const chosen = candidates.find((candidate) => candidate.iteration === iteration);
      return { accuracy: chosen?.accuracy, iteration, iterations, learnedRate };
    }
    case 'select':
      return { count: output.count };
    case 'evaluate': {
      const row = ownRow(output);
      return { accuracy: row?.mean, std: row?.std };
    }
    case 'report':
      return {};
    case 'custom':
      return output.outputs;
  }
}

/** Of the images that were to be evaluated, on the first network of the list. */
function ownRow({ rows }: EvaluateOutput) {
  return rows.find(({ trainedOn }) => trainedOn === 'distilled' || trainedOn === 'selected');
}
