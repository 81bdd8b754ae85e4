/**
 * @file Tells whether a process id still means the process it meant when it was written down.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * A token that is the same for the life of a process and differs when its id is given to another one: its
 * start time. Undefined when there is no such process.
 */
export function processIdentity(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name, in parentheses, may hold spaces and parentheses itself: count from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Fields 3 and 22 of proc(5). A zombie has ended; only its parent has not looked yet.
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): string | undefined {
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return started.toString().trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process with this id is the one that had this identity. */
export function isSameProcess(pid: number, identity: string): boolean {
  return processIdentity(pid) === identity;
}
