import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openArchive } from '../../datasets/files/open.js';
import { Scratch } from '../../datasets/files/scratch.js';
import { fileTree } from '../../datasets/files/tree.js';
import { tarBytes, zipBytes, type Members } from '../support/archives.js';
import { memoryFile } from '../support/memory-file.js';

const long = `${'folder/'.repeat(20)}name.bin`;
const members: Members = [
  ['a/one.bin', Uint8Array.of(1, 2, 3, 4)],
  ['a/empty.bin', new Uint8Array()],
  [`a/${long}`, new Uint8Array(1000).fill(7)],
  ['__MACOSX/a/one.bin', Uint8Array.of(9)],
  ['a/.DS_Store', Uint8Array.of(9)],
];

async function open(t: TestContext, name: string, bytes: Uint8Array) {
  const scratch = new Scratch();
  t.after(() => scratch.close());
  const tree = await openArchive(fileTree('place', [memoryFile(name, bytes)]), scratch);
  assert.ok(tree);
  return tree.files;
}

for (const [name, bytes] of [
  ['x.tar', tarBytes(members)],
  ['x.tar.gz', new Uint8Array(gzipSync(tarBytes(members)))],
  ['x.zip', zipBytes(members)],
  ['deflated.zip', zipBytes(members, true)],
] as const) {
  test(`the files of ${name} are read, whole and in parts, and rubbish is passed over`, async (t) => {
    const files = await open(t, name, bytes);
    assert.deepEqual(
      files.map(({ path }) => path),
      ['a/empty.bin', `a/${long}`, 'a/one.bin'],
    );
    assert.deepEqual([...(await files[2]!.read())], [1, 2, 3, 4]);
    assert.deepEqual([...(await files[2]!.read(1, 3))], [2, 3]);
    assert.deepEqual([...(await files[1]!.read(998))], [7, 7]);
    assert.equal((await files[0]!.read()).length, 0);
  });
}

test('links in archives are passed over', async (t) => {
  assert.deepEqual(await open(t, 'x.tar', tarBytes([['link', new Uint8Array()]], '2')), []);
});

const swollen = zipBytes([['bomb', new Uint8Array(300 * 1024 * 1024)]], true);
const cases: [string, string, Uint8Array, RegExp][] = [
  [
    'a name leads up',
    'x.tar',
    tarBytes([['a/../../b', Uint8Array.of(1)]]),
    /below its own folder.*"a\/\.\.\/\.\.\/b"/,
  ],
  ['a name is absolute', 'x.zip', zipBytes([['/etc/passwd', Uint8Array.of(1)]]), /found "\/etc\/passwd"/],
  ['a tar is cut off', 'x.tar', tarBytes(members).subarray(0, 2400), /the archive is cut off/],
  [
    'a tar is damaged',
    'x.tar',
    tarBytes(members).fill(1, 100, 105),
    /a tar header at byte 0.*another checksum/,
  ],
  [
    'a zip is cut off',
    'x.zip',
    zipBytes(members).subarray(0, 1200),
    /x\.zip: expected a zip archive.*cut off/,
  ],
  [
    'a gzip is cut off',
    'x.tgz',
    new Uint8Array(gzipSync(tarBytes(members))).subarray(0, 150),
    /a whole gzip file/,
  ],
  ['a member swells', 'x.zip', swollen, /bomb: expected at most 268435456 bytes unpacked, found 314572800/],
  [
    'a gzip swells',
    'x.tar.gz',
    new Uint8Array(gzipSync(new Uint8Array(300 * 1024 * 1024))),
    /at most 268435456 bytes unpacked, found more/,
  ],
];
for (const [what, name, bytes, message] of cases) {
  test(`an archive is refused: ${what}`, async (t) => {
    await assert.rejects(open(t, name, bytes), { code: 'InvalidDataset', message });
  });
}

test('what was unpacked goes when the data set is closed', async () => {
  const scratch = new Scratch();
  const file = await scratch.gunzipped(memoryFile('x.gz', new Uint8Array(gzipSync(Uint8Array.of(5)))));
  assert.deepEqual([...(await file.read())], [5]);
  const folder = file.localPath!.split('/').at(-2)!;
  assert.ok((await readdir(tmpdir())).includes(folder));
  await scratch.close();
  assert.ok(!(await readdir(tmpdir())).includes(folder));
});
