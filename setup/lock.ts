/**
 * @file A lock file that says who holds it and that outlives no one.
 */
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Who holds a lock. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** Kernel start time of the process where known: a re-used pid is another process. */
  readonly started: string;
  readonly token: string;
}

/** A held lock. `release` is idempotent. */
export interface Lock {
  release(): void;
}

const heartbeatMs = 5_000;
/** A holder on another machine (or in another container) counts as dead when silent for so long. */
const silentMs = 60_000;

/** Takes the lock if it is free or its holder is dead; otherwise returns the holder. */
export function tryLock(path: string): Lock | LockHolder {
  const mine: LockHolder = {
    pid: process.pid,
    host: hostname(),
    started: startTime(process.pid),
    token: randomUUID(),
  };
  // A hard link appears with its content in one step, so no reader sees an empty lock.
  const draft = `${path}.${mine.token}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    for (let attempt = 0; attempt < 20; attempt++) {
      if (link(draft, path)) return hold(path, mine);
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(path, holder)) return holder;
      if (holder !== undefined) evict(path, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new Error(`cannot take the lock ${path}: it keeps changing hands`);
}

/** Waits for the lock as long as it takes; `onWait` is called once, with the holder, when it has to. */
export async function waitForLock(path: string, onWait: (holder: LockHolder) => void): Promise<Lock> {
  for (let first = true; ; first = false) {
    const result = tryLock(path);
    if ('release' in result) return result;
    if (first) onWait(result);
    await sleep(250);
  }
}

function hold(path: string, mine: LockHolder): Lock {
  const beat = setInterval(() => {
    try {
      const now = new Date();
      utimesSync(path, now, now);
    } catch {
      // Gone: release() copes with that.
    }
  }, heartbeatMs);
  beat.unref();
  let held = true;
  return {
    release(): void {
      if (!held) return;
      held = false;
      clearInterval(beat);
      if (readHolder(path)?.token === mine.token) rmSync(path, { force: true });
    },
  };
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(path: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    // Not JSON: damaged by a full disk or by hand; nobody can be holding it.
    return { pid: 0, host: hostname(), started: '', token: '' };
  }
}

/** Moves a dead holder's file away, and puts it back if a live one took its place in between. */
function evict(path: string, dead: LockHolder): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  if (moved !== undefined && moved.token !== dead.token) link(aside, path);
  rmSync(aside, { force: true });
}

function isAlive(path: string, holder: LockHolder): boolean {
  if (holder.host !== hostname()) {
    const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    return touched !== undefined && Date.now() - touched < silentMs;
  }
  if (!processExists(holder.pid)) return false;
  return holder.started === '' || startTime(holder.pid) === holder.started;
}

function processExists(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    // Dead, but nobody has asked yet how it ended.
    return statField(pid, 3) !== 'Z';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function startTime(pid: number): string {
  return statField(pid, 22);
}

/** A field of /proc/PID/stat from the third on, counted from 1; empty where there is no /proc. */
function statField(pid: number, field: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[field - 3] ?? '';
  } catch {
    return '';
  }
}
