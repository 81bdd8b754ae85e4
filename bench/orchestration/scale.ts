/**
 * @file How large a pipeline, and how many of them: run on the embedded servers with pretend work, read back and
 * measured. Run by `node dist/bench/orchestration/scale.js [stages] [matrix] [pipelines]` after a build; `small`
 * is a matrix of 20 cells.
 */
import { readFileSync, statSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { startEmbedded } from '../../servers/embedded.js';
import { quietRuntime } from '../../test/support/temporal.js';
import { manyStages } from './scale-definitions.js';
import { run, runMatrix, runTogether, type AtScale, type Connections } from './scale-runs.js';

const measurements: Readonly<Record<string, (connections: Connections) => Promise<AtScale>>> = {
  small: (connections) => runMatrix(connections, 5, 4),
  stages: (connections) => run(connections, new Map([['stages', manyStages(200)]]), []),
  matrix: (connections) => runMatrix(connections, 40, 25),
  pipelines: (connections) => runTogether(connections, 200),
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !Object.hasOwn(measurements, name));
if (unknown !== undefined)
  throw new RangeError(`"${unknown}" is not measured; there are ${Object.keys(measurements).join(', ')}`);

quietRuntime();
for (const name of wanted.length > 0 ? wanted : ['stages', 'matrix', 'pipelines']) {
  const servers = await startEmbedded({ ephemeral: true, say: (line) => console.error(`scale: ${line}`) });
  try {
    const address = servers.temporalAddress;
    const connection = await Connection.connect({ address });
    const nativeConnection = await NativeConnection.connect({ address });
    const measured = await measurements[name]?.({ client: new Client({ connection }), nativeConnection });
    await connection.close();
    await nativeConnection.close();
    console.log(JSON.stringify({ name, ...measured, ...memory(servers.pids) }));
    if (measured === undefined || measured.problems.length > 0) process.exitCode = 1;
  } finally {
    await servers.stop();
  }
}

/** The most that this process, with both workers in it, and Temporal have held, and the size of its database. */
function memory(servers: readonly number[]) {
  const workersPeakBytes = 1024 * process.resourceUsage().maxRSS;
  for (const pid of servers) {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const at = command.indexOf('--db-filename');
    if (at < 0) continue;
    const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const databaseBytes = statSync(command[at + 1] ?? '').size;
    return { workersPeakBytes, temporalPeakBytes: 1024 * Number(peak), databaseBytes };
  }
  return { workersPeakBytes };
}
