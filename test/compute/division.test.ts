/**
 * @file The same bytes however the work is divided: chunks, checkpoints, units at once, processes, preemptions.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { engineEnvironment } from '../../tensor/environment.js';
import { digestsOf, type Division } from './divided-run.js';

const whole: Division = { chunkIterations: 100, checkpointInterval: 'off', maxParallel: 1 };
const program = fileURLToPath(new URL('./divided-run.js', import.meta.url));

describe('a run gives the same bytes', () => {
  let expected: Awaited<ReturnType<typeof digestsOf>>;
  before(async () => {
    expected = await digestsOf(whole);
  });

  const divisions: Readonly<Record<string, Partial<Division>>> = {
    'in chunks of one iteration': { chunkIterations: 1 },
    'in chunks of seven': { chunkIterations: 7 },
    'with a checkpoint after every step': { checkpointInterval: 0 },
    'with four units at once': { maxParallel: 4 },
    'with all of that': { chunkIterations: 7, checkpointInterval: 0, maxParallel: 4 },
    'preempted after every step, four units at once': { pause: 1, maxParallel: 4, chunkIterations: 7 },
    'preempted after every second step': { pause: 2, chunkIterations: 1 },
    'preempted after every third step': { pause: 3, checkpointInterval: 0 },
    'preempted after every fifth step': { pause: 5, chunkIterations: 7 },
  };
  for (const [name, division] of Object.entries(divisions))
    it(name, async () => {
      assert.deepEqual(await digestsOf({ ...whole, ...division }), expected);
    });

  it('in other processes, two at a time', async () => {
    const run = promisify(execFile);
    const elsewhere = async (division: Partial<Division>): Promise<unknown> => {
      const { stdout } = await run(process.execPath, [program, JSON.stringify({ ...whole, ...division })], {
        env: { ...process.env, ...engineEnvironment(1) },
      });
      return JSON.parse(stdout.trim());
    };
    // An engine of another setting than this process's rounds differently: they are compared with each other.
    const [one, other] = await Promise.all([
      elsewhere({}),
      elsewhere({ pause: 4, checkpointInterval: 0, chunkIterations: 7, maxParallel: 4 }),
    ]);
    assert.deepEqual(one, other);
  });
});
