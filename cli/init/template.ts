/**
 * @file The definition that `distillery init` writes: complete, with a word on each choice, to be changed by hand.
 */
import { type Choices, methods } from './choices.js';

const smallLimit = 20_000;

/** The text of the definition. `schema` is where editors find the JSON Schema. */
export function definitionText(choices: Choices, schema: string): string {
  const { name, dataset, ipc, size, method } = choices;
  const paper = size === 'paper';
  return `# yaml-language-server: $schema=${schema}
#
# Made by \`distillery init\`. Every setting: docs/definition.md; what it would do: \`distillery plan FILE\`.
name: ${name}
params:
  ipc: { type: integer, default: ${ipc}, minimum: 1, description: Synthetic images per class. } # --param ipc=10
seed: 1 # all randomness follows from it

# ${paper ? 'Held-out images choose the reported iteration; the test set has no say in it.' : 'A part of the images is enough to try things out; without \`limit\`, all are used.'}
${datasetLine(choices)}

# ${networkComment(choices)}
network: ${networkText(choices)}

stages:
${method === 'mtt' ? expertsText(choices) : ''}${distillText(choices)}
  # Fresh networks, trained on the synthetic images alone and tested on the test set, beside as many random real ones.
  evaluate:
    uses: evaluate
    with:
      dataset: \${{ stages.distill.result }}
      networks: [${choices.network}] # or cross-architecture, to see how well the images suit other networks
      runs: ${paper ? 5 : 3}
      epochs: ${paper ? 1000 : 300}
      baselines: [random]

  # One page and all files: \`distillery artifacts get RUN\`.
  report:
    uses: report
    with: { title: '${dataset.source} in \${{ params.ipc }} images per class' }
`;
}

function datasetLine({ dataset: { source, trainImages }, size }: Choices): string {
  const holdout = Math.min(2000, Math.max(1, Math.floor((trainImages ?? 20_000) / 10)));
  const left = (trainImages ?? 0) - holdout;
  const limit = size === 'small' && left > smallLimit ? `, limit: ${smallLimit}` : '';
  return `dataset: { source: ${source}, holdout: ${holdout}${limit} }`;
}

function networkComment({ network, size }: Choices): string {
  if (network !== 'ConvNet') return 'Of the experts, the students and the evaluation.';
  return size === 'paper'
    ? 'Blocks of convolution, normalisation, ReLU and pooling, as in the paper.'
    : 'A narrow network; the paper has width 128.';
}

/** Each block halves the image; the paper has one more for each doubling from 32 pixels on. */
function networkText({ network, size, dataset: { side = 32 } }: Choices): string {
  if (network !== 'ConvNet') return network;
  const deepest = Math.max(1, Math.floor(Math.log2(side)));
  const depth = Math.min(deepest, Math.max(3, Math.round(Math.log2(side)) - 2));
  return `{ architecture: ConvNet, depth: ${depth}, width: ${size === 'paper' ? 128 : 32} }`;
}

function expertsText({ size }: Choices): string {
  const settings =
    size === 'paper'
      ? 'count: 100, epochs: 50, lr: 0.01, batchSize: 256, augmentation: dsa'
      : 'count: 3, epochs: 6, lr: 0.01, batchSize: 256, augmentation: dsa';
  return `  # Networks trained on the real images. The paper has 200 experts of 50 epochs${size === 'paper' ? '; fewer cost little accuracy' : ''}.
  experts:
    uses: train-experts
    with: { ${settings} }
${size === 'paper' ? '    maxParallel: 8 # as many at once as there are workers\n' : ''}
`;
}

function distillText(choices: Choices): string {
  const { method } = choices;
  const trajectories = method === 'mtt' ? '      trajectories: ${{ stages.experts.trajectories }}\n' : '';
  const [iterations, every] = iterationsOf(choices);
  const augmentation = method === 'dc' ? '      augmentation: none\n' : '';
  const selection =
    choices.size === 'paper' ? `{ every: ${every}, runs: 2 }` : `{ every: ${every}, runs: 2, epochs: 200 }`;
  return `  # ${method}: ${methods[method]}.
  distill:
    uses: distill
    with:
${trajectories}      ipc: \${{ params.ipc }}
      iterations: ${iterations} # updates of the synthetic images
${methodText(choices)}${augmentation}      selection: ${selection} # every so often, judged on held-out images
    chunk: { iterations: ${chunkOf(iterations)} } # work between two records; changes no result
`;
}

/** Updates, and after how many the images are judged. */
function iterationsOf({ method, size }: Choices): [iterations: number, every: number] {
  const paper = { mtt: 5000, dsa: 1000, dc: 1000, dm: 20_000, dd: 1000, kip: 1000 }[method];
  const small = { mtt: 80, dsa: 100, dc: 100, dm: 500, dd: 100, kip: 200 }[method];
  const iterations = size === 'paper' ? paper : small;
  return [iterations, iterations / (size === 'paper' ? 10 : 4)];
}

function chunkOf(iterations: number): number {
  return Math.max(20, iterations / 50);
}

function methodText({ method, size, ipc }: Choices): string {
  if (method !== 'mtt')
    return `      method: { name: ${method} }${method === 'dsa' || method === 'dc' ? ' # loops follow from ipc, as published' : ''}\n`;
  const published = ipc === 1 ? [50, 2, 100] : ipc <= 10 ? [30, 20, 100] : [30, 40, 1000];
  const [synSteps, maxStartEpoch, lrImg] = size === 'paper' ? published : [20, 2, 1000];
  const comment =
    size === 'paper'
      ? `as published for CIFAR-10 at ${ipc === 1 ? 1 : ipc <= 10 ? 10 : 50} per class; other data may want others`
      : 'as in section 3 of the paper';
  return `      method: # ${comment}
        name: mtt
        synSteps: ${synSteps} # steps of the student
        expertEpochs: 2 # epochs of the expert that they are to match
        maxStartEpoch: ${maxStartEpoch} # where the expert's part begins, at most
        lrImg: ${lrImg} # rate of the pixels; lower it when the loss is unsteady
        lrLr: 1.0e-5
        lrInit: ${size === 'paper' ? '0.01' : '0.02'} # the student's rate, which is learned
`;
}
