/**
 * @file The method of a distillation in a plan: what depends on other settings is written out.
 */
import type * as z from 'zod';
import type { DistillMethod } from './plan.js';
import { planMethod as planMtt } from './planning-mtt.js';
import type { distillMethod } from './schema-methods.js';

export function planMethod(method: z.output<typeof distillMethod>, ipc: number): DistillMethod {
  switch (method.name) {
    case undefined:
    case 'mtt':
      return planMtt(method);
    case 'dd': {
      const { batchSyn, ...dd } = method;
      return batchSyn === undefined ? dd : { ...dd, batchSyn };
    }
    case 'kip': {
      const { labels, lrLabels, ...kip } = method;
      return {
        ...kip,
        ...(labels === 'learned' && { labels }),
        ...(lrLabels !== undefined && { lrLabels }),
      };
    }
    case 'dm':
      return method;
    case 'dc':
    case 'dsa':
      return {
        ...method,
        outerLoops: method.outerLoops ?? Math.min(ipc, 50),
        innerEpochs: method.innerEpochs ?? publishedInnerEpochs(ipc),
      };
  }
}

/** 1 at one image a class, 50 at ten, 25 at twenty, 10 at fifty. */
function publishedInnerEpochs(ipc: number): number {
  return ipc === 1 ? 1 : Math.min(50, Math.max(10, Math.round(500 / ipc)));
}
