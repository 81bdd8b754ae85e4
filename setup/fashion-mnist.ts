/**
 * @file Provides Fashion-MNIST as four unpacked idx files, whatever the way they came: what counts is the
 * digest of the unpacked bytes, because mirrors compress them anew.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DistilleryError } from '../errors/errors.js';
import { findOnPath, runCommand } from './command.js';
import { sha256OfFile } from './digest.js';
import { ensureInstall, findInstall } from './install.js';
import type { DatasetProvision } from './provisions.js';
import { formatBytes, secondsSince, type Say } from './say.js';

/** sha256 of the unpacked files. */
export const fashionMnistDigests = {
  'train-images-idx3-ubyte': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
  'train-labels-idx1-ubyte': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
  't10k-images-idx3-ubyte': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
  't10k-labels-idx1-ubyte': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
} as const;

type FileName = keyof typeof fashionMnistDigests;
const fileNames = Object.keys(fashionMnistDigests) as FileName[];

/** The address that the data set's authors give. */
const publisher = 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/';
const publisherBytes = 30.9e6;
const debianPackage = 'dataset-fashion-mnist';
const installName = 'fashion-mnist-1';

/** How to look for the data set. */
export interface DatasetOptions {
  /** A folder of the user's with the four files, unpacked or `.gz`. Default `DISTILLERY_FASHION_MNIST`. */
  readonly path?: string | undefined;
  /** Skips the publisher's site. Default false. */
  readonly skipPublisher?: boolean;
}

/**
 * In this order: the folder given, the cache, the publisher's download, the Debian package.
 * Throws `InvalidDataset` when the folder given holds other bytes, `SetupFailed` when no way leads there.
 */
export async function ensureFashionMnist(
  home: string,
  say: Say,
  options: DatasetOptions = {},
): Promise<DatasetProvision> {
  const given = options.path ?? process.env['DISTILLERY_FASHION_MNIST'];
  if (given !== undefined && given !== '') return fromFolder(home, given, say);
  const cached = await findInstall(home, installName);
  if (cached !== undefined) return { folder: cached, source: 'cache' };
  let source: DatasetProvision['source'] = 'cache';
  const fill = async (folder: string, scratch: string): Promise<void> => {
    const reasons: string[] = [];
    if (options.skipPublisher !== true) {
      const failure = await fromPublisher(folder, say);
      if (failure === undefined) {
        source = 'publisher';
        return;
      }
      say(`no Fashion-MNIST from its publisher (${failure}); trying the Debian package`);
      reasons.push(`its publisher's site: ${failure}`);
    }
    const failure = await fromDebian(folder, scratch, say);
    if (failure !== undefined) {
      reasons.push(`the Debian package ${debianPackage}: ${failure}`);
      throw new DistilleryError(
        'SetupFailed',
        `cannot get Fashion-MNIST (${reasons.join('; ')}); fetch its four idx files another way and set ` +
          'DISTILLERY_FASHION_MNIST to their folder',
      );
    }
    source = 'debian';
  };
  const folder = await ensureInstall(home, { name: installName, fill }, say);
  return { folder, source };
}

async function fromFolder(home: string, given: string, say: Say): Promise<DatasetProvision> {
  const missing = fileNames.filter(
    (name) => !existsSync(join(given, name)) && !existsSync(join(given, `${name}.gz`)),
  );
  if (missing.length > 0) {
    throw new DistilleryError(
      'InvalidDataset',
      `${given} lacks ${missing.join(', ')} (or .gz of them); point DISTILLERY_FASHION_MNIST at the folder ` +
        'with the four files of Fashion-MNIST, or unset it to have them fetched',
    );
  }
  if (fileNames.every((name) => existsSync(join(given, name)))) {
    for (const name of fileNames)
      requireDigest(join(given, name), name, await sha256OfFile(join(given, name)));
    return { folder: given, source: 'given' };
  }
  // Unpacked beside the install of set-up's own, so that unsetting the variable changes nothing.
  const name = `${installName}-given`;
  const fill = (folder: string): Promise<void> => {
    unpackFolder(given, folder);
    return Promise.resolve();
  };
  return { folder: await ensureInstall(home, { name, fill }, say), source: 'given' };
}

/** Copies the four files out of a folder, unpacking where need be, and checks them. */
function unpackFolder(from: string, to: string): void {
  for (const name of fileNames) {
    const plain = join(from, name);
    const path = existsSync(plain) ? plain : `${plain}.gz`;
    store(to, name, path, path === plain ? readFileSync(plain) : unzip(path, readFileSync(path)));
  }
}

