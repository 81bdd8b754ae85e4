/**
 * @file Writes the result folder of a run: the files that any user can open, and the report over them.
 */
import { resultPrefix } from '../artifacts/layout.js';
import type { Reference } from '../artifacts/reference.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { ReportOutput } from '../definition/stages.js';
import type { DistillFindings } from './findings.js';
import { distilledName, pictureName } from './folder.js';
import { drawGrid } from './grid.js';
import type { ReportInput } from './input.js';
import { renderPage } from './page.js';
import { encodePng, type Raster } from './png.js';
import { readFindings } from './read.js';
import { runRecord } from './record.js';

export type { ReportedStage, ReportInput } from './input.js';

/** Uploads at once. */
const parallel = 8;
/** Of the pictures in the grid, before they are enlarged: a picture that one object holds and a browser shows. */
const gridBytes = 32 * 1024 * 1024;
/** References of more pictures than this would swell a workflow's history; they are in `run.json`. */
const namedPictures = 100;

/**
 * Reads what the input's references name and writes, under `results/<pipeline>/<workflow id>/<run id>/`:
 * `distilled.safetensors` (or `distilled-00001-of-00008.safetensors` and so on), `metrics.jsonl`, `images/*.png`, `grid.png` (these when there was a distillation),
 * `zca-transform.safetensors`, `zca-inverse.safetensors` (when its images are whitened),
 * `report.html`, and last `run.json`, which names the others with their digests. Equal inputs give equal
 * bytes. `files` of the result lists all but the single pictures of large sets.
 * @throws DistilleryError when an artifact is missing or damaged, and what the store throws.
 */
export async function writeReport(store: ArtifactStore, input: ReportInput): Promise<ReportOutput> {
  const findings = await readFindings(store, input);
  const folder = resultPrefix(input.plan.name, input.workflowId, input.runId);
  const put = (name: string, bytes: Uint8Array, mediaType: string): Promise<Reference> =>
    store.putObject(folder + name, bytes, mediaType);

  const { distilled } = findings;
  const pictures = distilled ? await writePictures(put, distilled) : [];
  const files = distilled ? await copyResults(store, put, distilled) : [];
  const report = await put('report.html', text(renderPage(findings)), 'text/html; charset=utf-8');
  files.push(report);
  const record = runRecord(findings, folder, [...files, ...pictures]);
  const run = await put('run.json', text(`${JSON.stringify(record, null, 2)}\n`), 'application/json');
  return {
    type: 'report',
    folder,
    report,
    files: [...files, run, ...(pictures.length > namedPictures ? [] : pictures)],
  };
}

type Put = (name: string, bytes: Uint8Array, mediaType: string) => Promise<Reference>;

/** The artifacts of the distillation stage under names that people look for, and the grid. */
async function copyResults(store: ArtifactStore, put: Put, distilled: DistillFindings): Promise<Reference[]> {
  const { metrics } = distilled.output;
  return [
    ...(await copyDistilled(store, put, distilled)),
    await put('metrics.jsonl', await store.get(metrics), metrics.mediaType),
    await put('grid.png', encodePng(gridOf(distilled)), 'image/png'),
    ...(await copyWhitening(store, put, distilled)),
  ];
}

/** One file, or several where one would be too large. */
async function copyDistilled(
  store: ArtifactStore,
  put: Put,
  { parts }: DistillFindings,
): Promise<Reference[]> {
  const copies: Reference[] = [];
  for (const [index, part] of parts.entries())
    copies.push(await put(distilledName(index, parts.length), await store.get(part), part.mediaType));
  return copies;
}

/** The first pictures of every class, as many as one picture can show. */
function gridOf({ classes }: DistillFindings): Raster {
  const [first] = classes.flatMap(({ distilled }) => distilled);
  const bytes = first === undefined ? 1 : first.raster.pixels.length;
  const perClass = Math.max(1, Math.floor(gridBytes / bytes / classes.length));
  return drawGrid(
    classes.map(({ name, distilled }) => ({
      label: name,
      pictures: distilled.slice(0, perClass).map(({ raster }) => raster),
    })),
  );
}

/** What is needed to whiten other images, and to look at whitened ones. */
async function copyWhitening(
  store: ArtifactStore,
  put: Put,
  { whitening }: DistillFindings,
): Promise<Reference[]> {
  if (whitening === undefined) return [];
  const { transform, inverse } = whitening;
  return [
    await put('zca-transform.safetensors', await store.get(transform), transform.mediaType),
    await put('zca-inverse.safetensors', await store.get(inverse), inverse.mediaType),
  ];
}

async function writePictures(put: Put, { classes }: DistillFindings): Promise<Reference[]> {
  const waiting = classes.flatMap((entry) =>
    entry.distilled.map((picture) => ({ name: pictureName(entry, picture.number), png: picture.png })),
  );
  const written: Reference[] = [];
  for (let start = 0; start < waiting.length; start += parallel) {
    const batch = waiting.slice(start, start + parallel);
    written.push(...(await Promise.all(batch.map(({ name, png }) => put(name, png, 'image/png')))));
  }
  return written;
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}
