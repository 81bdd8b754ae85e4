/**
 * @file A picture of some images of every class of a data set on disk.
 */
import type { DatasetReport } from '../../datasets/inspect.js';

/** The samples of the report as a PNG, a labelled block for each class. */
export async function datasetGrid({ samples, classNames, shape }: DatasetReport): Promise<Uint8Array> {
  // The drawing is only loaded when something is drawn.
  const { drawGrid } = await import('../../report/grid.js');
  const { rasterOfBytes } = await import('../../report/pictures.js');
  const { encodePng } = await import('../../report/png.js');
  const classes = classNames.map((label, index) => ({
    label,
    pictures: (samples[index] ?? []).map((image) => rasterOfBytes(image, shape)),
  }));
  return encodePng(drawGrid(classes));
}
