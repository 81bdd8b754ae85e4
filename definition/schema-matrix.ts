/**
 * @file The schema of a stage's `matrix`.
 */
import * as z from 'zod';
import { maximumCells } from './limits.js';
import { name, parameterNamePattern } from './schema-values.js';

const scalar = z.union([z.string().min(1).max(100), z.number(), z.boolean()], {
  error: ({ input }) =>
    input === undefined ? undefined : 'expected a text, a number, or true or false as a value of the matrix',
});

const axisName = z.string().regex(parameterNamePattern, {
  error:
    'the name of an axis is made of letters, digits and "_", begins with a letter and has at most 63 characters',
});

/** Some cells, by their values. */
const cells = z.array(z.record(axisName, scalar)).min(1).max(maximumCells);

const axes = z.object({
  include: cells.optional().describe('Cells beside those of the axes; each gives a value to every axis.'),
  exclude: cells.optional().describe('Cells to leave out: all that have these values.'),
});

export const matrix = z
  .union([
    name('the id of a stage').describe('The same cells as that stage.'),
    axes.catchall(z.array(scalar).min(1).max(maximumCells).describe('Values of an axis.')),
  ])
  .describe(
    'Runs the stage once for each combination of values, as ${{ matrix.AXIS }}; the id of another stage takes its cells.',
  );
