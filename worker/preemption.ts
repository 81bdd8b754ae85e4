/**
 * @file Notices that the machine is about to be taken away: a file that appears, or a command that says so.
 * They come minutes or seconds before SIGTERM, and the worker leaves as it does then.
 */
import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { DistilleryError } from '../errors/errors.js';

export interface PreemptionHook {
  /** The worker leaves once there is something at this path. */
  readonly file?: string;
  /** Program and arguments, run again and again without a shell; exit status 0 is the notice. */
  readonly command?: readonly string[];
  /** Wait between two looks. Default 2. */
  readonly everySeconds?: number;
  /** A command that takes longer is killed and counts as no notice. Default 5. */
  readonly commandTimeoutSeconds?: number;
}

export interface PreemptionListener {
  /** Called once. */
  readonly onNotice: (reason: string) => void;
  /** Told once of each way in which a look failed; looking goes on. */
  readonly onTrouble: (message: string) => void;
}

const defaults = { everySeconds: 2, commandTimeoutSeconds: 5 } as const;

/**
 * Looks for a notice now and every few seconds from then on, without keeping the process alive.
 *
 * @returns resolves after the first look, with a function that ends the watch
 * @throws DistilleryError `InvalidDefinition` when the command cannot be started at the first look: a hook
 *   that never works must not pass for one that has nothing to say
 */
export async function watchPreemption(
  hook: PreemptionHook,
  { onNotice, onTrouble }: PreemptionListener,
): Promise<() => void> {
  if (hook.file === undefined && hook.command === undefined) return () => undefined;
  const stop = new AbortController();
  const told = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const look = async (first: boolean): Promise<void> => {
    try {
      const notice = await noticeOf(hook, stop.signal);
      if (stop.signal.aborted) return;
      if (notice !== undefined) {
        onNotice(notice);
        return;
      }
    } catch (error) {
      if (stop.signal.aborted) return;
      if (first && error instanceof DistilleryError) throw error;
      const message = error instanceof Error ? error.message : String(error);
      if (!told.has(message)) onTrouble(message);
      told.add(message);
    }
    timer = setTimeout(() => void look(false), (hook.everySeconds ?? defaults.everySeconds) * 1000);
    timer.unref();
  };
  await look(true);
  return () => {
    stop.abort();
    clearTimeout(timer);
  };
}

async function noticeOf(hook: PreemptionHook, signal: AbortSignal): Promise<string | undefined> {
  const { file, command, commandTimeoutSeconds = defaults.commandTimeoutSeconds } = hook;
  if (file !== undefined && (await exists(file))) return `preemption notice: ${file} is there`;
  if (command === undefined) return undefined;
  const notice = await succeeds(command, commandTimeoutSeconds, signal);
  return notice ? `preemption notice from ${command.join(' ')}` : undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whether the command ends with status 0 in time. */
function succeeds(
  [program = '', ...words]: readonly string[],
  seconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      stdio: 'ignore',
      timeout: seconds * 1000,
      killSignal: 'SIGKILL',
      signal,
    });
    child.once('error', (error) =>
      reject(
        new DistilleryError(
          'InvalidDefinition',
          `The preemption command ${program} cannot be run: ${error.message}. ` +
            'Name a program that this machine has; there is no shell around it.',
        ),
      ),
    );
    child.once('exit', (code, killed) => {
      if (killed === null) resolve(code === 0);
      else
        reject(
          new Error(
            `The preemption command ${program} was ended by ${killed}, at the latest after ${seconds} s; that counts as no notice.`,
          ),
        );
    });
  });
}
