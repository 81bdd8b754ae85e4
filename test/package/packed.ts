/**
 * @file The package as a consumer has it: its tarball, unpacked or installed in a project of its own.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

const run = promisify(execFile);
const root = packageRoot();

export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
  readonly peerDependenciesMeta: Record<string, { readonly optional?: boolean }>;
  readonly exports: Record<string, string | { types: string; default: string }>;
};

/**
 * Unpacks the tarball beside links to the declared dependencies: a project in a second, without the network.
 *
 * @param more packages that the project has beside the dependencies of ours
 */
export async function consumerProject(...more: readonly string[]): Promise<Consumer> {
  const { folder, packed, remove } = await packedProject();
  const home = join(folder, 'node_modules', 'distillery');
  mkdirSync(home, { recursive: true });
  await run('tar', ['-xzf', join(folder, packed.filename), '-C', home, '--strip-components=1']);
  const { dependencies, peerDependencies, peerDependenciesMeta } = manifest;
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  for (const name of [...Object.keys(dependencies), ...peers, ...more]) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return { folder, packed, remove };
}

/**
 * Installs the tarball with npm into a copy of a project, with what the project itself names: in the versions that
 * this checkout has, which npm's cache holds since their installation.
 */
export async function installedProject(project: string, ...names: readonly string[]): Promise<Consumer> {
  const { folder, packed, remove } = await packedProject();
  cpSync(project, folder, { recursive: true });
  const own = names.map((name) => {
    const { version } = JSON.parse(
      readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'),
    ) as {
      version: string;
    };
    return `${name}@${version}`;
  });
  const quietly = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
  const words = ['install', '--save-exact', ...quietly, `./${packed.filename}`, ...own];
  await run('npm', words, { cwd: folder, maxBuffer: 16 * 1024 * 1024 }).catch((error: unknown) => {
    // Half an installation is hundreds of megabytes.
    remove();
    throw error;
  });
  return { folder, packed, remove };
}

async function packedProject(): Promise<Consumer> {
  const folder = mkdtempSync(join(tmpdir(), 'distillery-package-'));
  const pack = [join(root, 'scripts', 'pack.mjs'), '--json', '--pack-destination', folder];
  const { stdout } = await run(process.execPath, pack, { cwd: root, maxBuffer: 16 * 1024 * 1024 });
  const [packed] = JSON.parse(stdout) as Packed[];
  if (packed === undefined) throw new Error('npm packed nothing');
  return { folder, packed, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
