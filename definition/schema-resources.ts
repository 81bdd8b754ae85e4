/**
 * @file The schema of what a stage asks of the workers that compute for it.
 */
import * as z from 'zod';
import { count } from './schema-values.js';

const bytesPerUnit: Readonly<Record<string, number>> = {
  MB: 1e6,
  GB: 1e9,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};
const memoryPattern = /^(\d+(?:\.\d+)?) ?(MB|GB|MiB|GiB)$/;
const expectedMemory = 'expected an amount of memory such as 8GiB or 500MiB';

const leastMemory = 2 ** 20;
const mostMemory = 2 ** 50;

const memory = z
  .string()
  .regex(memoryPattern, { error: expectedMemory, abort: true })
  .refine((text) => parseMemory(text) >= leastMemory && parseMemory(text) <= mostMemory, {
    error: 'must be between 1MiB and 1048576GiB',
  });

/** Bytes of `8GiB`. */
export function parseMemory(text: string): number {
  const [, amount, unit = ''] = memoryPattern.exec(text) ?? [];
  return Math.floor(Number(amount) * (bytesPerUnit[unit] ?? Number.NaN));
}

/** As Temporal takes it, without what would have to be quoted. */
const taskQueue = z.string().regex(/^[A-Za-z0-9][\w./:-]{0,199}$/, {
  error:
    'the name of a task queue is made of letters, digits and ". _ - / :", begins with a letter or digit and has at most 200 characters',
});

export const resources = z.strictObject({
  taskQueue: taskQueue
    .optional()
    .describe('Task queue of the compute work; workers listen on it with --task-queue.'),
  memory: memory.optional().describe('Memory that a compute process must be allowed to take, such as 8GiB.'),
  gpu: count(0, 1).default(0).describe('1: only on a GPU; a worker that computes on its CPU refuses.'),
});

export const priority = count(1, 5);
