/**
 * @file `distillery engine`: TensorFlow, which does the computing.
 */

import type { Command } from 'commander';

import { type CommandContext, commandWithExamples, printJson } from '../command-context.js';
import { printable } from '../terminal/escape.js';

export function engineCommand(context: CommandContext): Command {
  return commandWithExamples('engine', 'Install or inspect TensorFlow.', [
    { command: 'distillery engine install --cuda', meaning: 'for NVIDIA GPUs' },
    { command: 'distillery engine info', meaning: 'what computes here' },
  ])
    .addCommand(installCommand(context))
    .addCommand(infoCommand(context));
}

function installCommand({ out }: CommandContext): Command {
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
    });
}

function infoCommand(context: CommandContext): Command {
  return commandWithExamples('info', 'Load TensorFlow and say what it is and runs on.', [
    { command: 'distillery engine info --json', meaning: 'as it is recorded with every result' },
  ])
    .option('--json', 'print JSON')
    .action(async (options: { json?: true }) => {
      const { relaunchedForEngine } = await import('../relaunch.js');
      if (await relaunchedForEngine(context.environment)) return;
      const { openTensorflowDevice } = await import('../../tensor/tensorflow-device.js');
      const { info } = await openTensorflowDevice();
      const { out } = context;
      if (options.json) {
        printJson(out, info);
        return;
      }
      out.line(`engine   ${printable(info.name)}`);
      out.line(`device   ${printable(info.device)}`);
      out.line(`cpu      ${printable(info.cpu)}`);
      out.line(`threads  ${info.threads}, oneDNN ${info.oneDnn ? 'on' : 'off'}`);
      out.line(`kernels  ${info.kernels ?? 'none: programs run unfused'}`);
    });
}
