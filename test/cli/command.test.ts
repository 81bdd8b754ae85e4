/**
 * @file The command as users and scripts meet it: help, exit codes, output.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { packageRoot } from '../../setup/package-root.js';
import { distilleryIn, type Ended } from './command.js';

const home = mkdtempSync(join(tmpdir(), 'distillery-home-'));
after(() => rmSync(home, { recursive: true }));

/** Runs the command with no servers to be found. */
function distillery(words: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  return distilleryIn(home, words, environment);
}

function definition(text: string): string {
  const file = join(home, `definition-${Math.random().toString(36).slice(2)}.yaml`);
  writeFileSync(file, text);
  return file;
}

const quickstart = 'pipelines/fashion-mnist-quickstart.yaml';
const commands =
  'demo up down run status list logs compare rerun pause resume retry cancel validate plan graph diff calibrate artifacts dataset worker setup engine verify flatten init schema completion';

test('every command has help with examples, on 80 columns', async () => {
  const overview = await distillery(['--help']);
  assert.equal(overview.code, 0);
  assert.match(overview.out, /Exit codes:/);
  const nested = ['artifacts ls', 'artifacts get', 'dataset import', 'dataset inspect', 'engine info'];
  for (const words of [...commands.split(' '), ...nested].map((name) => name.split(' '))) {
    const { code, out, err } = await distillery([...words, '--help']);
    assert.equal(code, 0, err);
    assert.match(out, /\nExamples:\n {2}distillery /, words.join(' '));
    for (const line of out.split('\n')) assert.ok(line.length <= 80, `${words.join(' ')}: ${line}`);
    assert.ok(overview.out.includes(`  ${words[0] ?? ''} `));
  }
});

test('an unknown command or option is a usage error, with a suggestion', async () => {
  const command = await distillery(['statsu', 'x']);
  assert.equal(command.code, 2);
  assert.match(command.err, /^error: unknown command 'statsu'\n\(Did you mean status\?\)\n$/);
  const option = await distillery(['plan', quickstart, '--jsn']);
  assert.equal(option.code, 2);
  assert.match(option.err, /Did you mean --json/);
  assert.equal((await distillery(['plan', quickstart, '--param', 'ipc'])).code, 2);
  assert.equal((await distillery(['worker', '--queue', 'gpu'])).code, 2);
});

test('valid definitions', async () => {
  const plain = await distillery(['validate', quickstart]);
  assert.equal(plain.code, 0, plain.err);
  assert.match(
    plain.out,
    /✓ pipelines\/fashion-mnist-quickstart\.yaml: .*\(experts, distill, evaluate, report\)/,
  );
  const json = await distillery(['validate', quickstart, '--json']);
  const verdicts = JSON.parse(json.out) as unknown;
  assert.deepEqual(verdicts, [{ file: quickstart, valid: true, issues: [], warnings: [] }]);
});

test('a wrong definition: exit code 2, line and column, no stack', async () => {
  const file = definition('name: x\ndataset: { source: fashion-mnist }\nstges: {}\n');
  const { code, err } = await distillery(['validate', file]);
  assert.equal(code, 2);
  assert.match(err, /:3:1: .*"stges".*did you mean "stages"/);
  assert.doesNotMatch(err, /\n\s+at /);
  const json = await distillery(['validate', quickstart, file, '--json']);
  assert.equal(json.code, 2);
  const verdicts = JSON.parse(json.out) as { valid: boolean; issues: { line: number }[] }[];
  assert.deepEqual(
    verdicts.map(({ valid }) => valid),
    [true, false],
  );
  assert.ok(verdicts[1]?.issues.some(({ line }) => line === 3));
});

test('control characters of a definition are shown, not sent', async () => {
  const file = definition('name: "a\\e[2Jb"\nwrong: 1\n');
  const { code, out, err } = await distillery(['validate', file]);
  assert.equal(code, 2);
  assert.ok(!(out + err).includes('\u001b'));
});

test('a plan as a table and for machines, with a parameter', async () => {
  const { code, out } = await distillery(['plan', quickstart]);
  assert.equal(code, 0);
  assert.match(out, /^STAGE +TYPE +NEEDS +UNITS/m);
  assert.match(out, /^distill +distill +experts +\d+ chunks/m);
  for (const line of out.split('\n')) assert.ok(line.length <= 80, line);
  const json = await distillery(['plan', quickstart, '--param', 'ipc=2', '--json']);
  const { plan } = JSON.parse(json.out) as { plan: { params: Record<string, number> } };
  assert.equal(plan.params['ipc'], 2);
});

