/**
 * @file The deployment file: valid by the official Compose schema, and true to what its page promises.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { packageRoot } from '../../setup/package-root.js';

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly user?: string;
  readonly ports?: readonly string[];
  readonly healthcheck?: unknown;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stop_grace_period?: string;
  readonly cap_drop?: readonly string[];
  readonly deploy?: { readonly resources?: { readonly limits?: { cpus?: string; memory?: string } } };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
}

function readCompose(name: string): Compose {
  return parse(readFileSync(join(packageRoot(), name), 'utf8'), { merge: true }) as Compose;
}

/** The schema itself is dclint's: a copy in a package, so that none has to be kept here. */
function validator() {
  const linter = dirname(createRequire(import.meta.url).resolve('dclint/package.json'));
  const schema = JSON.parse(readFileSync(join(linter, 'schemas', 'compose.schema.json'), 'utf8')) as {
    $schema?: string;
  };
  delete schema.$schema;
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
  return ajv.compile(schema);
}

const jobs = ['minio-volume', 'bucket'];

for (const name of ['docker-compose.yml', 'docker-compose.cuda.yml']) {
  test(`${name} is valid by the Compose schema`, () => {
    const validate = validator();
    assert.ok(validate(readCompose(name)), JSON.stringify(validate.errors, null, 1));
  });
}

test('the check would notice a mistake', () => {
  const validate = validator();
  const broken = structuredClone(readCompose('docker-compose.yml')) as { services: Record<string, object> };
  broken.services['minio'] = { ...broken.services['minio'], stop_grace_perod: '30s' };
  assert.equal(validate(broken), false);
});

test('it consists of the services that its page names', () => {
  assert.deepEqual(Object.keys(readCompose('docker-compose.yml').services).sort(), [
    'bucket',
    'minio',
    'minio-volume',
    'postgres',
    'temporal',
    'temporal-ui',
    'worker-compute',
    'worker-pipeline',
  ]);
});

test('no password has a default', () => {
  const text = readFileSync(join(packageRoot(), 'docker-compose.yml'), 'utf8');
  for (const variable of ['POSTGRES_PASSWORD', 'S3_ACCESS_KEY', 'S3_SECRET_KEY']) {
    assert.ok(text.includes(`\${${variable}:?`), `${variable} is required`);
  }
  for (const [name, service] of Object.entries(readCompose('docker-compose.yml').services)) {
    for (const [key, value] of Object.entries(service.environment ?? {})) {
      if (/PASSWORD|PWD|SECRET/.test(key)) assert.match(value, /^\$\{\w+:\?.+\}$/, `${name}: ${key}`);
    }
  }
});

test('every port is bound to loopback', () => {
  for (const [name, { ports }] of Object.entries(readCompose('docker-compose.yml').services)) {
    for (const port of ports ?? []) assert.match(port, /^127\.0\.0\.1:/, name);
  }
});

test('every service has limits and drops capabilities; those that stay up have checks and time to stop', () => {
  for (const [name, service] of Object.entries(readCompose('docker-compose.yml').services)) {
    const limits = service.deploy?.resources?.limits;
    assert.ok(limits?.cpus !== undefined && limits.memory !== undefined, `${name} has limits`);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    if (jobs.includes(name)) continue;
    assert.ok(service.healthcheck !== undefined, `${name} has a health check`);
    assert.ok(service.stop_grace_period !== undefined, `${name} has time to stop`);
  }
});

test('workers and MinIO do not run as root, and the workers take the two queues', () => {
  const { services } = readCompose('docker-compose.yml');
  for (const name of ['worker-pipeline', 'worker-compute', 'bucket', 'minio', 'temporal-ui']) {
    assert.equal(services[name]?.user, '10001:10001', name);
  }
  assert.deepEqual(services['worker-pipeline']?.command, ['worker', '--queue', 'pipeline']);
  assert.deepEqual(services['worker-compute']?.command, ['worker', '--queue', 'compute']);
  assert.match(services['minio']?.image ?? '', /^\$\{MINIO_IMAGE:-pgsty\/silo:RELEASE\./);
});

test('the image has the targets that the deployment builds, and its files exist', () => {
  const dockerfile = readFileSync(join(packageRoot(), 'Dockerfile'), 'utf8');
  for (const target of ['cpu', 'cuda']) {
    const stage = dockerfile.slice(dockerfile.indexOf(`FROM runtime AS ${target}\n`));
    assert.match(stage, /USER 10001:10001/, target);
  }
  assert.ok(!dockerfile.includes('alpine'), "Temporal's SDK needs glibc");
});
