/**
 * @file The distilled images beside real ones of their class.
 */
import { distillMethodName } from '../../definition/method-names.js';
import type { DistillConfig } from '../../definition/plan.js';
import type { ClassPictures, Picture } from '../gallery.js';
import type { DistillFindings, Findings } from '../findings.js';
import { markup, type Markup } from '../markup.js';
import { counted, significant } from '../numbers.js';
import { dataUri } from '../png.js';

/** More pictures than this make the file heavy and tell no more; all of them are in `images/`. */
const shownPerClass = 10;
const shownClasses = 100;

export function imagesSection(findings: Findings): Markup | undefined {
  const { distilled, dataset } = findings;
  if (!distilled) return undefined;
  const single = distilled.config.ipc === 1;
  const classes = distilled.classes.slice(0, shownClasses);
  const tile = tileWidth(dataset.shape.width, single ? 84 : 50);
  const small = tileWidth(dataset.shape.width, single ? 40 : 50);
  return markup`<section id="images"><h2>What was learned</h2>
<p class="lead">${startedFrom(distilled)} ${single ? 'Large: the distilled image. Small: real training images of its class.' : 'Beside them, real training images of the same class.'}</p>
<div class="classes ${single ? 'single' : 'many'}">${single ? undefined : heading(small)}${classes.map((entry) => classFigure(entry, tile, small))}</div>
<p class="note">${leftOut(distilled)}Pixels are denormalised. Each distilled image shows the range of its own values from min(0, 1st percentile) to max(1, 99th percentile), where real images fill 0 to 1; contrast is never raised. The exact values are in <code>distilled.safetensors</code>.</p></section>`;
}

function classFigure(entry: ClassPictures, tile: number, small: number): Markup {
  const distilled = entry.distilled.slice(0, shownPerClass);
  return markup`<figure class="class"><figcaption>${entry.name}</figcaption><div class="pair"><div class="strip distilled" style="--tile:${tile}px">${distilled.map((picture) => image(picture, `Distilled ${entry.name} ${picture.number}`, rangeText(picture)))}</div><div class="strip real" style="--tile:${small}px">${entry.real.map((picture) => image(picture, `Real ${entry.name} ${picture.number}`))}</div></div></figure>
`;
}

/** Says once, above the rows, which side is which; single images say it by their size. */
function heading(tile: number): Markup {
  return markup`<div class="class heading" style="--real:${tile}px" aria-hidden="true"><span></span><div class="pair"><span>distilled</span><span>real</span></div></div>
`;
}

function image(picture: Picture, name: string, more = ''): Markup {
  const { width, height } = picture.raster;
  return markup`<img src="${dataUri(picture.png)}" width="${width}" height="${height}" alt="${name}" title="${name}${more}">`;
}

function rangeText({ range }: Picture): string {
  return `: black is ${significant(range.low, 2)}, white ${significant(range.high, 2)} of the real range`;
}

function startedFrom({ images, config, output }: DistillFindings): string {
  const start = startedAt(config.init);
  const each = config.ipc === 1 ? 'one a class' : `${config.ipc} a class`;
  return `${counted(images, 'synthetic image')}, ${each}, after ${counted(output.iteration, 'iteration')} of ${distillMethodName(config.method)} from ${start}.`;
}

function startedAt(init: DistillConfig['init']): string {
  if (typeof init !== 'string') return `the images of stage ${init.stage}`;
  return init === 'real' ? 'random real images' : 'noise';
}

function leftOut({ classes, config }: DistillFindings): string {
  const parts: string[] = [];
  if (config.ipc > shownPerClass) parts.push(`the first ${shownPerClass} of ${config.ipc} images a class`);
  if (classes.length > shownClasses) parts.push(`the first ${shownClasses} of ${classes.length} classes`);
  return parts.length === 0 ? '' : `Shown are ${parts.join(' of ')}; all are in images/ and grid.png. `;
}

/** A whole multiple of the image's width near the target, so that pixels stay square; never less than 1. */
function tileWidth(width: number, target: number): number {
  return width >= target ? Math.min(width, 128) : width * Math.max(1, Math.round(target / width));
}
