/**
 * @file Data sets at `s3://` addresses, on the real S3 server.
 */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { S3Client } from '../../artifacts/s3-client.js';
import { importDataset } from '../../datasets/import.js';
import { openDataset } from '../../datasets/open.js';
import { tarBytes } from '../support/archives.js';
import { temporaryFolder, writeIdxFolder } from '../support/idx.js';
import { bandImages } from '../support/images.js';
import { readWhole } from '../support/memory-file.js';
import { MemoryStore } from '../support/memory-store.js';
import { byClass, classFolders } from '../support/pictures.js';
import { startSeaweed, type TestServer } from '../support/s3-servers.js';

const shape = { channels: 1, height: 28, width: 28 };
const train = bandImages(12, 3, shape);
const held = bandImages(6, 3, shape, 2);

describe('data sets in S3', () => {
  let server: TestServer;
  let client: S3Client;
  let environment: NodeJS.ProcessEnv;
  before(async () => {
    server = await startSeaweed();
    const { endpoint, accessKeyId, secretAccessKey } = server.settings;
    environment = {
      S3_ENDPOINT: endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
    client = new S3Client({ ...server.settings, bucket: 'other-peoples' });
    await client.createBucket();
  });
  after(async () => {
    client.close();
    await server.stop();
  });

  const put = (key: string, content: Uint8Array): Promise<boolean> => client.put(key, content, 'binary');
  const read = async (place: string) => {
    const dataset = await openDataset(place, { environment });
    try {
      return { train: await readWhole(dataset.train), test: await readWhole(dataset.test) };
    } finally {
      await dataset.close();
    }
  };

  it('are read as a folder, gzipped files and all', async (t) => {
    const folder = await temporaryFolder(t);
    await writeIdxFolder(folder, train, held);
    for (const name of await readdir(folder)) {
      await put(`data/mnist/${name}`, new Uint8Array(await readFile(join(folder, name))));
    }
    // A neighbour whose name begins alike is not part of it.
    await put('data/mnist-2/train-images-idx3-ubyte', new Uint8Array(3));
    assert.deepEqual(await read('s3://other-peoples/data/mnist'), { train, test: held });
    const store = new MemoryStore();
    const options = { name: 'from-s3', environment };
    const { manifest } = await importDataset(store, 's3://other-peoples/data/mnist/', options);
    assert.deepEqual([manifest.train.count, manifest.test.count], [12, 6]);
  });

  it('are read as pictures and as an archive', async () => {
    const names = ['a', 'b', 'c'];
    const files = [...classFolders(train, names, 'train/'), ...classFolders(held, names, 'test/')];
    const expected = { train: byClass(train), test: byClass(held) };
    for (const [path, content] of files) await put(`pictures/${path}`, content);
    assert.deepEqual(await read('s3://other-peoples/pictures'), expected);
    await put('packed/pictures.tar.gz', new Uint8Array(gzipSync(tarBytes(files))));
    assert.deepEqual(await read('s3://other-peoples/packed/pictures.tar.gz'), expected);
    assert.deepEqual(await read('s3://other-peoples/packed'), expected);
  });

  it('that are not there are said to be missing', async () => {
    await assert.rejects(read('s3://other-peoples/nothing'), {
      code: 'InvalidDataset',
      message: /There is nothing at s3:\/\/other-peoples\/nothing/,
    });
    await assert.rejects(read('s3://'), { message: /not an address of the form s3:\/\/bucket\/prefix/ });
    await assert.rejects(openDataset('s3://other-peoples/pictures'), { message: /S3_ENDPOINT is not set/ });
  });
});