test('parameters from a file, over which the command line wins', async () => {
  const parameters = (text: string) => ['plan', quickstart, '--json', '--param-file', definition(text)];
  const paramsOf = ({ out }: Ended) => (JSON.parse(out) as { plan: { params: unknown } }).plan.params;
  assert.deepEqual(paramsOf(await distillery(parameters('# mine\nipc: 3\n'))), { ipc: 3 });
  assert.deepEqual(paramsOf(await distillery([...parameters('{"ipc": 3}'), '-p', 'ipc=4'])), { ipc: 4 });
  const wrong: [string, RegExp][] = [
    [
      'ipc: [1]\n',
      /\.yaml:1:6: "ipc" takes a text, a number, true or false \[parameter\]\n {3}1 \| ipc: \[1\]\n/,
    ],
    ['- 1\n', /\.yaml:1:1: a parameter file is a mapping, such as "ipc: 10"/],
    ['ipd: 3\n', /there is no parameter "ipd"; did you mean "ipc"\?/],
    ['ipc: 1000\n', /the parameter "ipc" was given 1000: must be at most 50/],
  ];
  for (const [text, message] of wrong) {
    const { code, err } = await distillery(parameters(text));
    assert.equal(code, 2);
    assert.match(err, message);
  }
  const missing = await distillery(['validate', quickstart, '--param-file', 'no-such.yaml']);
  assert.deepEqual(
    [missing.code, missing.err],
    [2, 'error: Cannot read no-such.yaml: there is no such file.\n'],
  );
});

test('a definition that includes files is written out, and reads them from its folder only', async () => {
  const folder = mkdtempSync(join(home, 'including-'));
  const text = readFileSync(join(packageRoot(), quickstart), 'utf8');
  const [head = '', stages = ''] = text.split(/^(?=stages:)/m);
  mkdirSync(join(folder, 'shared'));
  writeFileSync(join(folder, 'shared', 'stages.yaml'), stages);
  const main = join(folder, 'main.yaml');
  writeFileSync(main, `include: shared/stages.yaml\n${head}`);
  const flat = await distillery(['flatten', main]);
  assert.equal(flat.code, 0, flat.err);
  const planOf = async (file: string) =>
    (JSON.parse((await distillery(['plan', file, '--json'])).out) as { plan: unknown }).plan;
  const whole = await planOf(quickstart);
  assert.deepEqual(await planOf(main), whole);
  assert.deepEqual(await planOf(definition(flat.out)), whole);

  writeFileSync(join(folder, 'shared', 'stages.yaml'), stages.replace('count:', 'cuont:'));
  const wrong = await distillery(['validate', main]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /including-\w+\/shared\/stages\.yaml:\d+:\d+: unknown key "cuont"/);

  const outside = definition('seed: 2\n');
  symlinkSync(outside, join(folder, 'link.yaml'));
  for (const [path, problem] of [
    ['link.yaml', 'it leads out of the folder of the definition'],
    ['shared', 'it is not a file'],
    ['shared/no.yaml', 'there is no such file'],
    ['main.yaml/x.yaml', 'there is no such file'],
  ]) {
    writeFileSync(main, `include: ${path ?? ''}\n${head}`);
    const { code, err } = await distillery(['flatten', main]);
    assert.equal(code, 2);
    assert.match(
      err,
      new RegExp(`main\\.yaml:1:10: cannot read "${path ?? ''}": ${problem ?? ''} \\[include\\]\\n`),
    );
  }
});

test('a missing file is a usage error', async () => {
  const { code, err } = await distillery(['plan', 'no-such.yaml']);
  assert.equal(code, 2);
  assert.match(err, /^error: Cannot read no-such\.yaml: there is no such file\.\n$/);
});

test('without a server: exit code 3 and what to start', async () => {
  // Port 1 is nobody's.
  for (const words of [
    ['status', 'x'],
    ['list'],
    ['run', quickstart],
    ['cancel', 'x'],
    ['pause', 'x'],
    ['resume', 'x'],
    ['retry', 'x', 'y'],
  ]) {
    const { code, err } = await distillery(words, { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    assert.equal(code, 3, words.join(' '));
    assert.match(err, /Temporal does not answer at 127\.0\.0\.1:1\. Start it with `distillery up`/);
  }
});

test('down with nothing running is no failure', async () => {
  const { code, out } = await distillery(['down']);
  assert.equal(code, 0);
  assert.equal(out, 'Nothing is running.\n');
});

test('no colours in a pipe', async () => {
  const { out, err } = await distillery(['validate', quickstart]);
  assert.ok(!(out + err).includes('\u001b'));
});
