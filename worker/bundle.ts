/**
 * @file The workflows as one file for the sandbox. Bundling takes seconds, so a build leaves the file in
 * `dist/`, and a worker uses it as long as nothing it is made from is newer.
 */
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkerOptions } from '@temporalio/worker';
import { failureText, failuresInPayloads } from '../workflows/failure-text.js';

const bundlePath = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
const workflowsPath = fileURLToPath(new URL('../workflows/index.js', import.meta.url));
const failureConverterPath = fileURLToPath(new URL('../workflows/failure-converter.js', import.meta.url));

/** Folders whose code is in the bundle. */
const sources = ['../workflows/', '../definition/', '../errors/'].map(
  (path) => new URL(path, import.meta.url),
);

/**
 * Where a worker takes the workflows from: the prebuilt file, or the modules themselves.
 *
 * @param options encrypts: messages of failures are to be written so that the payload codec sees them; traced:
 *   there are interceptors to be bundled with the workflows, which takes some seconds
 */
export async function workflowSource({ encrypts = false, traced = false } = {}): Promise<
  Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'>
> {
  // The modules are bundled with the converter of failures that the worker itself has.
  if (traced || !(await isFresh())) return { workflowsPath };
  if (!encrypts) return { workflowBundle: { codePath: bundlePath } };
  const [before, after, ...more] = (await readFile(bundlePath, 'utf8')).split(failureText);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`${bundlePath} does not say once how failures are written; build it anew`);
  return { workflowBundle: { code: before + failuresInPayloads + after } };
}

/** Writes the file for workers to come; called at the end of a build. Returns its path. */
export async function buildWorkflowBundle(): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath, failureConverterPath, logger: silent });
  const unfinished = `${bundlePath}.${process.pid}.tmp`;
  await writeFile(unfinished, code);
  await rename(unfinished, bundlePath);
  return bundlePath;
}

async function isFresh(): Promise<boolean> {
  const built = await modified(bundlePath);
  if (built === undefined) return false;
  for (const folder of sources) {
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.js')) continue;
      const changed = await modified(fileURLToPath(new URL(name, folder)));
      if (changed !== undefined && changed > built) return false;
    }
  }
  return true;
}

async function modified(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}

const nothing = () => undefined;
const silent = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
