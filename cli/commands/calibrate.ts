/**
 * @file `distillery calibrate`: measures this machine, so that plans can be estimated.
 */
import type { Command } from 'commander';

import { type CommandContext, commandWithExamples, printJson } from '../command-context.js';
import { printable } from '../terminal/escape.js';
import { pad } from '../terminal/width.js';
import { wholeNumber } from '../whole-number.js';

const about = `
Takes less than a minute, in which nothing else should compute. The result is
kept in the state folder of DISTILLERY_HOME, one for each engine and number of
threads.`;

export function calibrateCommand(context: CommandContext): Command {
  return commandWithExamples('calibrate', 'Measure this machine, for the times of `plan`.', [
    { command: 'distillery calibrate', meaning: 'all threads of the machine' },
    { command: 'distillery calibrate --json', meaning: 'everything measured' },
  ])
    .addHelpText('after', about)
    .option('--threads <count>', 'threads of the engine (default: all)', wholeNumber)
    .option('--json', 'print JSON')
    .action(async (options: { threads?: number; json?: true }) => {
      const { relaunchedForEngine } = await import('../relaunch.js');
      if (await relaunchedForEngine(context.environment, options.threads)) return;
      const { calibrate } = await import('../../distillation/calibration.js');
      const { openTensorflowDevice } = await import('../../tensor/tensorflow-device.js');
      const { CalibrationFile } = await import('../state/calibration-file.js');
      const { out } = context;
      const device = await openTensorflowDevice();
      const calibration = calibrate(device, {
        startSeconds: process.uptime(),
        measuredAt: new Date().toISOString(),
        memory: () => ({
          now: process.memoryUsage.rss(),
          peak: process.resourceUsage().maxRSS * 1024,
        }),
      });
      const file = new CalibrationFile(context.stateFile.directory);
      file.keep(calibration);
      if (options.json) {
        printJson(out, calibration);
        return;
      }
      const { engine, points } = calibration;
      out.line(`${printable(engine.name)}, ${engine.threads} threads, ${printable(engine.cpu)}`);
      out.line(out.colours.dim(row('STEP', 'MEASURED', 'FITTED')));
      for (const { step, seconds, predicted } of points)
        out.line(row(step, milliseconds(seconds), milliseconds(predicted)));
      out.line(
        `augmentation ${(calibration.secondsPerAugmentedPixel * 1e9).toFixed(1)} ns a pixel, ` +
          `start ${calibration.startSeconds.toFixed(1)} s, ` +
          `memory ${Math.round(calibration.baseBytes / 1e6)} MB and ${calibration.memoryFactor.toFixed(2)} times the graph`,
      );
      out.line(`Kept in ${printable(file.path)}.`);
    });
}

function row(step: string, measured: string, fitted: string): string {
  return `${pad(step, 28)} ${pad(measured, 10, 'right')} ${pad(fitted, 10, 'right')}`;
}

function milliseconds(seconds: number): string {
  return `${(seconds * 1000).toPrecision(3)} ms`;
}
