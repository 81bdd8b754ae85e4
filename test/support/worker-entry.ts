/**
 * @file Entry of a worker process that tests start and kill; prints its events as lines of JSON.
 */
import { runWorker } from '../../worker/index.js';

const queue = process.argv[2];
if (queue !== 'pipeline' && queue !== 'compute') throw new Error('usage: worker-entry pipeline|compute');
await runWorker({ queue, threads: 1, onEvent: (event) => console.log(JSON.stringify(event)) });
