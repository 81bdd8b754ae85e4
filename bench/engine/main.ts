/**
 * @file `npm run bench`: distillery and PyTorch in turn on this machine, as a table and as JSON.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { runCommand } from '../../cli/run-command.js';
import { tableLines } from '../../cli/terminal/table.js';
import { terminalOn } from '../../cli/terminal/terminal.js';
import { wholeNumber } from '../../cli/whole-number.js';
import { DistilleryError } from '../../errors/errors.js';
import { ensureEngine } from '../../setup/engine.js';
import { ensureFashionMnist } from '../../setup/fashion-mnist.js';
import { distilleryHome, prepareHome } from '../../setup/home.js';
import { engineEnvironment } from '../../tensor/environment.js';
import { runCase, type CaseResult, type Sides } from './compare.js';
import { experiments, runOurExperiment, runTorchExperiment } from './experiment.js';
import { experimentLines, experimentText } from './experiment-table.js';
import { describeMachine } from './machine.js';
import { Side } from './side.js';
import { measureScaling } from './scaling.js';
import { scalingLines } from './scaling-table.js';
import { cells, columns, formatSeconds, growthLine } from './table.js';
import { ensureTorch, startTorch, type TorchPython } from './torch.js';
import { benchCases, fullSizes, quickSizes, type BenchCase } from './works.js';

interface BenchOptions {
  readonly only?: string;
  readonly repeats?: number;
  readonly threads: number;
  readonly json?: string;
  readonly quick?: true;
  readonly cuda?: true;
  readonly python?: string;
  readonly torch: boolean;
  readonly experiment?: keyof typeof experiments | true;
  readonly scaling?: true;
}

const out = terminalOn(process.stdout);
const err = terminalOn(process.stderr);

const program = new Command('bench')
  .description('Time distillery and PyTorch side by side on this machine.')
  .option('--only <text>', 'cases whose name contains the text')
  .option('--repeats <count>', 'measured repetitions of each side (default: 5, quick: 2)', wholeNumber)
  .option('--threads <count>', 'threads of each side', wholeNumber, 2)
  .option('--json <file>', 'also write everything measured as JSON')
  .option('--quick', 'small sizes, to see that it works; the times mean little')
  .option('--cuda', 'both sides on the CUDA device')
  .option('--no-torch', 'ours alone')
  .addOption(
    new Option('--experiment [size]', 'a whole experiment instead, through Temporal and S3').choices(
      Object.keys(experiments),
    ),
  )
  .option('--scaling', 'how time grows and how far the limit is, instead; ours alone')
  .addOption(new Option('--python <path>', 'an interpreter that has PyTorch, instead of one from the cache'))
  .exitOverride()
  .action(bench);

async function bench(options: BenchOptions): Promise<void> {
  if (options.experiment !== undefined) return compareExperiments(options);
  if (options.scaling === true) return showScaling(options);
  const { only = '', quick, repeats = quick === true ? 2 : 5 } = options;
  const cases = benchCases(quick === true ? quickSizes : fullSizes).filter(({ name }) => name.includes(only));
  if (cases.length === 0)
    throw new DistilleryError('InvalidDefinition', `No case has "${only}" in its name.`);
  const sides = await prepareSides(options);
  const results: CaseResult[] = [];
  for (const [at, item] of cases.entries()) {
    err.line(`bench: ${at + 1}/${cases.length} ${item.title}`);
    const result = await runCase(item, sides, repeats);
    results.push(result);
    err.line(`bench:   ${cells(result).slice(1).join('  ')}`);
  }
  print(results, cases);
  writeJson(options, { repeats, quick: quick === true, results });
  if (
    results.some(({ checks }) => checks.some(({ relativeError, tolerance }) => !(relativeError < tolerance)))
  )
    throw new DistilleryError('ComputeFailed', 'The two sides did not compute the same numbers.');
}

const say = (line: string): void => err.line(`bench: ${line}`);

/** Provides the engine and, unless it is left out, an interpreter with PyTorch. */
async function provide({ cuda, python, torch }: BenchOptions): Promise<TorchPython | undefined> {
  const home = distilleryHome();
  prepareHome(home);
  await ensureEngine(home, say, { cuda: cuda ?? false });
  if (!torch) return undefined;
  return python === undefined ? ensureTorch(home, say) : { interpreter: python, environment: {} };
}

/** Convolutions in full float32 on both sides, or their numbers could not be compared. */
const precision = { NVIDIA_TF32_OVERRIDE: '0' };

async function prepareSides(options: BenchOptions): Promise<Sides> {
  const { threads, cuda } = options;
  const interpreter = await provide(options);
  const device = cuda === true ? 'cuda' : 'cpu';
  const script = fileURLToPath(new URL('./serve.js', import.meta.url));
  return {
    ours: (folder) =>
      new Side('distillery', process.execPath, [script, folder], {
        ...engineEnvironment(threads),
        ...precision,
      }),
    ...(interpreter !== undefined && {
      torch: (folder: string) =>
        startTorch(
          { ...interpreter, environment: { ...interpreter.environment, ...precision } },
          { threads, device },
          folder,
        ),
    }),
  };
}

async function compareExperiments(options: BenchOptions): Promise<void> {
  const { threads, cuda, experiment } = options;
  const size = experiment === undefined || experiment === true ? 'full' : experiment;
  const settings = experiments[size];
  const python = await provide(options);
  const { folder } = await ensureFashionMnist(distilleryHome(), say);
  say(`ours through Temporal and S3 (${size})`);
  const ours = await runOurExperiment(settings, threads, say);
  say(`ours took ${formatSeconds(ours.seconds)}`);
  const device = cuda === true ? 'cuda' : 'cpu';
  const torch = python && (await runTorchExperiment(settings, python, folder, { threads, device }));
  const { cpu, cores } = describeMachine();
  out.line(`${cpu}, ${cores} cores, ${threads} threads; ${experimentText(settings)}`);
  for (const line of experimentLines(ours, torch)) out.line(line);
  writeJson(options, { experiment: size, settings, ours, torch });
}

async function showScaling(options: BenchOptions): Promise<void> {
  await provide({ ...options, torch: false });
  const rows = await measureScaling(options.threads, options.repeats ?? 3, say);
  for (const line of scalingLines(rows, out)) out.line(line);
  writeJson(options, { scaling: rows });
}

function writeJson({ json, threads }: BenchOptions, measured: object): void {
  if (json === undefined) return;
  writeFileSync(json, `${JSON.stringify({ machine: describeMachine(), threads, ...measured }, null, 2)}\n`);
}

function print(results: readonly CaseResult[], cases: readonly BenchCase[]): void {
  const { cpu, cores } = describeMachine();
  const described = results.find(({ torch }) => torch !== undefined) ?? results[0];
  out.line(`${cpu}, ${cores} cores`);
  for (const side of [described?.ours, described?.torch])
    if (side !== undefined)
      out.line(`${side.description.ready}, ${side.description.device}, ${side.description.threads} threads`);
  out.line();
  // Wider than a terminal may be: in a file, which is where it is kept, nothing should be cut off.
  const width = out.interactive ? out.columns : 240;
  for (const line of tableLines(columns, results.map(cells), { columns: width, colours: out.colours }))
    out.line(line);
  out.line();
  for (const { title, note } of cases) if (note !== undefined) out.line(`${title}: ${note}`);
  const growth = growthLine(results);
  if (growth !== undefined) out.line(growth);
}

process.exitCode = await runCommand(program, process.argv.slice(2), { err, environment: process.env });
