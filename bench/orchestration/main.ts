/**
 * @file `npm run bench:orchestration`: what durability costs, on real servers, as a table and as JSON.
 */
import { writeFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { Command } from 'commander';
import { openStore } from '../../artifacts/s3-store.js';
import { runCommand } from '../../cli/run-command.js';
import { tableLines } from '../../cli/terminal/table.js';
import { terminalOn } from '../../cli/terminal/terminal.js';
import { connectionEnvironment } from '../../servers/connection.js';
import { startEmbedded, type EmbeddedServers } from '../../servers/embedded.js';
import { quietRuntime } from '../../test/support/temporal.js';
import { describeMachine } from '../engine/machine.js';
import { checkpointCosts } from './checkpoints.js';
import { handOvers } from './hand-over.js';
import { chunkOverhead, historySize, manyStages } from './pretended.js';
import { columns, rows, type Measured } from './table.js';

const out = terminalOn(process.stdout);
const err = terminalOn(process.stderr);
const say = (line: string): void => err.line(`bench: ${line}`);

const program = new Command('bench:orchestration')
  .description('Measure what orchestration, checkpoints and hand-overs cost on this machine.')
  .option('--json <file>', 'also write everything measured as JSON')
  .exitOverride()
  .action(async ({ json }: { json?: string }) => {
    const servers = await startEmbedded({ ephemeral: true, say });
    try {
      const measured = await measure(servers);
      const { cpu, cores } = describeMachine();
      out.line(`${cpu}, ${cores} cores`);
      out.line();
      const width = out.interactive ? out.columns : 240;
      const layout = { columns: width, colours: out.colours };
      for (const line of tableLines(columns, rows(measured), layout)) out.line(line);
      const record = { machine: describeMachine(), ...measured };
      if (json !== undefined) writeFileSync(json, `${JSON.stringify(record, null, 2)}\n`);
    } finally {
      await servers.stop();
    }
  });

async function measure(servers: EmbeddedServers): Promise<Measured> {
  quietRuntime();
  const address = servers.temporalAddress;
  const connection = await Connection.connect({ address });
  const nativeConnection = await NativeConnection.connect({ address });
  try {
    const client = new Client({ connection });
    const connections = { client, nativeConnection };
    say('checkpoints');
    const checkpoints = await checkpointCosts(await openStore(connectionEnvironment(servers)), 15);
    say('60 chunks one after the other');
    const overhead = await chunkOverhead(connections, 60);
    say('100 stages at once');
    const stages = await manyStages(connections, 100);
    say('1,000 iterations in chunks of 100 and of 10');
    const histories = [await historySize(connections, 1000, 100), await historySize(connections, 1000, 10)];
    const leaving = await handOvers(servers, client, 3, say);
    return { overhead, checkpoints, stages, histories, handOvers: leaving };
  } finally {
    await connection.close();
    await nativeConnection.close();
  }
}

process.exitCode = await runCommand(program, process.argv.slice(2), { err, environment: process.env });
