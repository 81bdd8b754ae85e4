/**
 * @file A user's workflows file: one of his own, and distillery's.
 */
import { proxyActivities } from '@temporalio/workflow';
import type { userActivities } from './user-activities.js';

export * from 'distillery/workflows';

const { shout } = proxyActivities<typeof userActivities>({ startToCloseTimeout: '1 minute' });

export async function greet(name: string): Promise<string> {
  return `${await shout('hello')} ${name}`;
}
