/**
 * @file What is installed with distillery is listed with its licence, and may be given on.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { packageRoot } from '../../setup/package-root.js';

test('docs/licences.md is what the lock file says, and every licence is permissive or was looked at', async () => {
  const script = join(packageRoot(), 'scripts', 'write-licences.mjs');
  await promisify(execFile)(process.execPath, [script, '--check']).catch((error: unknown) =>
    assert.fail((error as { stderr: string }).stderr),
  );
  const manifest = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  const { dependencies, peerDependencies } = JSON.parse(manifest) as {
    dependencies: Record<string, string>;
    peerDependencies: Record<string, string>;
  };
  const page = readFileSync(join(packageRoot(), 'docs', 'licences.md'), 'utf8');
  for (const [name, version] of Object.entries(dependencies))
    assert.match(page, new RegExp(`\\| ${name} +\\| ${version} `), name);
  // Of these the version is the consumer's choice; TensorFlow's package is their own to install.
  for (const name of Object.keys(peerDependencies).filter((peer) => peer.startsWith('@temporalio/')))
    assert.match(page, new RegExp(`\\| ${name} +\\| `), name);
});
