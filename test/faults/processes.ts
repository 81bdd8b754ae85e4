/**
 * @file Who is whose child.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** Process ids of the direct children of a process. */
export function childrenOf(parent: number): number[] {
  return pairs()
    .filter(([, ppid]) => ppid === parent)
    .map(([pid]) => pid);
}

/** Process id and parent's id of every process. */
function pairs(): [number, number][] {
  if (!existsSync('/proc/self/stat')) {
    const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
    return table.trim().split('\n').map(toPair);
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // The name in brackets may hold anything; the parent is the second field after it.
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '');
        return [[Number(pid), Number(fields.split(' ')[1])] as [number, number]];
      } catch {
        return [];
      }
    });
}

function toPair(line: string): [number, number] {
  const [pid, ppid] = line.trim().split(/\s+/).map(Number);
  return [pid ?? 0, ppid ?? 0];
}
