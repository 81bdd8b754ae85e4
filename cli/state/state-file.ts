/**
 * @file What a running `distillery up` writes down, so that other commands find its servers.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { DistilleryError } from '../../errors/errors.js';
import { isSameProcess, processIdentity } from './process-identity.js';

const schema = z.object({
  version: z.literal(1),
  /** The process that stops everything when it is told to, and what makes sure that it is still that one. */
  pid: z.number(),
  identity: z.string(),
  command: z.enum(['up', 'demo']),
  startedAt: z.string(),
  /** False as long as something still starts. */
  ready: z.boolean(),
  /** Variables that point a client at the servers, with credentials: hence the mode of the file. */
  environment: z.record(z.string(), z.string()),
  /** Address of the Temporal UI, when the servers are ours and have one. */
  ui: z.string().optional(),
  workers: z.array(z.object({ queue: z.string(), pid: z.number() })),
  log: z.string().optional(),
});

export type ServicesState = z.infer<typeof schema>;

/** The state file of one distillery home. All methods are synchronous: they also run while exiting. */
export class StateFile {
  readonly path: string;

  constructor(readonly directory: string) {
    this.path = join(directory, 'services.json');
  }

  /** What runs now; undefined when nothing does, also when the last one died without tidying up. */
  read(): ServicesState | undefined {
    const state = this.parse();
    return state !== undefined && isSameProcess(state.pid, state.identity) ? state : undefined;
  }

  /**
   * Takes the place for this process. Throws `ServerUnavailable` when another one has it: two of them
   * would fight over the ports and the database.
   */
  claim(command: ServicesState['command'], log?: string): ServicesState {
    const state: ServicesState = {
      version: 1,
      pid: process.pid,
      identity: processIdentity(process.pid) ?? '',
      command,
      startedAt: new Date().toISOString(),
      ready: false,
      environment: {},
      workers: [],
      ...(log === undefined ? {} : { log }),
    };
    const running = this.read();
    if (running !== undefined) throw alreadyRunning(running);
    rmSync(this.path, { force: true });
    const draft = this.draft(state);
    try {
      // A link, unlike a rename, fails when the name is taken: of two that start at once one wins.
      linkSync(draft, this.path);
    } catch (error) {
      const winner = this.read();
      throw winner === undefined ? error : alreadyRunning(winner);
    } finally {
      rmSync(draft, { force: true });
    }
    return state;
  }

  /** Replaces the state; only the process that claimed the place may. */
  write(state: ServicesState): void {
    renameSync(this.draft(state), this.path);
  }

  /** Removes the file if it is this process's. */
  release(): void {
    if (this.parse()?.pid === process.pid) rmSync(this.path, { force: true });
  }

  private draft(state: ServicesState): string {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    const path = `${this.path}.${process.pid}`;
    rmSync(path, { force: true });
    writeFileSync(path, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    return path;
  }

  private parse(): ServicesState | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch {
      return undefined;
    }
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      // Written by another version, or damaged: nobody can be found through it.
      return undefined;
    }
  }
}

function alreadyRunning(state: ServicesState): DistilleryError {
  return new DistilleryError(
    'ServerUnavailable',
    `distillery ${state.command} already runs here (process ${state.pid}). ` +
      (state.command === 'up' ? 'Stop it with `distillery down`.' : 'Let it finish, or stop it with Ctrl-C.'),
  );
}