function unzip(where: string, bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new DistilleryError(
      'InvalidDataset',
      `${where} is not a whole gzip file (${(cause as Error).message}); fetch it again`,
      { cause },
    );
  }
}

function store(folder: string, name: FileName, where: string, bytes: Uint8Array): void {
  requireDigest(where, name, createHash('sha256').update(bytes).digest('hex'));
  writeFileSync(join(folder, name), bytes);
}

function requireDigest(where: string, name: FileName, digest: string): void {
  if (digest === fashionMnistDigests[name]) return;
  throw new DistilleryError(
    'InvalidDataset',
    `${where} is not the ${name} of Fashion-MNIST: its bytes have sha256 ${digest}, not ` +
      `${fashionMnistDigests[name]}; fetch it again`,
  );
}

/** Returns why it did not work, or undefined. */
async function fromPublisher(folder: string, say: Say): Promise<string | undefined> {
  const start = performance.now();
  say(`downloading Fashion-MNIST from its publisher (${formatBytes(publisherBytes)})`);
  try {
    let total = 0;
    for (const name of fileNames) {
      const address = `${publisher}${name}.gz`;
      const bytes = await download(address);
      total += bytes.length;
      store(folder, name, address, unzip(address, bytes));
    }
    say(`downloaded Fashion-MNIST: ${formatBytes(total)} in ${secondsSince(start)}, sha256 as known`);
    return undefined;
  } catch (error) {
    const { cause, message } = error as Error;
    return cause instanceof Error ? `${message}: ${cause.message}` : message;
  }
}

/** Gives up when no answer has come in 8 s, or the whole has not come in 5 minutes. */
async function download(address: string): Promise<Uint8Array> {
  const abort = new AbortController();
  const first = setTimeout(() => abort.abort(new Error('no answer within 8 s')), 8_000);
  const whole = setTimeout(() => abort.abort(new Error('not done after 5 minutes')), 300_000);
  try {
    const response = await fetch(address, { signal: abort.signal });
    clearTimeout(first);
    if (!response.ok) throw new Error(`status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } finally {
    clearTimeout(first);
    clearTimeout(whole);
  }
}

/** Fetches and unpacks the package without installing it. Returns why it did not work, or undefined. */
async function fromDebian(folder: string, scratch: string, say: Say): Promise<string | undefined> {
  const aptGet = findOnPath(['apt-get']);
  const dpkgDeb = findOnPath(['dpkg-deb']);
  if (aptGet === undefined || dpkgDeb === undefined) return 'there is no apt-get and dpkg-deb here';
  const start = performance.now();
  say(`downloading the Debian package ${debianPackage} (30.9 MB); it is unpacked, not installed`);
  const run = (args: readonly string[]) =>
    runCommand(aptGet, args, { cwd: scratch, timeoutMs: 10 * 60_000, env: { LC_ALL: 'C' } });
  let result = await run([...aptOptions, 'download', debianPackage]);
  if (result.status !== 0) {
    say("the system's package lists do not know it; reading them into a folder of our own");
    const own = ownAptState(scratch);
    const update = await run([...aptOptions, ...own, 'update']);
    if (update.status !== 0) return lastLine(update.tail);
    result = await run([...aptOptions, ...own, 'download', debianPackage]);
  }
  const name = readdirSync(scratch).find((entry) => entry.endsWith('.deb'));
  if (result.status !== 0 || name === undefined) return lastLine(result.tail);
  const unpacked = join(scratch, 'unpacked');
  const unpack = await runCommand(dpkgDeb, ['-x', join(scratch, name), unpacked]);
  if (unpack.status !== 0) return lastLine(unpack.tail);
  unpackFolder(join(unpacked, 'usr', 'share', 'datasets', 'fashion-mnist'), folder);
  say(`unpacked Fashion-MNIST from the Debian package in ${secondsSince(start)}, sha256 as known`);
  return undefined;
}

const aptOptions = ['-q', '-o', 'APT::Sandbox::User=root', '-o', 'Acquire::http::Timeout=20'];

/** Package lists and locks in a folder of our own: no root needed, the system's state untouched. */
function ownAptState(scratch: string): string[] {
  const state = join(scratch, 'apt');
  mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(state, 'cache', 'archives', 'partial'), { recursive: true });
  return [
    ...['-o', `Dir::State::lists=${join(state, 'lists')}`],
    ...['-o', `Dir::Cache=${join(state, 'cache')}`],
  ];
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  return (lines.findLast((line) => line.startsWith('E:')) ?? lines.at(-1) ?? 'no output').slice(0, 200);
}
