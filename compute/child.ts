/**
 * @file Entry of the compute process: owns a device and a connection to the store, and runs the tasks its
 * parent sends, one at a time. Never imported; `ComputeProcess` forks it.
 */
import { connectStore } from '../artifacts/s3-store.js';
import { loadNetworkModules, modulesVariable } from '../networks/modules.js';
import { openTensorflowDevice } from '../tensor/tensorflow-device.js';
import { serve } from './serve.js';
import { checkpointIntervalFrom, imageRoomFrom, memoryLimitFrom } from './spawn.js';
import { tasks } from './tasks/index.js';

serve(tasks, async () => {
  // Asked nothing before a task needs it: a store that is away is then waited for on the task's behalf.
  const [store, device] = await Promise.all([
    connectStore(process.env),
    openTensorflowDevice(),
    loadNetworkModules(process.env[modulesVariable]),
  ]);
  const memoryLimit = memoryLimitFrom(process.env);
  const imageRoom = imageRoomFrom(process.env);
  return {
    store,
    device,
    checkpointInterval: checkpointIntervalFrom(process.env),
    ...(memoryLimit !== undefined && { memoryLimit }),
    ...(imageRoom !== undefined && { imageRoom }),
  };
});
