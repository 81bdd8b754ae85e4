/**
 * @file Payload encryption: what is sealed comes back unchanged or not at all, keys are taken turns with, and
 * the SDK is given what it needs.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { open, seal } from '../../codec/cipher.js';
import { withCodec } from '../../codec/data-converter.js';
import { codecKeysFrom, formatCodecKey, generateCodecKey, parseCodecKeys } from '../../codec/keys.js';
import { EncryptingCodec } from '../../codec/payload-codec.js';
import { buildProgram } from '../../cli/program.js';
import { StateFile } from '../../cli/state/state-file.js';
import { terminalInMemory } from '../../cli/terminal/terminal.js';
import { DistilleryPlugin } from '../../worker/plugin.js';

const payload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (of: Payload | undefined): unknown => defaultPayloadConverter.fromPayload(of!);

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'distillery-codec-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('cipher', () => {
  const key = generateCodecKey('one');
  const message = Buffer.from('the quick brown fox');

  it('gives back what it was given, and never the same bytes twice', () => {
    const first = seal(key, message);
    const second = seal(key, message);
    assert.deepEqual(open(key, first), message);
    assert.deepEqual(open(key, seal(key, Buffer.alloc(0))), Buffer.alloc(0));
    assert.notDeepEqual(first, second);
    assert.notDeepEqual(first.subarray(0, 12), second.subarray(0, 12), 'a nonce of its own');
    assert.equal(Buffer.from(first).includes('quick'), false);
  });

  it('notices every changed byte, another key, another id, and what is cut off', () => {
    const sealed = seal(key, message);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      assert.equal(open(key, changed), undefined, `byte ${at}`);
    }
    assert.equal(open(generateCodecKey('one'), sealed), undefined);
    assert.equal(open({ ...key, id: 'two' }, sealed), undefined);
    for (const length of [0, 12, 27, sealed.length - 1])
      assert.equal(open(key, sealed.subarray(0, length)), undefined, `${length} bytes`);
  });
});

describe('payload codec', () => {
  const [old, fresh] = [generateCodecKey('old'), generateCodecKey('new')];

  it('hides value and metadata, and gives both back', async () => {
    const codec = new EncryptingCodec([fresh]);
    const values = [{ name: 'planted' }, new Uint8Array([1, 2, 3]), 'planted', null, undefined];
    const encoded = await codec.encode(values.map(payload));
    for (const { metadata, data } of encoded) {
      assert.deepEqual(Object.keys(metadata ?? {}).sort(), [
        'encoding',
        'encryption-cipher',
        'encryption-key-id',
      ]);
      const text = Buffer.concat([...Object.values(metadata ?? {}), data!]).toString('latin1');
      assert.doesNotMatch(text, /planted|json/);
    }
    assert.deepEqual((await codec.decode(encoded)).map(valueOf), values);
    assert.deepEqual(await codec.encode([]), []);
  });

  it('encrypts with the first key and decrypts with any', async () => {
    const before = await new EncryptingCodec([old]).encode([payload(1)]);
    const during = new EncryptingCodec([fresh, old]);
    assert.deepEqual((await during.decode(before)).map(valueOf), [1]);
    const [since] = await during.encode([payload(2)]);
    assert.equal(Buffer.from(since!.metadata!['encryption-key-id']!).toString(), 'new');
    const after = new EncryptingCodec([fresh]);
    assert.deepEqual((await after.decode([since!])).map(valueOf), [2]);
    await assert.rejects(after.decode(before), /encrypted with the key "old".*keys there are: new/);
  });

  it('lets through what was never encrypted, and refuses what was changed', async () => {
    const codec = new EncryptingCodec([fresh]);
    const plain = [payload('started by hand'), payload(new Uint8Array([7]))];
    assert.deepEqual(await codec.decode(plain), plain);
    const [sealed] = await codec.encode([payload(1)]);
    const data = Buffer.from(sealed!.data!);
    data[20]! ^= 1;
    await assert.rejects(codec.decode([{ ...sealed, data }]), { name: 'Corrupt' });
  });
});

describe('keys', () => {
  const line = (id: string) => formatCodecKey(generateCodecKey(id));

  it('come from a file or a variable, with comments, in order', (t) => {
    const path = join(folder(t), 'keys');
    const two = `${line('b')}\n${line('a')}`;
    assert.deepEqual(
      parseCodecKeys(`# newest first\n\n ${two.replace('\n', ' # why\n')}\n`, path).map(({ id }) => id),
      ['b', 'a'],
    );
    assert.deepEqual(codecKeysFrom({}), []);
    assert.deepEqual(
      codecKeysFrom({ DISTILLERY_CODEC_KEY: two.replace('\n', ',') }),
      parseCodecKeys(two, path),
    );
    assert.throws(() => codecKeysFrom({ DISTILLERY_CODEC_KEY_FILE: path }), /cannot be read \(ENOENT\)/);
    assert.throws(
      () => codecKeysFrom({ DISTILLERY_CODEC_KEY_FILE: path, DISTILLERY_CODEC_KEY: two }),
      /both set/,
    );
  });

  for (const [text, says] of [
    ['', /no key/],
    ['# only a comment', /no key/],
    ['secret-without-an-id', /line 1: expected ID:KEY/],
    ['a b:AAAA', /expected ID:KEY/],
    ['short:c2VjcmV0', /"short" is not 32 bytes/],
    [`odd:${'!'.repeat(44)}`, /not 32 bytes in base64/],
    [`${line('a')}\n${line('a')}`, /line 2: there are two keys with the id "a"/],
  ] as const) {
    it(`refuses ${JSON.stringify(text.slice(0, 24))} without showing it`, () => {
      assert.throws(
        () => parseCodecKeys(text, 'f'),
        (error) => {
          assert.ok(error instanceof Error);
          assert.equal(error.name, 'InvalidDefinition');
          assert.match(error.message, says);
          assert.doesNotMatch(error.message, /secret|c2VjcmV0|!!!/);
          return true;
        },
      );
    });
  }

  it('are made by a command, which adds to a file without taking over', async (t) => {
    const path = join(folder(t), 'codec.keys');
    const out = terminalInMemory();
    const context = { out, err: out, environment: {}, stateFile: new StateFile(folder(t)) };
    const keygen = (...words: string[]) =>
      buildProgram(context, '0').parseAsync(['codec', 'keygen', ...words], { from: 'user' });
    await keygen('--file', path, '--id', 'first');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await keygen('--file', path, '--id', 'second');
    assert.deepEqual(
      parseCodecKeys(readFileSync(path, 'utf8'), path).map(({ id }) => id),
      ['first', 'second'],
    );
    await assert.rejects(keygen('--file', path, '--id', 'second'), /already has a key/);
    assert.doesNotMatch(out.text, /[A-Za-z0-9+/]{43}=/, 'no key is shown');
    const said = out.text.length;
    await keygen();
    assert.equal(parseCodecKeys(out.text.slice(said), 'printed').length, 1);
  });
});

describe('data converter', () => {
  const keys = [generateCodecKey('k')];
  const own: PayloadCodec = { encode: (p) => Promise.resolve(p), decode: (p) => Promise.resolve(p) };

  it('gets the codec once, after those of the user, and a converter of failures', () => {
    const converter = withCodec({ payloadCodecs: [own] }, keys)!;
    assert.deepEqual(
      converter.payloadCodecs?.map((codec) => codec instanceof EncryptingCodec),
      [false, true],
    );
    assert.match(converter.failureConverterPath ?? '', /codec[\\/]failure-converter\.js$/);
    assert.equal(withCodec(converter, keys), converter);
    assert.equal(withCodec(undefined, []), undefined);
  });

  it('is given to clients, workers and replay by the plugin', () => {
    const plugin = new DistilleryPlugin({ role: 'pipeline', codecKeys: keys });
    const once = plugin.configureWorker({ taskQueue: 'q', dataConverter: { payloadCodecs: [own] } });
    assert.equal(once.dataConverter?.payloadCodecs?.length, 2);
    assert.equal(plugin.configureWorker(once).dataConverter, once.dataConverter);
    assert.equal(plugin.configureClient({}).dataConverter?.payloadCodecs?.length, 1);
    assert.equal(plugin.configureReplayWorker({}).dataConverter?.payloadCodecs?.length, 1);
    const bundled = plugin.configureBundler({ workflowsPath: 'w.js' });
    assert.match(bundled.failureConverterPath ?? '', /codec[\\/]failure-converter\.js$/);
    const without = new DistilleryPlugin({ role: 'pipeline', codecKeys: [] });
    assert.equal(without.configureClient({}).dataConverter, undefined);
    assert.equal(without.configureBundler({ workflowsPath: 'w.js' }).failureConverterPath, undefined);
  });
});
