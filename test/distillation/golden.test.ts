/**
 * @file Every golden case through the product's own code paths.
 */
import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readCases } from '../../distillation/golden/folder.js';
import { verifyGolden } from '../../distillation/golden/verify.js';
import { openTensorflowDevice } from '../../tensor/tensorflow-device.js';
import { packageRoot } from '../../setup/package-root.js';

const golden = join(packageRoot(), 'test', 'golden');
const device = await openTensorflowDevice();

describe('golden cases', () => {
  for (const fused of [true, false]) {
    it(`pass ${fused ? 'with' : 'without'} the fused kernels`, async () => {
      const engine = await openTensorflowDevice({ fused });
      assert.equal(engine.info.kernels !== undefined, fused);
      const before = engine.liveTensors;
      const rows = await verifyGolden(golden, engine);
      assert.deepEqual(
        rows.filter(({ status }) => status !== 'pass'),
        [],
      );
      const cases = await readCases(golden);
      assert.deepEqual(new Set(rows.map((row) => row.case)), new Set(cases.keys()));
      assert.equal(engine.liveTensors, before);
    });
  }

  it('fail when a value is wrong or a file is missing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'golden-'));
    try {
      await cp(golden, folder, { recursive: true });
      await cp(join(golden, 'aug-flip-28x1.safetensors'), join(folder, 'aug-crop-28x1.safetensors'));
      await rm(join(folder, 'sgd-plain.safetensors'));
      const filter = (name: string): boolean => name === 'aug-crop-28x1' || name === 'sgd-plain';
      const rows = await verifyGolden(folder, device, { filter });
      assert.deepEqual(new Set(rows.map(({ status }) => status)), new Set(['fail']));
      assert.match(rows.find((row) => row.case === 'sgd-plain')!.reason!, /Cannot read the golden file/);
      await writeFile(join(folder, 'golden.json'), '{"cases": {"x": {"kind": "network"}}}');
      await assert.rejects(verifyGolden(folder, device), { code: 'InvalidDataset', message: /spec/ });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('say when there is none of that name', async () => {
    await assert.rejects(verifyGolden(golden, device, { filter: () => false }), { code: 'InvalidDataset' });
  });
});
