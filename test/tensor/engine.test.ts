/**
 * @file Opening the engine in a process of its own: with the settings it needs, and without the package.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { EngineInfo } from '../../definition/stages.js';
import { engineEnvironment } from '../../tensor/environment.js';

const run = promisify(execFile);
const device = new URL('../../tensor/tensorflow-device.js', import.meta.url).href;

/** Opens the device in a fresh process and returns what the script prints. */
async function inFreshProcess(script: string, options: readonly string[] = []): Promise<string> {
  const source = `const { openTensorflowDevice } = await import(${JSON.stringify(device)});\n${script}`;
  const { stdout } = await run(process.execPath, [...options, '--input-type=module', '--eval', source], {
    env: { ...process.env, ...engineEnvironment(1) },
  });
  return stdout;
}

test('an engine reports the settings it was started with', async () => {
  const printed = await inFreshProcess('console.log(JSON.stringify((await openTensorflowDevice()).info));');
  const info = JSON.parse(printed) as EngineInfo;
  assert.equal(info.threads, 1);
  assert.equal(info.oneDnn, true);
});

test('utilities that newer versions of Node removed are put back', async () => {
  const printed = await inFreshProcess(
    `import { createRequire } from 'node:module';
    const util = createRequire(${JSON.stringify(device)})('node:util');
    delete util.isNullOrUndefined;
    delete util.isArray;
    const device = await openTensorflowDevice();
    const tensor = device.upload(Float32Array.of(7), [1]);
    console.log(util.isNullOrUndefined(null), util.isArray([]), device.download(tensor)[0]);`,
  );
  assert.equal(printed.trim(), 'true true 7');
});

test('without the package the engine is unavailable, with the remedy', async () => {
  const hook = `export function resolve(specifier, context, next) {
    if (specifier.startsWith('@tensorflow/')) throw new Error('not installed');
    return next(specifier, context);
  }`;
  const register = `import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));`;
  const printed = await inFreshProcess(
    'await openTensorflowDevice().catch((error) => console.log(error.code, error.message));',
    ['--import', `data:text/javascript,${encodeURIComponent(register)}`],
  );
  assert.match(printed, /^EngineUnavailable .*not installed.*`distillery engine install`/);
});
