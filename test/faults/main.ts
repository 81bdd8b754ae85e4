/**
 * @file `npm run test:faults -- --minutes N --seed S [--faults K] [--json FILE]`.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runCampaign, type CampaignProgress } from './campaign.js';
import { reportLines } from './table.js';
import { workRepeated } from './work-repeated.js';

const usage =
  'usage: npm run test:faults -- --minutes N --seed S [--faults K] [--work W] [--json FILE] [--verbose]';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    faults: { type: 'string' },
    work: { type: 'string', default: '3' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

function positive(name: string, text: string, fits: (value: number) => boolean = Number.isFinite): number {
  const value = Number(text);
  if (fits(value) && value > 0) return value;
  const kind = fits === Number.isFinite ? 'a number' : 'a whole number';
  console.error(`--${name} is "${text}"; it must be ${kind} above 0\n${usage}`);
  process.exit(2);
}

const minutes = positive('minutes', values.minutes);
const faults =
  values.faults === undefined ? undefined : positive('faults', values.faults, Number.isSafeInteger);
const off = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    console.error('stopping: everything is ended');
    off.abort(new Error(signal));
  });
}

const campaign = runCampaign({
  seed: positive('seed', values.seed, Number.isSafeInteger),
  minutes,
  ...(faults !== undefined && { faults }),
  work: positive('work', values.work, Number.isSafeInteger),
  seeds: [1, 2],
  lanes: 2,
  say: (line) => {
    if (values.verbose) console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
  },
  onProgress: (progress) => console.log(progressLine(progress)),
  signal: off.signal,
});
try {
  const report = await campaign;
  for (const line of reportLines(report)) console.log(line);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 1)}\n`);
  process.exit(report.problems.length === 0 ? 0 : 1);
} catch (error) {
  if (!off.signal.aborted) throw error;
  process.exit(130);
}

function progressLine({ phase, seconds, strikes, ledger, runs }: CampaignProgress): string {
  if (phase === 'reference') return 'undisturbed runs for comparison';
  const done = strikes.all.length;
  const repeated = workRepeated(ledger.attempts).reduce((sum, attempt) => sum + attempt.seconds, 0);
  const byFaults = faults === undefined || done === 0 ? Infinity : (seconds / done) * (faults - done);
  const left = phase === 'finishing' ? 0 : Math.max(0, Math.min(minutes * 60 - seconds, byFaults));
  const open = strikes.all.filter(({ recoveredAt }) => recoveredAt === undefined).length;
  return (
    `${clock(seconds)}: ${done} faults (${open} not yet made up for), ${runs.length} runs ended, ` +
    `${repeated.toFixed(0)} s of work repeated; ` +
    (phase === 'finishing' ? 'the last runs come to their end' : `faults for ${clock(left)} more`)
  );
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}
