/**
 * @file Temporal's worker versioning: which version of the code a run goes on with.
 */
import type { WorkerOptions } from '@temporalio/worker';

export interface DeploymentVersion {
  /** The name of the deployment, the same for all its versions. */
  readonly deploymentName: string;
  readonly buildId: string;
  /**
   * `pinned`: a run ends on the version that it began on. `auto-upgrade`: it moves to the current version, and
   * that has to replay it. Default `pinned`.
   */
  readonly behavior?: 'pinned' | 'auto-upgrade';
}

/** For the worker that has the workflows; compute workers have none, and serve every version. */
export function deploymentOptions(
  version: DeploymentVersion | undefined,
): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (version === undefined) return {};
  const { deploymentName, buildId, behavior = 'pinned' } = version;
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: behavior === 'pinned' ? 'PINNED' : 'AUTO_UPGRADE',
    },
  };
}
