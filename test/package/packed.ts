/**
 * @file The package as a consumer has it: the tarball unpacked in a project of its own, beside the declared
 * dependencies as npm would put them there, but without the network.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../setup/package-root.js';

export interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

export interface Consumer {
  readonly folder: string;
  readonly packed: Packed;
  readonly remove: () => void;
}

const root = packageRoot();

export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Record<string, string>;
  readonly exports: Record<string, string | { types: string; default: string }>;
};

/** @param more packages that the project has beside the dependencies of ours */
export async function consumerProject(...more: readonly string[]): Promise<Consumer> {
  const run = promisify(execFile);
  const folder = mkdtempSync(join(tmpdir(), 'distillery-package-'));
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', pack, { cwd: root, maxBuffer: 16 * 1024 * 1024 });
  const [packed] = JSON.parse(stdout) as Packed[];
  if (packed === undefined) throw new Error('npm packed nothing');
  const home = join(folder, 'node_modules', 'distillery');
  mkdirSync(home, { recursive: true });
  await run('tar', ['-xzf', join(folder, packed.filename), '-C', home, '--strip-components=1']);
  for (const name of [...Object.keys(manifest.dependencies), ...more]) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return { folder, packed, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
