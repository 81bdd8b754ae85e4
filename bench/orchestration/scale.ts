/**
 * @file How large a pipeline, and how many of them: run on the embedded servers with pretend work, read back and
 * measured. Run by `node dist/bench/orchestration/scale.js` after a build.
 */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { compile } from '../../definition/index.js';
import { packPlan } from '../../definition/packed-plan.js';
import type { PipelineResult, PipelineStatus } from '../../definition/stages.js';
import { startEmbedded } from '../../servers/embedded.js';
import { measureRuns } from '../../test/support/histories.js';
import { quietRuntime } from '../../test/support/temporal.js';
import { withWorkers } from '../../test/workflows/harness.js';
import { Pretend } from '../../test/workflows/pretend.js';
import { PIPELINE_QUEUE } from '../../workflows/queues.js';

const say = (line: string): void => console.error(`scale: ${line}`);

const head = `
name: scale
dataset: { source: fashion-mnist, limit: 20000, holdout: 500 }
network: { architecture: ConvNet, depth: 2, width: 8 }
stages:
`;

function numbers(count: number): string {
  return `[${Array.from({ length: count }, (_, index) => index + 1).join(', ')}]`;
}

/** Distillations over two axes, each evaluated, and a report over all. */
function matrixOf(first: number, second: number): string {
  return `${head}
  experts: { uses: train-experts, with: { count: 2, epochs: 10 } }
  distill:
    uses: distill
    matrix: { ipc: ${numbers(first)}, N: ${numbers(second)} }
    maxParallel: 50
    with:
      trajectories: \${{ stages.experts.trajectories }}
      ipc: \${{ matrix.ipc }}
      iterations: 100
      method: { synSteps: '\${{ matrix.N }}', expertEpochs: 2, maxStartEpoch: 4, lrImg: 1000, lrLr: 1.0e-5 }
      selection: { every: 100 }
  evaluate:
    uses: evaluate
    matrix: distill
    maxParallel: 50
    with: { dataset: '\${{ stages.distill.result }}', runs: 2 }
  report: { uses: report }
`;
}

/** So many stages one after the other and beside each other, and a report over all. */
function manyStages(count: number): string {
  const stages = Array.from({ length: count - 1 }, (_, index) => {
    const needs = index < 10 ? '' : `, needs: [s${index - 10}]`;
    return `  s${index}: { uses: train-experts${needs}, with: { count: 2, epochs: ${index + 1} } }\n`;
  });
  return `${head}${stages.join('')}  report: { uses: report }\n`;
}

function small(index: number): string {
  return `${head}
  experts: { uses: train-experts, with: { count: 2, epochs: ${10 + index} } }
  distill:
    uses: distill
    with:
      trajectories: \${{ stages.experts.trajectories }}
      ipc: 1
      iterations: 200
      method: { synSteps: 5, expertEpochs: 2, maxStartEpoch: 4, lrImg: 1000, lrLr: 1.0e-5 }
      selection: { every: 100 }
  evaluate: { uses: evaluate, with: { dataset: '\${{ stages.distill.result }}', runs: 2 } }
  report: { uses: report }
`;
}

/** Compiles what it is sent, as the real activity does. */
function pretended(): Pretend {
  const pretend = new Pretend();
  const { compileDefinition } = pretend.light;
  Object.assign(pretend.light, {
    compileDefinition: (text: string) => compileDefinition(compile(text).plan),
  });
  return pretend;
}

quietRuntime();
const servers = await startEmbedded({ ephemeral: true, say });
try {
  const address = servers.temporalAddress;
  const connection = await Connection.connect({ address });
  const nativeConnection = await NativeConnection.connect({ address });
  const client = new Client({ connection });
  const start = (text: string, workflowId: string) =>
    client.workflow.start('pipeline', { taskQueue: PIPELINE_QUEUE, workflowId, args: [text] });

  const one = async (text: string, workflowId: string): Promise<void> => {
    const compiling = performance.now();
    const { plan } = compile(text);
    const compiled = performance.now() - compiling;
    const pretend = pretended();
    await withWorkers({ nativeConnection }, pretend, async () => {
      const started = performance.now();
      const handle = await start(text, workflowId);
      let status = '';
      const watch = setInterval(() => {
        handle.query<PipelineStatus>('status').then(
          (answer) => {
            const size = JSON.stringify(answer).length;
            if (size > status.length) status = JSON.stringify(answer);
            say(answer.matrices?.map(({ id, states }) => `${id} ${JSON.stringify(states)}`).join(' ') ?? '');
          },
          (error: unknown) => say(String(error)),
        );
      }, 5000);
      try {
        const result = (await handle.result()) as PipelineResult;
        const seconds = (performance.now() - started) / 1000;
        const [run] = await measureRuns(client, workflowId);
        const last = JSON.stringify(await handle.query<PipelineStatus>('status'));
        console.log(
          JSON.stringify({
            workflowId,
            stages: plan.stages.length,
            compileMilliseconds: Math.round(compiled),
            planBytes: JSON.stringify(packPlan(plan)).length,
            seconds: Math.round(seconds),
            ...run,
            resultBytes: JSON.stringify(result).length,
            statusBytes: Math.max(status.length, last.length),
            results: Object.keys({ ...result.stages, ...result.keys }).length,
            computed: pretend.calls.length,
          }),
        );
      } finally {
        clearInterval(watch);
      }
    });
  };

  const together = async (count: number): Promise<void> => {
    const pretend = pretended();
    await withWorkers({ nativeConnection }, pretend, async () => {
      const started = performance.now();
      const handles = await Promise.all(
        Array.from({ length: count }, (_, index) => start(small(index), `small-${index}`)),
      );
      const results = (await Promise.all(handles.map((handle) => handle.result()))) as PipelineResult[];
      console.log(
        JSON.stringify({
          pipelines: count,
          seconds: Math.round((performance.now() - started) / 1000),
          complete: results.filter(({ stages }) => Object.keys(stages).length === 4).length,
          experts: pretend.count('trainExpert'),
          chunks: pretend.count('distillChunk'),
          evaluations: pretend.count('evaluateNetwork'),
          reports: pretend.count('writeReport'),
        }),
      );
    });
  };

  const what = process.argv.slice(2);
  if (what.includes('small')) await one(matrixOf(5, 4), 'small-matrix');
  if (what.length === 0 || what.includes('stages')) await one(manyStages(200), 'stages');
  if (what.length === 0 || what.includes('matrix')) await one(matrixOf(40, 25), 'matrix');
  if (what.length === 0 || what.includes('pipelines')) await together(200);
  await connection.close();
  await nativeConnection.close();
} finally {
  await servers.stop();
}
