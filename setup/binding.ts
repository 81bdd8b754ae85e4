/**
 * @file The native half of `@tensorflow/tfjs-node-gpu`: where it goes, whether it loads, and compiling it
 * from the package's own sources against another TensorFlow than the one that the package would fetch.
 */
import { lstatSync, mkdirSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DistilleryError } from '../errors/errors.js';
import { runCommand } from './command.js';
import { compileWithAny } from './compiler.js';
import { packageRoot } from './package-root.js';
import type { Say } from './say.js';

/** The installed npm package and the place of its native half. */
export interface BindingSite {
  readonly packageFolder: string;
  /** `lib/napi-v8/tfjs_binding.node` inside it. */
  readonly binding: string;
}

/** Finds the package, ours or the user's. Throws `SetupFailed` when it is not installed. */
export function findBindingSite(): BindingSite {
  for (const base of [packageRoot(import.meta.url), process.cwd()]) {
    try {
      const resolve = createRequire(pathToFileURL(join(base, 'x.js'))).resolve;
      const packageFolder = dirname(resolve('@tensorflow/tfjs-node-gpu/package.json'));
      return { packageFolder, binding: join(packageFolder, 'lib', 'napi-v8', 'tfjs_binding.node') };
    } catch {
      // Not from here.
    }
  }
  throw new DistilleryError(
    'SetupFailed',
    'the package @tensorflow/tfjs-node-gpu is not installed; run ' +
      '`npm install --ignore-scripts @tensorflow/tfjs-node-gpu@4.22.0` and then the set-up again',
  );
}

/**
 * Loads a binding in a child process, because a library that does not fit can take the process with it.
 * Returns TensorFlow's version, or why it does not load.
 */
export async function tryBinding(
  binding: string,
): Promise<{ readonly version: string } | { readonly reason: string }> {
  if (!exists(binding)) return { reason: 'it is not there' };
  const program = `console.log("version=" + require(${JSON.stringify(binding)}).TF_Version)`;
  const result = await runCommand(process.execPath, ['-e', program], {
    env: { TF_CPP_MIN_LOG_LEVEL: '3' },
    timeoutMs: 120_000,
  });
  const version = /version=(\S+)/.exec(result.stdout)?.[1];
  if (result.status === 0 && version !== undefined && version !== 'undefined') return { version };
  const error = result.tail.split('\n').find((line) => line.startsWith('Error:'));
  return { reason: error ?? result.stopped ?? `status ${String(result.status)}` };
}

/** Makes the package load this binding: a link, so that the libraries are found beside the real file. */
export function linkBinding(site: BindingSite, binding: string): void {
  mkdirSync(dirname(site.binding), { recursive: true });
  const draft = `${site.binding}.${process.pid}`;
  rmSync(draft, { force: true });
  symlinkSync(binding, draft);
  renameSync(draft, site.binding);
}

/** Whether the package is linked to exactly this file. */
export function isLinkedTo(site: BindingSite, binding: string): boolean {
  try {
    return realpathSync(site.binding) === realpathSync(binding);
  } catch {
    return false;
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** What to compile against and where to put the result. */
export interface BindingBuild {
  readonly site: BindingSite;
  /** Holds `libtensorflow_cc.so.2`, `libtensorflow_framework.so.2` and `include/`. */
  readonly tensorflow: string;
  /** The same folder as the finished binding will find it, for its run path. */
  readonly runPath: string;
  readonly output: string;
  readonly scratch: string;
}

/** Compiles with the C++ compiler of the machine, or with a fetched one. Throws `SetupFailed`. */
export async function compileBinding(build: BindingBuild, say: Say): Promise<void> {
  const failure = await compileWithAny(
    { what: 'the TensorFlow binding', arguments: compilerArguments(build), scratch: build.scratch },
    say,
  );
  if (failure !== undefined) {
    throw new DistilleryError(
      'SetupFailed',
      `cannot compile the TensorFlow binding (${failure}); install g++ and run the set-up again`,
    );
  }
}

/** The headers of Node's interface for native code. */
export function nodeHeaders(): string {
  const root = packageRoot(import.meta.url);
  const headers = createRequire(pathToFileURL(join(root, 'x.js'))).resolve('node-api-headers/package.json');
  return join(dirname(headers), 'include');
}

/** Command-line arguments that make one shared object of the package's two source files. */
function compilerArguments(build: BindingBuild): string[] {
  const include = join(build.tensorflow, 'include');
  const includes = [
    nodeHeaders(),
    include,
    join(include, 'external', 'local_xla'),
    join(include, 'external', 'local_tsl'),
  ];
  return [
    ...'-O2 -std=c++17 -fPIC -shared -w -DNAPI_VERSION=8 -DBUILDING_NODE_EXTENSION'.split(' '),
    ...includes.flatMap((folder) => ['-I', folder]),
    join(build.site.packageFolder, 'binding', 'tfjs_backend.cc'),
    join(build.site.packageFolder, 'binding', 'tfjs_binding.cc'),
    ...['-o', build.output],
    join(build.tensorflow, 'libtensorflow_cc.so.2'),
    join(build.tensorflow, 'libtensorflow_framework.so.2'),
    `-Wl,-rpath,${build.runPath}`,
  ];
}
