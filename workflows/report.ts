/**
 * @file The `report` stage: everything before it as a result folder with one page to read.
 */
import type { ReportStage } from '../definition/plan.js';
import { light } from './proxies.js';
import { runStage } from './stage.js';
import type { StageInput, StageOutcome } from './stage-input.js';
import { reportInputs } from './stage-inputs.js';

export type ReportStageInput = StageInput<ReportStage>;

/** Writes the result folder. */
export async function report(input: ReportStageInput): Promise<StageOutcome> {
  const { source, upstream, upstreamKeys, run } = input;
  const inputs = () => ({
    ...reportInputs(upstream, source.definition),
    ...Object.fromEntries(
      Object.entries(upstreamKeys ?? {}).map(([id, { sha256 }]) => [`stage ${id}`, { sha256 }]),
    ),
  });
  return runStage(input, inputs, (stage) =>
    stage.unit('report', () =>
      light.writeReport({
        source,
        dataset: run.dataset.manifest,
        upstream,
        ...(upstreamKeys && { upstreamKeys }),
        finishedAt: new Date().toISOString(),
      }),
    ),
  );
}
