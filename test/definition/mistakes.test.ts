/**
 * @file Every kind of mistake has its message and its place.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IssueCode } from '../../definition/index.js';
import { brief, changed, failure } from './examples.js';

interface Mistake {
  readonly passage: string;
  readonly written: string;
  readonly code: IssueCode;
  /** `line:column message` of the only issue. */
  readonly issue: string;
}

const mistakes: readonly Mistake[] = [
  // Keys
  {
    passage: 'seed: 7',
    written: 'sed: 7',
    code: 'unknown-key',
    issue: '4:1 unknown key "sed" in a definition; did you mean "seed"?',
  },
  {
    passage: 'lrImg: 1000',
    written: 'lrImg: 1000\n        lrImage: 3',
    code: 'unknown-key',
    issue: '22:9 unknown key "lrImage" in "method"; did you mean "lrImg"?',
  },
  {
    passage: 'seed: 7',
    written: 'zzz: 7',
    code: 'unknown-key',
    issue:
      '4:1 unknown key "zzz" in a definition; permitted: name, description, include, tags, params, seed, dataset, network, stages',
  },
  {
    passage: '    chunk: { iterations: 10 }',
    written: '    chunks: { iterations: 10 }',
    code: 'unknown-key',
    issue: '23:5 unknown key "chunks" in "distill"; did you mean "chunk"?',
  },
  { passage: 'name: example\n', written: '', code: 'missing-key', issue: '1:1 "name" is missing' },
  { passage: '        synSteps: 5\n', written: '', code: 'missing-key', issue: '17:7 "synSteps" is missing' },
  {
    passage: '    uses: report\n',
    written: '    cache: true\n',
    code: 'missing-key',
    issue: '29:3 "uses" is missing',
  },
  {
    passage: 'dataset: ${{ stages.distill.result }}',
    written: 'runs: 1',
    code: 'missing-key',
    issue: '27:5 "dataset" is missing',
  },
  {
    passage: 'seed: 7',
    written: 'seed: 7\nseed: 8',
    code: 'duplicate-key',
    issue: '5:1 "seed" is given twice; the first is on line 4',
  },
  // Types, ranges, words
  {
    passage: 'iterations: 100',
    written: 'iterations: many',
    code: 'wrong-type',
    issue: '16:19 expected a number, found the text "many"',
  },
  {
    passage: 'iterations: 100',
    written: 'iterations: 1_000',
    code: 'wrong-type',
    issue: '16:19 expected a number, found the text "1_000"',
  },
  {
    passage: 'synSteps: 5',
    written: 'synSteps: 1.5',
    code: 'wrong-type',
    issue: '18:19 expected a whole number, found 1.5',
  },
  {
    passage: 'iterations: 100',
    written: 'iterations:',
    code: 'wrong-type',
    issue: '16:18 expected a number, found nothing',
  },
  {
    passage: 'count: 2',
    written: 'count: 0',
    code: 'out-of-range',
    issue: '10:20 must be at least 1, found 0',
  },
  {
    passage: 'count: 2',
    written: 'count: 5001',
    code: 'out-of-range',
    issue: '10:20 must be at most 5000, found 5001',
  },
  {
    passage: 'lrImg: 1000',
    written: 'lrImg: 0',
    code: 'out-of-range',
    issue: '21:16 must be greater than 0, found 0',
  },
  {
    passage: 'lrImg: 1000',
    written: 'lrImg: .nan',
    code: 'wrong-type',
    issue: '21:16 expected a number, found NaN',
  },
  {
    passage: 'lrImg: 1000',
    written: 'momentum: 1\n        lrImg: 1000',
    code: 'out-of-range',
    issue: '21:19 must be less than 1, found 1',
  },
  {
    passage: 'width: 8',
    written: 'width: 8, norm: instanse',
    code: 'unknown-value',
    issue:
      '6:61 expected one of "none", "batch", "layer", "instance", "group", found the text "instanse"; did you mean "instance"?',
  },
  {
    passage: 'uses: train-experts',
    written: 'uses: train-expert',
    code: 'unknown-value',
    issue:
      '9:11 expected one of "train-experts", "distill", "select", "evaluate", "report", found the text "train-expert"; did you mean "train-experts"?',
  },
  {
    passage: 'epochs: 10 }',
    written: 'epochs: 10, augmentation: dsaa }',
    code: 'unknown-value',
    issue: '10:49 expected one of "dsa", "none", found the text "dsaa"; did you mean "dsa"?',
  },
  {
    passage: 'epochs: 10 }',
    written: 'epochs: 10, augmentation: [flip, rotat] }',
    code: 'unknown-value',
    issue:
      '10:56 expected one of "color", "crop", "cutout", "flip", "scale", "rotate", found the text "rotat"; did you mean "rotate"?',
  },
  {
    passage: 'epochs: 10 }',
    written: 'epochs: 10, augmentation: [flip, flip] }',
    code: 'out-of-range',
    issue: '10:49 an operation is listed twice',
  },
  {
    passage: 'epochs: 10 }',
    written: 'epochs: 10, augmentation: 5 }',
    code: 'wrong-type',
    issue: '10:49 expected "dsa" or "none" or a list, found 5',
  },
  {
    passage: 'needs: [experts]',
    written: 'retry: { preemptions: unlimted }',
    code: 'unknown-value',
    issue: '26:27 expected "unlimited", found the text "unlimted"; did you mean "unlimited"?',
  },
  {
    passage: 'needs: [experts]',
    written: 'retry: { backoff: soon }',
    code: 'invalid-name',
    issue: '26:23 expected a duration such as 30s, 10m or 24h, or a number of seconds',
  },
  {
    passage: 'needs: [experts]',
    written: 'timeout: [1]',
    code: 'wrong-type',
    issue: '26:14 expected a duration such as 30s, 10m or 24h, or a number of seconds',
  },
  {
    passage: 'needs: [experts]',
    written: 'timeout: 60d',
    code: 'out-of-range',
    issue: '26:14 must be between 1 s and 2592000 s, found 5184000 s',
  },
  {
    passage: 'needs: [experts]',
    written: 'cache: yes',
    code: 'wrong-type',
    issue: '26:12 expected true or false, found the text "yes"',
  },
  {
    passage: 'needs: [experts]',
    written: 'maxParallel: 1001',
    code: 'out-of-range',
    issue: '26:18 must be at most 1000, found 1001',
  },
  // Names
  {
    passage: 'name: example',
    written: 'name: Big Name',
    code: 'invalid-name',
    issue: '1:7 a name is made of a-z, 0-9 and "-", begins with a letter and has at most 63 characters',
  },
  {
    passage: '  report:',
    written: '  Report:',
    code: 'invalid-name',
    issue:
      '29:3 the id of a stage is made of a-z, 0-9 and "-", begins with a letter and has at most 63 characters; found "Report"',
  },
  {
    passage: '  report:\n    uses: report',
    written: `  ${'r'.repeat(64)}:\n    uses: report`,
    code: 'invalid-name',
    issue: `29:3 the id of a stage is made of a-z, 0-9 and "-", begins with a letter and has at most 63 characters; found "${'r'.repeat(64)}"`,
  },
  {
    passage: '  ipc: { type: integer, default: 1',
    written: '  1pc: 3\n  ipc: { type: integer, default: 1',
    code: 'invalid-name',
    issue:
      '3:3 the name of a parameter is made of letters, digits and "_", begins with a letter and has at most 63 characters; found "1pc"',
  },
  // Networks
  {
    passage: 'architecture: ConvNet',
    written: 'architecture: convnet',
    code: 'unknown-value',
    issue:
      '6:26 unknown network "convnet"; available: ConvNet, MLP, LeNet, AlexNet, VGG11, ResNet18, ResNet18_AP; did you mean "ConvNet"?',
  },
  {
    passage: 'result }}',
    written: 'result }}\n      networks: [ConvNet, Resnet-18]',
    code: 'unknown-value',
    issue:
      '29:27 unknown network "Resnet-18"; available: ConvNet, MLP, LeNet, AlexNet, VGG11, ResNet18, ResNet18_AP; did you mean "ResNet18"?',
  },
  {
    passage: 'result }}',
    written: 'result }}\n      networks: [Transformer]',
    code: 'unknown-value',
    issue:
      '29:18 unknown network "Transformer"; available: ConvNet, MLP, LeNet, AlexNet, VGG11, ResNet18, ResNet18_AP; a network of your own is { architecture: custom, name: … }',
  },
  {
    passage: 'result }}',
    written: 'result }}\n      networks: [{ architecture: VGG11, norm: layer }]',
    code: 'unknown-value',
    issue: '29:47 expected one of "instance", "batch", found the text "layer"',
  },
  {
    passage: 'result }}',
    written: 'result }}\n      networks: [{ architecture: AlexNet, width: 8 }]',
    code: 'unknown-key',
    issue: '29:43 unknown key "width" in "0"; permitted: architecture',
  },
  {
    passage: 'result }}',
    written: 'result }}\n      networks: [ConvNet, { architecture: ConvNet, depth: 2, width: 8 }]',
    code: 'inconsistent',
    issue: '29:27 the same network as number 1 of the list',
  },
  {
    passage: 'depth: 2',
    written: 'depth: 6',
    code: 'inconsistent',
    issue: '6:42 depth 6 halves the images of 28 x 28 pixels away; use a depth of at most 5, or pool: none',
  },
  {
    passage: 'width: 8',
    written: 'width: 6, norm: group',
    code: 'inconsistent',
    issue: '6:52 group normalisation has 4 groups; the width must be a multiple of 4, found 6',
  },
  // Expressions
  {
    passage: 'params.ipc',
    written: 'params.ipx',
    code: 'expression',
    issue: '15:16 unknown parameter "ipx"; did you mean "ipc"?',
  },
  {
    passage: 'params.ipc',
    written: 'param.ipc',
    code: 'expression',
    issue: '15:16 unknown name "param"; did you mean "params"?',
  },
  {
    passage: 'params.ipc',
    written: 'params.ipc-1',
    code: 'expression',
    issue: '15:16 unknown parameter "ipc-1"; to subtract, put spaces around "-"',
  },
  {
    passage: 'params.ipc }}',
    written: 'params.ipc',
    code: 'expression',
    issue: '15:12 "${{" is not closed by "}}"',
  },
  {
    passage: 'params.ipc }}',
    written: 'params.ipc + }}',
    code: 'expression',
    issue: '15:29 unexpected "}}"; expected a value',
  },
  {
    passage: '${{ params.ipc }}',
    written: '${{ }}',
    code: 'expression',
    issue: '15:16 the expression is empty',
  },
  {
    passage: 'params.ipc',
    written: 'params.ipc / 0',
    code: 'expression',
    issue: '15:27 "/" has no finite result here',
  },
  {
    passage: 'params.ipc',
    written: "params.ipc * 'x'",
    code: 'expression',
    issue: '15:29 "*" calculates with numbers, not with "x"',
  },
  {
    passage: 'params.ipc',
    written: 'params.ipc ? 1',
    code: 'expression',
    issue: '15:27 unexpected "?"; write if(condition, value, otherwise)',
  },
  {
    passage: 'params.ipc',
    written: 'maxx(params.ipc, 2)',
    code: 'expression',
    issue: '15:16 there is no function "maxx"; did you mean "max"?',
  },
  {
    passage: 'params.ipc',
    written: 'max(params.ipc, true)',
    code: 'expression',
    issue: '15:32 "max" takes numbers, not true',
  },
  {
    passage: 'params.ipc',
    written: 'params.ipc > 1',
    code: 'wrong-type',
    issue: '15:12 expected a number, found false (from ${{ params.ipc > 1 }})',
  },
  {
    passage: 'params.ipc',
    written: 'matrix.ipc',
    code: 'expression',
    issue: '15:16 there is no matrix here; a stage with a "matrix" has one',
  },
  { passage: 'params.ipc', written: 'params', code: 'expression', issue: '15:16 write params.NAME' },
  {
    passage: 'seed: 7',
    written: 'seed: ${{ stages.experts.count }}',
    code: 'expression',
    issue:
      '4:11 the output of a stage can only stand in "when" and in the settings ("with") of another, outside of lists',
  },
  {
    passage: 'iterations: 100',
    written: 'iterations: ${{ 100 * stages.experts.acuracy }}',
    code: 'expression',
    issue: '16:29 unknown output of stage "experts" "acuracy"; did you mean "accuracy"?',
  },
  {
    passage: 'iterations: 100',
    written: 'iterations: ${{ 100 * stages.distill.accuracy }}',
    code: 'expression',
    issue: '16:29 a stage cannot look at its own outcome, here that of "distill"',
  },
  {
    passage: 'iterations: 100',
    written: 'iterations: ${{ stages.experts.accuracy > 0.5 }}',
    code: 'wrong-type',
    issue: '16:19 "iterations" takes a number, and this is true or false',
  },
  {
    passage: 'default: 1,',
    written: "default: '${{ 1 }}',",
    code: 'parameter',
    issue: '3:34 a parameter takes plain values, not expressions',
  },
  {
    passage: 'uses: distill',
    written: 'uses: ${{ params.ipc }}',
    code: 'expression',
    issue: '12:11 the type of a stage is a plain name',
  },
  {
    passage: '${{ params.ipc }}',
    written: '${{ params.ipc * 20000 }}',
    code: 'out-of-range',
    issue: '15:12 must be at most 10000, found 20000 (from ${{ params.ipc * 20000 }})',
  },
  {
    passage: 'iterations: 100',
    written: 'iterations: n${{ params.ipc }}',
    code: 'wrong-type',
    issue: '16:19 expected a number, found the text "n1" (from n${{ params.ipc }})',
  },
  // The graph
  {
    passage: 'needs: [experts]',
    written: 'needs: [expert]',
    code: 'unknown-stage',
    issue: '26:13 there is no stage "expert"; did you mean "experts"?',
  },
  {
    passage: 'needs: [experts]',
    written: 'needs: nothing-like-it',
    code: 'unknown-stage',
    issue: '26:12 there is no stage "nothing-like-it"; there are: experts, distill, report',
  },
  {
    passage: 'needs: [experts]',
    written: 'needs: [evaluate]',
    code: 'cycle',
    issue: '26:13 stage "evaluate" needs itself',
  },
  {
    passage: 'uses: train-experts',
    written: 'uses: train-experts\n    needs: [distill]',
    code: 'cycle',
    issue: '15:21 stages need each other in a circle: experts -> distill -> experts',
  },
  {
    passage: 'stages.experts.trajectories',
    written: 'stages.expert.trajectories',
    code: 'unknown-stage',
    issue: '14:21 there is no stage "expert"; did you mean "experts"?',
  },
  {
    passage: 'stages.experts.trajectories',
    written: 'stages.experts.trajectory',
    code: 'wrong-output',
    issue: '14:21 stage "experts" has no output "trajectory"; did you mean "trajectories"?',
  },
  {
    passage: 'stages.experts.trajectories',
    written: 'stages.evaluate.scores',
    code: 'wrong-output',
    issue:
      '14:21 "trajectories" takes the "trajectories" of a train-experts stage, such as ${{ stages.experts.trajectories }}; "evaluate" is of type evaluate',
  },
  {
    passage: 'stages.distill.result',
    written: 'stages.distill.metrics',
    code: 'wrong-output',
    issue: '28:16 "metrics" of stage "distill" cannot be used here; "dataset" takes "result"',
  },
  {
    passage: '${{ stages.distill.result }}',
    written: 'stages.distill.result',
    code: 'out-of-range',
    issue: `28:16 expected a reference to a stage's output, such as "\${{ stages.distill.result }}"`,
  },
  {
    passage: '${{ stages.distill.result }}',
    written: 'x${{ stages.distill.result }}',
    code: 'expression',
    issue: "28:21 a stage's output cannot be part of a longer text",
  },
  // What must fit together
  {
    passage: 'maxStartEpoch: 4',
    written: 'maxStartEpoch: 10',
    code: 'invalid-trajectory',
    issue:
      '20:24 maxStartEpoch - 1 + expertEpochs = 10 - 1 + 2 = 11, but the experts of "experts" are trained for 10 epochs only; train at least 11 epochs, or set maxStartEpoch to at most 9',
  },
  {
    passage: 'expertEpochs: 2',
    written: 'expertEpochs: 11',
    code: 'invalid-trajectory',
    issue:
      '20:24 maxStartEpoch - 1 + expertEpochs = 4 - 1 + 11 = 14, but the experts of "experts" are trained for 10 epochs only; train at least 14 epochs, or match fewer expertEpochs',
  },
  {
    passage: 'synSteps: 5',
    written: 'synSteps: 5\n        batchSyn: 11',
    code: 'inconsistent',
    issue: '19:19 batchSyn 11 is more than there are synthetic images: ipc 1 x 10 classes = 10',
  },
  {
    passage: 'synSteps: 5',
    written: 'synSteps: 5\n        lrInit: 1e-7',
    code: 'inconsistent',
    issue: '19:17 lrInit 1e-7 is below lrFloor 0.000001',
  },
  {
    passage: 'iterations: 100',
    written: 'selection: { every: 2, runs: 100 }\n      iterations: 5000',
    code: 'inconsistent',
    issue:
      '16:27 a candidate every 2 of 5000 iterations makes 2500 candidates; with 100 runs each there can be 400: set every to at least 13',
  },
  {
    passage: 'limit: 1000',
    written: 'limit: 60000',
    code: 'inconsistent',
    issue:
      '5:42 "fashion-mnist" has 60000 training images; with 500 held out, the limit can be at most 59500, found 60000',
  },
  {
    passage: 'source: fashion-mnist, limit: 1000',
    written: 'zca: true, source: tiny-imagenet, limit: 1000',
    code: 'inconsistent',
    issue: '5:17 images of at most 4000 values can be whitened; those of "tiny-imagenet" have 12288',
  },
  {
    passage: 'depth: 2, width: 8',
    written: 'depth: 3, width: 1024',
    code: 'inconsistent',
    issue:
      '6:52 experts of 19.1 million parameters cannot be stored: a snapshot is one object, which holds 16.0 million; use a smaller network',
  },
  {
    passage: 'holdout: 500',
    written: 'holdout: 60000',
    code: 'inconsistent',
    issue: '5:57 "fashion-mnist" has 60000 training images; 60000 held out leave too few to train on',
  },
  {
    passage: 'limit: 1000',
    written: 'limit: 5',
    code: 'inconsistent',
    issue: '5:42 5 images cannot be of all 10 classes; every class must be trained on',
  },
  // YAML
  {
    passage: 'seed: 7',
    written: 'seed: !!int 7',
    code: 'yaml-feature',
    issue: '4:13 tags such as "tag:yaml.org,2002:int" are not used in definitions; remove it',
  },
  {
    passage: 'seed: 7',
    written: 'seed: !secret 7',
    code: 'yaml-feature',
    issue: '4:15 tags such as "!secret" are not used in definitions; remove it',
  },
  {
    passage: 'seed: 7',
    written: 'seed: *base',
    code: 'yaml-feature',
    issue: '4:7 there is no anchor "base" above',
  },
  {
    passage: 'seed: 7',
    written: 'seed: &a [*a]',
    code: 'yaml-feature',
    issue: '4:11 the alias "a" contains itself',
  },
  {
    passage: 'seed: 7',
    written: '<<: 7',
    code: 'yaml-feature',
    issue: '4:5 "<<" takes the keys of a mapping, such as *name, or of a list of mappings',
  },
  {
    passage: 'seed: 7',
    written: '__proto__: 7',
    code: 'yaml-feature',
    issue: '4:1 "__proto__" cannot be a key',
  },
  {
    passage: 'seed: 7',
    written: '? [seed]\n: 7',
    code: 'yaml-syntax',
    issue: '4:3 a key must be a plain word',
  },
  {
    passage: 'seed: 7',
    written: 'seed: [7',
    code: 'yaml-syntax',
    issue:
      '5:1 not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
  },
  {
    passage: 'seed: 7',
    written: 'seed: 7\n---\nname: second',
    code: 'yaml-feature',
    issue: '5:1 a second YAML document begins here; a definition is a single one',
  },
  {
    passage: 'name: example',
    written: '%YAML 1.1\n---\nname: example',
    code: 'yaml-feature',
    issue: '1:1 definitions are YAML 1.2; remove the %YAML line',
  },
  {
    passage: 'seed: 7',
    written: `seed: ${'['.repeat(33)}${']'.repeat(33)}`,
    code: 'yaml-feature',
    issue: '4:38 mappings and lists are nested more than 32 deep',
  },
  // Parameters
  {
    passage: 'default: 1,',
    written: 'default: 0,',
    code: 'parameter',
    issue: '3:34 must be at least 1, found 0',
  },
  {
    passage: 'type: integer, default: 1, minimum: 1, maximum: 50',
    written: 'type: boolean, minimum: 1, default: true',
    code: 'parameter',
    issue: '3:25 "minimum" is for numbers; the type is boolean',
  },
  {
    passage: 'default: 1, minimum: 1, maximum: 50',
    written: 'default: 1, enum: [1, ten]',
    code: 'parameter',
    issue: '3:47 expected an integer, found "ten"',
  },
  {
    passage: 'default: 1, ',
    written: '',
    code: 'parameter',
    issue: '3:3 the parameter "ipc" has no default and was not given a value',
  },
  {
    passage: 'type: integer',
    written: 'type: int',
    code: 'unknown-value',
    issue: '3:16 expected one of "string", "integer", "number", "boolean", found the text "int"',
  },
];

describe('mistakes in a definition', () => {
  for (const { passage, written, code, issue } of mistakes) {
    it(`${code}: ${written.split('\n', 1)[0]?.slice(0, 60) ?? ''}`, () => {
      const { issues, retryable } = failure(changed(passage, written));
      assert.deepEqual(issues.map(brief), [issue]);
      assert.equal(issues[0]?.code, code);
      assert.equal(retryable, false);
    });
  }
});
