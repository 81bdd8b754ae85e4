/**
 * @file `distillery engine`: TensorFlow, which does the computing.
 */

import type { Command } from 'commander';

import type { EngineInfo } from '../../definition/stages.js';
import type { SelfTestRow } from '../../distillation/self-test.js';
import { driverProblem, driverVersion } from '../../tensor/cuda.js';
import { type CommandContext, commandWithExamples, printJson } from '../command-context.js';
import { exitCodes } from '../exit-codes.js';
import { printable } from '../terminal/escape.js';

export function engineCommand(context: CommandContext): Command {
  return commandWithExamples('engine', 'Install or inspect TensorFlow.', [
    { command: 'distillery engine install --cuda', meaning: 'for NVIDIA GPUs' },
    { command: 'distillery engine info', meaning: 'what computes here' },
  ])
    .addCommand(installCommand(context))
    .addCommand(infoCommand(context));
}

function installCommand({ out, err }: CommandContext): Command {
  return commandWithExamples('install', 'Provide TensorFlow for @tensorflow/tfjs-node-gpu.', [
    { command: 'distillery engine install', meaning: 'for the CPU' },
    { command: 'distillery engine install --cuda', meaning: 'for NVIDIA GPUs' },
  ])
    .option('--cuda', 'the build with CUDA')
    .action(async (options: { cuda?: true }) => {
      const { ensureEngine } = await import('../../setup/engine.js');
      const { distilleryHome, prepareHome } = await import('../../setup/home.js');
      const home = distilleryHome();
      prepareHome(home);
      const { version, source } = await ensureEngine(home, (line) => out.line(printable(line)), {
        cuda: options.cuda ?? false,
      });
      out.line(`TensorFlow ${version} is ready (${source}).`);
      const problem = options.cuda ? driverProblem(driverVersion()) : undefined;
      if (problem !== undefined) err.line(`${err.colours.yellow('warning:')} ${problem}.`);
    });
}

function infoCommand(context: CommandContext): Command {
  return commandWithExamples('info', 'Load TensorFlow, say what it runs on, and test it.', [
    { command: 'distillery engine info', meaning: 'exit code 1 when it computes wrong numbers' },
    { command: 'distillery engine info --json', meaning: 'as it is recorded with every result' },
  ])
    .option('--no-test', 'leave out the test of a few seconds')
    .option('--json', 'print JSON')
    .action(async (options: { test: boolean; json?: true }) => {
      const { relaunchedForEngine } = await import('../relaunch.js');
      if (await relaunchedForEngine(context.environment)) return;
      const { openTensorflowDevice } = await import('../../tensor/tensorflow-device.js');
      const { selfTest } = await import('../../distillation/self-test.js');
      const device = await openTensorflowDevice();
      const start = performance.now();
      const rows = options.test ? selfTest(device) : [];
      const seconds = (performance.now() - start) / 1000;
      const failed = rows.filter(({ passed }) => !passed);
      if (failed.length > 0) process.exitCode = exitCodes.failed;
      if (options.json) {
        printJson(context.out, { ...device.info, ...(options.test && { test: rows }) });
        return;
      }
      for (const line of infoLines(device.info, driverVersion())) context.out.line(line);
      if (options.test) context.out.line(`numbers  ${testWords(rows, seconds)}`);
    });
}

function infoLines(info: EngineInfo, driver: string | undefined): string[] {
  return [
    `engine   ${printable(info.name)}`,
    `device   ${printable(info.device)}${info.device === 'cpu' || driver === undefined ? '' : `, driver ${printable(driver)}`}`,
    `cpu      ${printable(info.cpu)}`,
    `threads  ${info.threads}, oneDNN ${info.oneDnn ? 'on' : 'off'}`,
    `kernels  ${info.kernels === undefined ? 'none: programs run unfused' : `fused, ${printable(info.kernels)}`}`,
  ];
}

function testWords(rows: readonly SelfTestRow[], seconds: number): string {
  const failed = rows.filter(({ passed }) => !passed);
  if (failed.length > 0)
    return `WRONG: ${failed.map(({ what, value, expected }) => `${what} is ${value}, not ${expected}`).join('; ')}`;
  const worst = Math.max(...rows.map(({ error }) => error));
  return `as in float64 to ${worst.toExponential(0)} (${rows.length} compared in ${seconds.toFixed(1)} s)`;
}
