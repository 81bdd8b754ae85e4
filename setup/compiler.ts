/**
 * @file Compiling C++ with whatever compiler is at hand, or else with one that is fetched for the purpose.
 */
import { join } from 'node:path';
import { findOnPath, runCommand } from './command.js';
import { fetchWheel, unpackWheel } from './pip.js';
import { secondsSince, type Say } from './say.js';
import { zigWheel } from './wheels.js';

/** One call of a compiler. */
export interface Compilation {
  /** For messages, such as `the TensorFlow binding`. */
  readonly what: string;
  /** Such that g++, clang++ and zig take them. */
  readonly arguments: readonly string[];
  readonly scratch: string;
}

/**
 * Compiles with `CXX`, g++ or clang++, else with a fetched compiler.
 *
 * @returns Why it failed, or undefined.
 */
export async function compileWithAny(compilation: Compilation, say: Say): Promise<string | undefined> {
  const named = process.env['CXX'];
  const compilers = [...(named === undefined || named === '' ? [] : [named]), 'g++', 'clang++'];
  for (const name of compilers) {
    const compiler = findOnPath([name]);
    if (compiler === undefined) continue;
    const failure = await compile(name, compiler, [], compilation, say);
    if (failure === undefined) return undefined;
    say(`${name} cannot compile ${compilation.what} (${failure}); trying another way`);
  }
  say('no C++ compiler here that will do; fetching one for this single step');
  const wheel = await fetchWheel(zigWheel, compilation.scratch, say);
  await unpackWheel(wheel, compilation.scratch, [['ziglang/', 'ziglang/']]);
  const target = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu.2.28`;
  return compile(
    'the fetched compiler, which takes minutes',
    join(compilation.scratch, 'ziglang', 'zig'),
    ['c++', '-target', target],
    compilation,
    say,
  );
}

/** Returns why it failed, or undefined. */
async function compile(
  name: string,
  compiler: string,
  first: readonly string[],
  { what, arguments: rest, scratch }: Compilation,
  say: Say,
): Promise<string | undefined> {
  const start = performance.now();
  say(`compiling ${what} with ${name} (usually 15 to 90 s)`);
  const result = await runCommand(compiler, [...first, ...rest], {
    env: { ZIG_GLOBAL_CACHE_DIR: join(scratch, 'zig-cache') },
    timeoutMs: 20 * 60_000,
  });
  if (result.status === 0) {
    say(`compiled ${what} in ${secondsSince(start)}`);
    return undefined;
  }
  const error = result.tail.split('\n').find((line) => line.includes('error'));
  return (error ?? result.stopped ?? 'no message').slice(0, 300);
}
