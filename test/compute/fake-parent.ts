/**
 * @file A process that owns a compute process which is busy for a minute; prints the child's process id.
 */
import { fileURLToPath } from 'node:url';
import { ComputeProcess } from '../../compute/process.js';
import { asInput } from './behaviours.js';

const compute = new ComputeProcess({
  threads: 1,
  entry: fileURLToPath(new URL('./fake-child.js', import.meta.url)),
  // The child's only thread that handles messages is blocked once it has said that it is ready.
  onReady: () => setTimeout(() => console.log(compute.pid), 300),
});
await compute.run('trainExpert', asInput({ behaviour: 'block', milliseconds: 60_000 }));
