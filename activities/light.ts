/**
 * @file The light activities: short work on the store, on the queue that pipelines are started on.
 */
import { Context } from '@temporalio/activity';
import type { ArtifactStore } from '../artifacts/store.js';
import { activity } from './activity.js';
import { discardCheckpoints } from './discard-checkpoints.js';
import { beginStage } from './begin-stage.js';
import { compileDefinition } from './compile-definition.js';
import type { LightActivities } from './contract.js';
import { finishStage } from './finish-stage.js';
import { recordTrajectorySet } from './record-trajectory-set.js';
import type { CustomStageType } from '../custom/stage-type.js';
import { resolveDataset, type ImportBuiltin } from './resolve-dataset.js';
import { resolveImports } from './resolve-imports.js';
import { runCustomStage } from './run-custom-stage.js';
import { searchesTags } from './searches-tags.js';
import { selectCandidate } from './select-candidate.js';
import { settleStage } from './settle-stage.js';
import { summariseEvaluation } from './summarise-evaluation.js';
import { writeReport, type ReportWriter } from './write-report.js';

export interface LightDependencies {
  /** The store, opened on first use and then kept. */
  readonly store: () => Promise<ArtifactStore>;
  readonly importBuiltin: ImportBuiltin;
  readonly writeReport: ReportWriter;
  /** Types of stages of the worker's owner. Default: none. */
  readonly stages?: readonly CustomStageType[];
  /** What a report says it was made with, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

export function createLightActivities(dependencies: LightDependencies): LightActivities {
  const { store, stages = [] } = dependencies;
  return {
    compileDefinition: activity(async (_, definition, params) =>
      compileDefinition(await store(), definition, params, stages),
    ),
    resolveDataset: activity(async (_, spec, seed, networks, perClass) =>
      resolveDataset(await store(), dependencies.importBuiltin, spec, seed, networks, perClass),
    ),
    resolveImports: activity(async (_, input) => resolveImports(await store(), input)),
    settleStage: activity((_, input) => Promise.resolve(settleStage(input))),
    beginStage: activity(async (_, input) => beginStage(await store(), input, provenance())),
    finishStage: activity(async (_, input) => finishStage(await store(), input, provenance())),
    recordTrajectorySet: activity(async (_, input) => recordTrajectorySet(await store(), input)),
    selectCandidate: activity((_, input) => Promise.resolve(selectCandidate(input))),
    summariseEvaluation: activity(async (_, input) => summariseEvaluation(await store(), input)),
    writeReport: activity(async (_, input) => {
      const { versions, writeReport: writer } = dependencies;
      const { taskQueue } = Context.current().info;
      return writeReport(await store(), { writer, versions, taskQueue }, input);
    }),
    runCustomStage: activity(async (attempt, input, limits) =>
      runCustomStage(await store(), stages, attempt, input, limits),
    ),
    discardCheckpoints: activity(async (_, input) => discardCheckpoints(await store(), input)),
    searchesTags: activity((_, attribute) => searchesTags(Context.current().client, attribute)),
    cancelCaller: activity(async () => {
      const { client, info } = Context.current();
      const { workflowId, runId } = info.workflowExecution ?? { workflowId: '' };
      await client.workflow.getHandle(workflowId, runId).cancel();
    }),
  };
}

function provenance() {
  const { workflowExecution, scheduledTimestampMs } = Context.current().info;
  return {
    workflowId: workflowExecution?.workflowId ?? '',
    runId: workflowExecution?.runId ?? '',
    now: new Date(scheduledTimestampMs),
  };
}
