/**
 * @file What a process takes of the machine's memory, what there is, and whether the kernel has killed for want
 * of it. Read from /proc and the control groups where there are any, else from `ps`.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The part of the memory that computing may take; the rest is for the worker itself and the system. */
const share = 0.9;

/** Bytes for all compute processes of a worker: 90 % of what the machine or its container has. */
export function defaultMemoryLimit(): number {
  // 0 or a huge number where there is no limit.
  const constrained = process.constrainedMemory();
  const total = totalmem();
  return share * (constrained > 0 ? Math.min(constrained, total) : total);
}

/**
 * Bytes of memory that a process holds and the kernel cannot take back without it; undefined when that cannot
 * be found out, as for a process that is gone. Mapped files are left out where the system tells them apart.
 */
export async function memoryOf(pid: number): Promise<number | undefined> {
  try {
    return heldMemory(await readFile(`/proc/${pid}/status`, 'utf8'));
  } catch {
    if (process.platform === 'linux') return undefined;
  }
  try {
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
    const kibibytes = Number.parseInt(stdout, 10);
    return Number.isNaN(kibibytes) ? undefined : kibibytes * 1024;
  } catch {
    return undefined;
  }
}

/** @param status content of `/proc/PID/status` */
export function heldMemory(status: string): number | undefined {
  const field = (name: string): number | undefined => {
    const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  };
  const anonymous = field('RssAnon');
  if (anonymous === undefined) return field('VmRSS');
  return anonymous + (field('RssShmem') ?? 0) + (field('VmSwap') ?? 0);
}

/**
 * How often the kernel has killed a process of our control group, or of the machine where groups do not count,
 * for want of memory; undefined where nothing counts it. Only a rise means something.
 *
 * @param root for tests: where `proc` and `sys` are
 */
export function countOutOfMemoryKills(root = '/'): number | undefined {
  const groups = read(join(root, 'proc/self/cgroup')) ?? '';
  const [, unified] = /^0::(.*)$/m.exec(groups) ?? [];
  const [, legacy] = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(groups) ?? [];
  const places = [
    ...(legacy === undefined ? [] : [join('sys/fs/cgroup/memory', legacy, 'memory.oom_control')]),
    ...(unified === undefined ? [] : [join('sys/fs/cgroup', unified, 'memory.events')]),
    'proc/vmstat',
  ];
  for (const place of places) {
    const count = /^oom_kill (\d+)$/m.exec(read(join(root, place)) ?? '')?.[1];
    if (count !== undefined) return Number(count);
  }
  return undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** For messages: `1.5 GiB`, `300 MiB`. */
export function bytesInWords(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1000 ? `${mebibytes.toFixed(0)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}
