/**
 * @file Objects of other people's buckets at the same S3 endpoint, to be read: no digest is known of them.
 */
import { DistilleryError } from '../errors/errors.js';
import { S3Client } from './s3-client.js';
import { shortPatienceMs, storeSettings } from './s3-settings.js';

export interface ForeignObject {
  readonly key: string;
  readonly bytes: number;
}

/** What lies under an address `s3://bucket/prefix`. */
export interface ForeignObjects {
  /** With "/" at its end, unless the address is that of one object or of a whole bucket. */
  readonly prefix: string;
  readonly objects: readonly ForeignObject[];
  /** @throws DistilleryError of the store, or `InvalidDataset` when the object is gone or shorter by now. */
  read(key: string, offset: number, length: number): Promise<Uint8Array>;
  close(): void;
}

/**
 * Lists an object or the folder of that name, with endpoint and credentials of the environment.
 * @throws DistilleryError `InvalidDataset` when the address is not one or nothing is there; those of the store.
 */
export async function listForeignObjects(
  address: string,
  environment: NodeJS.ProcessEnv,
): Promise<ForeignObjects> {
  const [, bucket, path = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(address) ?? [];
  if (bucket === undefined) throw invalid(`${address} is not an address of the form s3://bucket/prefix.`);
  const settings = await storeSettings(environment);
  const client = new S3Client({ ...settings, bucket, patienceMs: shortPatienceMs });
  const name = path.replace(/\/+$/, '');
  const folder = name === '' ? '' : `${name}/`;
  const objects: ForeignObject[] = [];
  for await (const { key, bytes } of client.list(name)) {
    if (key === name || key.startsWith(folder)) objects.push({ key, bytes });
  }
  const whole = objects.find(({ key }) => key === name);
  const found = whole === undefined ? objects : [whole];
  if (found.length === 0) throw invalid(`There is nothing at ${address}. Check the bucket and the path.`);
  return {
    prefix: whole === undefined ? folder : name.slice(0, name.lastIndexOf('/') + 1),
    objects: found,
    async read(key, offset, length) {
      if (length === 0) return new Uint8Array();
      const bytes = await client.get(key, { offset, length });
      if (bytes?.length === length) return bytes;
      const is = bytes === undefined ? 'nothing' : `${bytes.length} bytes`;
      throw invalid(`s3://${bucket}/${key}: expected ${length} bytes at ${offset}, found ${is}.`);
    },
    close: () => client.close(),
  };
}

function invalid(message: string): DistilleryError {
  return new DistilleryError('InvalidDataset', message);
}
