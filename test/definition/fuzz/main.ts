/**
 * @file `npm run fuzz -- --count 100000 --seed 1`: damaged definitions against what must hold for all of them.
 * `--case 123` examines one case alone and prints what it is.
 */
import { parseArgs } from 'node:util';
import { inspect } from 'node:util';
import { Campaign, type Case, type Tally } from './campaign.js';

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    case: { type: 'string' },
  },
});
const seed = wholeNumber(options.seed);
const campaign = new Campaign(seed);

if (options.case !== undefined) {
  const one = campaign.case(wholeNumber(options.case));
  console.log(shown(one));
  console.log(campaign.examine(one));
} else {
  const started = performance.now();
  const tally = campaign.run(wholeNumber(options.count), ({ cases }) => {
    if (cases % 5000 === 0) console.log(`${cases} cases after ${secondsSince(started)} s`);
  });
  for (const { case: one, error } of tally.findings) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    console.error(`\ncase ${one.number} (${one.made}): ${reason.slice(0, 2000)}`);
  }
  for (const line of summary(tally)) console.log(line);
  console.log(`seed ${seed}, ${secondsSince(started)} s`);
  if (tally.findings.length > 0) process.exitCode = 1;
}

function summary({ cases, compiled, longest, codes, mutations, findings }: Tally): string[] {
  const sorted = (counts: Map<string, number>) =>
    [...counts]
      .toSorted(([, a], [, b]) => b - a)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ');
  return [
    `${cases} cases: ${compiled} compiled, ${cases - compiled - findings.length} refused, ${findings.length} findings`,
    `longest: ${(1000 * longest).toFixed(0)} ms of processor time`,
    `mutations: ${sorted(mutations)}`,
    `codes: ${sorted(codes)}`,
  ];
}

function shown({ made, input, fragment, params }: Case): string {
  const text = input instanceof Uint8Array ? new TextDecoder().decode(input) : input;
  const whole = typeof text === 'string' ? text : inspect(text, { depth: 50 });
  return `# ${made}\n${whole}\n# fragment.yaml\n${fragment}\n# params ${JSON.stringify(params)}`;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a whole number: ${text}`);
  return value;
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1);
}
