/**
 * @file Ids of runs for a shell that completes: the newest ones, soon, and none where no server answers.
 */
import type { Environment } from '../state/client-environment.js';
import { connectTemporal, type TemporalClient } from '../temporal/connect.js';

const mostIds = 100;
/** Milliseconds that whoever has pressed a key is willing to wait. */
const patience = 2000;
/** A shell may expand what it completes. */
const plain = /^[\w./:@+=-]+$/;

export async function runIds(environment: Environment): Promise<string[]> {
  // What is left of an attempt to connect must not keep the shell waiting.
  setTimeout(() => process.exit(), patience).unref();
  let temporal: TemporalClient;
  try {
    temporal = await connectTemporal(environment);
  } catch {
    return [];
  }
  const ids = new Set<string>();
  try {
    const runs = temporal.client.workflow.list({ query: "WorkflowType = 'pipeline'", pageSize: mostIds });
    for await (const { workflowId } of runs) {
      if (plain.test(workflowId)) ids.add(workflowId);
      if (ids.size >= mostIds) break;
    }
  } catch {
    // What is there so far is offered.
  } finally {
    await temporal.close();
  }
  return [...ids];
}
