/** @file The workflows of this project: its own, and distillery's beside them. */
import { executeChild, proxyActivities } from '@temporalio/workflow';

export * from 'distillery/workflows';

const { shout } = proxyActivities({ startToCloseTimeout: '1 minute' });

export async function greet(name) {
  return `${await shout('hello')} ${name}`;
}

/** A pipeline as a part of a workflow of one's own. */
export async function distilAndTell(definition) {
  const { stages } = await executeChild('pipeline', { args: [definition], workflowId: 'child' });
  return shout(`brightest ${stages.first.outputs.brightest}`);
}
