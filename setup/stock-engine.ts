/**
 * @file The download that `@tensorflow/tfjs-node-gpu` would do by itself on install, kept on a short leash:
 * many networks do not reach its host, and then it hangs or leaves halves behind.
 */
import { copyFileSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { BindingSite } from './binding.js';
import { tryBinding } from './binding.js';
import { runCommand } from './command.js';
import { formatBytes, secondsSince, type Say } from './say.js';

/** Nothing arrived after this long: the host is not reachable from here. */
const firstByteMs = 20_000;
const wholeMs = 15 * 60_000;

/** Returns TensorFlow's version when the package's own download worked; cleans up when it did not. */
export async function stockDownload(site: BindingSite, say: Say): Promise<string | undefined> {
  const start = performance.now();
  const deps = join(site.packageFolder, 'deps');
  // The script edits the package's package.json while it works, and may not get to edit it back.
  const description = join(site.packageFolder, 'package.json');
  const kept = join(site.packageFolder, 'package.json.kept');
  copyFileSync(description, kept);
  say('asking @tensorflow/tfjs-node-gpu for its own TensorFlow download');
  const abort = new AbortController();
  const watch = setInterval(() => {
    const bytes = bytesIn(deps);
    const elapsed = performance.now() - start;
    if (bytes === 0 && elapsed > firstByteMs) abort.abort();
    else if (bytes > 0) say(`TensorFlow: ${formatBytes(bytes)} unpacked so far`);
  }, 10_000);
  const result = await runCommand(process.execPath, ['scripts/install.js', 'gpu', 'download'], {
    cwd: site.packageFolder,
    env: {
      PATH: [join(dirname(dirname(site.packageFolder)), '.bin'), process.env['PATH'] ?? ''].join(delimiter),
    },
    ownGroup: true,
    signal: abort.signal,
    timeoutMs: wholeMs,
  });
  clearInterval(watch);
  copyFileSync(kept, description);
  rmSync(kept);
  const loaded = await tryBinding(site.binding);
  if ('version' in loaded) {
    say(`the package's own TensorFlow ${loaded.version} is in place after ${secondsSince(start)}`);
    return loaded.version;
  }
  rmSync(deps, { recursive: true, force: true });
  const reason = result.stopped === 'aborted' ? 'nothing arrived' : lastWords(result.tail);
  say(`no TensorFlow from the package's own download after ${secondsSince(start)} (${reason})`);
  return undefined;
}

function lastWords(tail: string): string {
  const lines = tail.split('\n');
  const line = lines.find((text) => /^\w*Error:/.test(text)) ?? lines.at(-1) ?? '';
  return line.trim().slice(0, 160);
}

function bytesIn(folder: string): number {
  if (!existsSync(folder)) return 0;
  let total = 0;
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const entry = statSync(join(folder, name), { throwIfNoEntry: false });
    if (entry?.isFile() === true) total += entry.size;
  }
  return total;
}
