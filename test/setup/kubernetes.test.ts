/**
 * @file The Kubernetes manifests: valid by the published schemas of Kubernetes and KEDA, and true to what
 * their page promises.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { buildProgram } from '../../cli/program.js';
import { StateFile } from '../../cli/state/state-file.js';
import { terminalInMemory } from '../../cli/terminal/terminal.js';
import { packageRoot } from '../../setup/package-root.js';

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
}

interface Container {
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: { readonly requests: Resources; readonly limits: Resources };
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

type Resources = Readonly<Record<string, string | number>>;

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly containers: readonly [Container];
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template?: { readonly metadata: object; readonly spec: Pod } };
}

const folder = join(packageRoot(), 'deploy', 'kubernetes');
const files = readdirSync(folder).filter((name) => name !== 'kustomization.yaml');

function manifests(file: string): Manifest[] {
  return parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map(
    (document) => document.toJS() as Manifest,
  );
}

interface Model {
  validate(): void;
}

function modelPath({ apiVersion, kind }: Manifest): string {
  const library = apiVersion.startsWith('keda.sh/') ? '@kubernetes-models/keda' : 'kubernetes-models';
  return `${library}/${apiVersion}/${kind}`;
}

/** A package holds a validator made from the schema of each kind. */
function validate(manifest: Manifest): void {
  const { kind } = manifest;
  const models = createRequire(import.meta.url)(modelPath(manifest)) as Record<
    string,
    new (manifest: Manifest) => Model
  >;
  const Kind = models[kind];
  assert.ok(Kind, kind);
  new Kind(manifest).validate();
}

function deployment(name: string): { pod: Pod; container: Container } {
  const found = files
    .flatMap(manifests)
    .find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name);
  const pod = found?.spec?.template?.spec;
  assert.ok(pod, name);
  return { pod, container: pod.containers[0] };
}

for (const file of files) {
  test(`${file} is valid by the schemas of Kubernetes`, () => {
    for (const manifest of manifests(file)) validate(manifest);
  });
}

/** What the compiler says of manifests as literals of their types, which allow no field that is not theirs. */
async function misspelled(named: readonly Manifest[]): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'distillery-kubernetes-'));
  try {
    await symlink(join(packageRoot(), 'node_modules'), join(scratch, 'node_modules'));
    const lines = named.map((manifest, index) => {
      const { kind } = manifest;
      const type = `import('${modelPath(manifest)}').I${kind}`;
      return `export const manifest${index}: ${type} = ${JSON.stringify(manifest)};`;
    });
    await writeFile(join(scratch, 'manifests.ts'), lines.join('\n'));
    const compiler = join(packageRoot(), 'node_modules', 'typescript', 'bin', 'tsc');
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023'];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [compiler, ...options, '--types', 'node', 'manifests.ts'],
      { cwd: scratch },
    ).catch((error: unknown) => error as { stdout: string });
    return stdout;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

test('no manifest has a field that Kubernetes does not know, and the checks would notice one', async () => {
  const [worker] = manifests('gpu-workers.yaml');
  assert.ok(worker);
  const broken = structuredClone(worker) as unknown as {
    spec: { template: { spec: Record<string, unknown> } };
  };
  broken.spec.template.spec['terminationGracePeriodSecond'] = 30;
  // The types of KEDA that there are know less than its newer versions.
  const own = files.flatMap(manifests).filter(({ apiVersion }) => !apiVersion.startsWith('keda.sh/'));
  const said = await misspelled([...own, broken as unknown as Manifest]);
  assert.equal(said.match(/error TS/g)?.length, 1, said);
  assert.match(said, /terminationGracePeriodSecond"/);
  delete broken.spec.template.spec['containers'];
  assert.throws(() => validate(broken as unknown as Manifest), /containers/);
});

test('all of them are applied, but the example and what needs KEDA', () => {
  const text = readFileSync(join(folder, 'kustomization.yaml'), 'utf8');
  const { resources } = parseAllDocuments(text)[0]?.toJS() as { resources: string[] };
  assert.deepEqual([...resources, 'gpu-scaling.yaml', 'secrets.example.yaml'].sort(), [...files].sort());
});

for (const name of ['distillery-pipeline', 'distillery-gpu']) {
  test(`${name}: no root, no writable image, no rights, memory limited, watched`, () => {
    const { pod, container } = deployment(name);
    assert.equal(pod.automountServiceAccountToken, false);
    assert.equal(pod.securityContext['runAsNonRoot'], true);
    assert.deepEqual(pod.securityContext['seccompProfile'], { type: 'RuntimeDefault' });
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    assert.ok(container.resources.limits['memory']);
    assert.equal(container.livenessProbe.httpGet?.path, '/livez');
    assert.equal(container.readinessProbe.httpGet?.path, '/readyz');
    const [settings] = manifests('settings.yaml');
    const ports = Object.fromEntries(
      container.ports.map(({ name: port, containerPort }) => [port, containerPort]),
    );
    assert.equal(settings?.data?.['DISTILLERY_HEALTH'], `0.0.0.0:${ports['health']}`);
    assert.equal(settings.data['DISTILLERY_METRICS'], `0.0.0.0:${ports['metrics']}`);
  });

  test(`${name}: the command takes its arguments`, () => {
    const { container } = deployment(name);
    const terminal = terminalInMemory();
    const context = { out: terminal, err: terminal, environment: {}, stateFile: new StateFile(folder) };
    const worker = buildProgram(context, '0').commands.find((command) => command.name() === 'worker');
    assert.ok(worker);
    const { unknown, operands } = worker.parseOptions(container.args.slice(1));
    assert.deepEqual([...unknown, ...operands], []);
  });
}

test('a GPU worker has time for its checkpoint before it is killed', () => {
  const { pod, container } = deployment('distillery-gpu');
  const grace = Number(container.args[container.args.indexOf('--grace') + 1]);
  assert.ok(pod.terminationGracePeriodSeconds >= grace + 5, 'as docs/deployment.md says');
  assert.equal(container.resources.limits['nvidia.com/gpu'], 1);
});

test('no manifest holds a secret', () => {
  const [secret] = manifests('secrets.example.yaml') as unknown as [{ stringData: Record<string, string> }];
  assert.deepEqual([...new Set(Object.values(secret.stringData))], ['']);
  for (const file of files)
    assert.doesNotMatch(readFileSync(join(folder, file), 'utf8'), /SECRET_ACCESS_KEY: |API_KEY: /);
});
