/**
 * @file The codec endpoint: what it answers, and to whom.
 */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { serveCodec, type CodecEndpoint } from '../../codec/endpoint.js';
import { generateCodecKey } from '../../codec/keys.js';
import { EncryptingCodec } from '../../codec/payload-codec.js';

const codec = new EncryptingCodec([generateCodecKey('k')]);
const ui = 'http://127.0.0.1:8233';
const token = 'a token of the right length';
let open: CodecEndpoint;
let guarded: CodecEndpoint;

before(async () => {
  const common = { codec, host: '127.0.0.1', port: 0, origins: [ui] };
  open = await serveCodec(common);
  guarded = await serveCodec({ ...common, token });
});
after(() => Promise.all([open.close(), guarded.close()]));

const json = { 'content-type': 'application/json' };
const plain = {
  payloads: [
    {
      metadata: { encoding: Buffer.from('json/plain').toString('base64') },
      data: Buffer.from('"planted"').toString('base64'),
    },
  ],
};

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${open.url}${path}`, { method: 'POST', headers: { ...json, ...headers }, body });
}

describe('codec endpoint', () => {
  it('encodes and decodes', async () => {
    const encoded = await (await post('/encode', JSON.stringify(plain))).text();
    assert.doesNotMatch(encoded, new RegExp(plain.payloads[0]!.data));
    const decoded = await post('/decode', encoded, { origin: ui, 'x-namespace': 'default' });
    assert.equal(decoded.headers.get('access-control-allow-origin'), ui);
    assert.equal(decoded.headers.get('cache-control'), 'no-store');
    assert.deepEqual(await decoded.json(), plain);
    // What is not encrypted comes back as it is, and so does nothing.
    assert.deepEqual(await (await post('/decode', JSON.stringify(plain))).json(), plain);
    assert.deepEqual(await (await post('/decode', '{}')).json(), { payloads: [] });
  });

  it('lets pages of listed origins ask, and no others', async () => {
    const preflight = (origin: string) =>
      fetch(`${open.url}/decode`, { method: 'OPTIONS', headers: { origin } });
    const allowed = await preflight(ui);
    assert.equal(allowed.status, 204);
    assert.match(allowed.headers.get('access-control-allow-headers') ?? '', /x-namespace/);
    for (const origin of ['https://evil.example', 'null', `${ui}.evil.example`, 'http://127.0.0.1:8234']) {
      const refused = await preflight(origin);
      assert.equal(refused.status, 403, origin);
      assert.equal(refused.headers.get('access-control-allow-origin'), null);
      assert.equal((await post('/decode', '{}', { origin })).status, 403);
    }
  });

  it('refuses a foreign host name, which is how a page gets around its origin', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const { port } = new URL(open.url);
      const headers = { ...json, host: `evil.example:${port}` };
      const sent = request(
        { host: '127.0.0.1', port, path: '/decode', method: 'POST', headers },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      sent.on('error', reject);
      sent.end('{}');
    });
    assert.equal(status, 403);
  });

  it('takes JSON by POST at two paths, of a bounded size, and payloads only', async () => {
    assert.equal((await fetch(`${open.url}/decode`)).status, 405);
    assert.equal((await post('/', '{}')).status, 404);
    assert.equal((await post('/decode', '{}', { 'content-type': 'text/plain' })).status, 415);
    assert.equal((await post('/decode', 'x'.repeat(33 * 2 ** 20))).status, 413);
    for (const body of ['', '[]', '{"payloads": 1}', '{"payloads": [1]}', '{"payloads": [{"data": 1}]}'])
      assert.equal((await post('/decode', body)).status, 400, body);
  });

  it('says of what it cannot decrypt only which key is missing', async () => {
    const elsewhere = new EncryptingCodec([generateCodecKey('elsewhere')]);
    const [sealed] = await elsewhere.encode([{ data: Buffer.from('x') }]);
    const metadata = Object.fromEntries(
      Object.entries(sealed!.metadata!).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
    );
    const body = JSON.stringify({
      payloads: [{ metadata, data: Buffer.from(sealed!.data!).toString('base64') }],
    });
    const answer = await post('/decode', body);
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /encrypted with the key "elsewhere"/);
  });

  it('wants its token when it has one', async () => {
    const ask = async (headers: Record<string, string>) => {
      const answer = await fetch(`${guarded.url}/decode`, {
        method: 'POST',
        headers: { ...json, ...headers },
        body: '{}',
      });
      return answer.status;
    };
    assert.equal(await ask({}), 401);
    assert.equal(await ask({ authorization: 'Bearer wrong' }), 401);
    assert.equal(await ask({ authorization: token }), 401);
    assert.equal(await ask({ authorization: `Bearer ${token}` }), 200);
  });

  it('listens beyond loopback only with a token', async () => {
    const everywhere = { codec, host: '0.0.0.0', port: 0, origins: [] };
    await assert.rejects(serveCodec(everywhere), /can be reached from elsewhere.*token/);
    await (await serveCodec({ ...everywhere, token })).close();
  });
});
