/**
 * @file All distilled images in one labelled picture.
 */
import { drawText, glyphHeight, textWidth } from './glyphs.js';
import { blankRaster, enlarge, paste, type Raster } from './png.js';

/** The pictures of one class, all of one size. */
export interface GridClass {
  readonly label: string;
  readonly pictures: readonly Raster[];
}

const paper = 255;
const ink = 40;
const gap = 4;
const margin = 16;
const blockGap = 16;
const textScale = 2;
/** Small images are enlarged to about this many pixels. */
const tileTarget = 84;
const tilesPerLine = 10;
const widthTarget = 1000;

/**
 * Blocks of a class each: its label above its pictures, ten to a line; blocks side by side as far as
 * about 1000 pixels allow. Throws nothing; no classes give an empty picture.
 */
export function drawGrid(classes: readonly GridClass[]): Raster {
  const first = classes.find((entry) => entry.pictures.length > 0)?.pictures[0];
  const size = { width: first?.width ?? 1, height: first?.height ?? 1 };
  const total = classes.reduce((sum, entry) => sum + entry.pictures.length, 0);
  const factor = total > 1000 ? 1 : Math.max(1, Math.floor(tileTarget / size.width));
  const tile = { width: size.width * factor + gap, height: size.height * factor + gap };
  const labelHeight = glyphHeight * textScale + 6;

  const columns = Math.max(1, Math.min(tilesPerLine, ...classes.map((entry) => entry.pictures.length)));
  const lines = Math.max(1, ...classes.map((entry) => Math.ceil(entry.pictures.length / columns)));
  const labelWidth = Math.max(0, ...classes.map((entry) => textWidth(entry.label, textScale)));
  const block = {
    width: Math.max(columns * tile.width - gap, labelWidth),
    height: labelHeight + lines * tile.height - gap,
  };
  const fitting = Math.max(1, Math.floor(widthTarget / (block.width + blockGap)));
  const blockRows = Math.max(1, Math.ceil(classes.length / fitting));
  const blocksPerRow = Math.max(1, Math.ceil(classes.length / blockRows));

  const canvas = blankRaster(
    2 * margin + blocksPerRow * (block.width + blockGap) - blockGap,
    2 * margin + blockRows * (block.height + blockGap) - blockGap,
    first?.channels ?? 1,
    paper,
  );
  classes.forEach((entry, index) => {
    const left = margin + (index % blocksPerRow) * (block.width + blockGap);
    const top = margin + Math.floor(index / blocksPerRow) * (block.height + blockGap);
    drawText(canvas, entry.label, { left, top, scale: textScale, grey: ink });
    entry.pictures.forEach((picture, number) => {
      paste(
        canvas,
        enlarge(picture, factor),
        left + (number % columns) * tile.width,
        top + labelHeight + Math.floor(number / columns) * tile.height,
      );
    });
  });
  return canvas;
}
