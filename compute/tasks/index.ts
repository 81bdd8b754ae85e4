/**
 * @file All tasks of the compute process.
 */
import type { TaskRegistry } from '../registry.js';
import { computeStage } from './compute-stage.js';
import { distillChunk } from './distill-chunk.js';
import { evaluateNetwork } from './evaluate-network.js';
import { selectImages } from './select-images.js';
import { trainExpert } from './train-expert.js';

export const tasks: TaskRegistry = { trainExpert, distillChunk, evaluateNetwork, selectImages, computeStage };
