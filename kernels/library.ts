/**
 * @file The library of fused CPU kernels in this folder: which sources it is made of and where it lies once
 * it has been compiled. Set-up compiles it beside the TensorFlow binding that it works with.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The compiled library inside its install. */
export const kernelFile = 'kernels.node';

/** The sources, wherever this module has been compiled to. */
export function kernelFolder(): string {
  const own = dirname(fileURLToPath(import.meta.url));
  const candidates = [own, join(own, '..', '..', 'kernels')];
  return candidates.find((folder) => existsSync(join(folder, 'library.cc'))) ?? own;
}

/** Files to compile, and everything they include. */
export function kernelSources(): { readonly units: string[]; readonly all: string[] } {
  const names = readdirSync(kernelFolder()).sort();
  const paths = (pattern: RegExp): string[] =>
    names.filter((name) => pattern.test(name)).map((name) => join(kernelFolder(), name));
  return { units: paths(/\.cc$/), all: paths(/\.(cc|h|inc)$/) };
}

let digest: string | undefined;

/** Short digest of the sources: the version of the kernels, recorded with every result they compute. */
export function kernelDigest(): string {
  if (digest === undefined) {
    const hash = createHash('sha256');
    for (const path of kernelSources().all) hash.update(`${basename(path)}\0`).update(readFileSync(path));
    digest = hash.digest('hex').slice(0, 12);
  }
  return digest;
}

/** Name of the kernels' install, a sibling of the install of the binding they are linked with. */
export function kernelInstallName(bindingInstall: string): string {
  return `${bindingInstall}-kernels-${kernelDigest()}`;
}

/** Where the kernels for a binding are, compiled or not. */
export function kernelPath(binding: string): string {
  const install = dirname(binding);
  return join(dirname(install), kernelInstallName(basename(install)), kernelFile);
}
