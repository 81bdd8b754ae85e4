/**
 * @file What is said where a GPU or its libraries are missing. No GPU is needed: these are words about versions.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { driverVersion, isOlder, loadRemedy, parseDriverVersion, whyNoGpu } from '../../tensor/cuda.js';

test('the version of the driver is that of its kernel module', () => {
  const closed =
    'NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\nGCC version:  gcc 12';
  const open =
    'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.10  Release Build  (a@b)\nGCC version:  gcc 12';
  assert.equal(parseDriverVersion(closed), '550.54.15');
  assert.equal(parseDriverVersion(open), '570.86.10');
  assert.equal(parseDriverVersion('nothing'), undefined);
  assert.equal(driverVersion('/there/is/no/such/file'), undefined);
});

test('versions are compared part by part', () => {
  assert.ok(isOlder('525.60', '525.60.13'));
  assert.ok(isOlder('470.223.02', '525.60.13'));
  assert.ok(!isOlder('525.60.13', '525.60.13'));
  assert.ok(!isOlder('1000', '525.60.13'));
});

test('each reason for no GPU has its remedy', () => {
  assert.match(whyNoGpu(undefined, '2.21.0'), /no NVIDIA driver/);
  assert.match(whyNoGpu('470.1', '2.21.0'), /470\.1 is too old for CUDA 12; update it to 525/);
  assert.match(whyNoGpu('550.54.15', '2.21.0'), /engine install --cuda/);
});

test('what does not load says which library is to blame', () => {
  assert.match(loadRemedy('libcuda.so.1: cannot open shared object file'), /driver is missing/);
  assert.match(loadRemedy('libcudnn.so.9: cannot open shared object file'), /install --cuda/);
  assert.match(loadRemedy("version `GLIBC_2.28' not found"), /newer system/);
  assert.equal(loadRemedy('Cannot find module'), 'Run `distillery engine install`.');
});
