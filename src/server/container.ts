/**
 * What of a deployment is a container of its own: the image of its environment, and where it is asked.
 *
 * @module
 */

import { propertiesOf } from '../arm/provider.ts';
import type { Read, Resource } from '../arm/resource.ts';
import type { Routes } from '../compute/process/container.ts';
import { environmentProperties } from '../providers/ml/assets.ts';
import { deploymentProperties } from '../providers/ml/online-deployments.ts';

/** A container to be run. */
export interface Container {
  readonly image: string;
  readonly routes: Routes;
}

/**
 * Returns it; undefined where the environment's image is none that answers by itself, and the model is served from here.
 * Throws an error that says what is missing.
 */
export function containerOf(deployment: Resource, read: Read): Container | undefined {
  const { environmentId, codeConfiguration } = propertiesOf(deploymentProperties, deployment);
  const environment = environmentId === undefined ? undefined : read.get(environmentId);
  if (!environment) return undefined;
  const { image, inferenceConfig } = propertiesOf(environmentProperties, environment);
  if (!inferenceConfig) return undefined;
  if (image === undefined) {
    throw new Error(
      `environment ${environment.name} is built, and images are not built here: give it an image`,
    );
  }
  if (codeConfiguration) {
    throw new Error(
      `environment ${environment.name} answers by itself (inferenceConfig): a codeConfiguration beside it is not supported`,
    );
  }
  const { scoringRoute, readinessRoute, livenessRoute } = inferenceConfig;
  if (!scoringRoute || !readinessRoute || !livenessRoute) {
    throw new Error(
      `the inferenceConfig of environment ${environment.name} needs livenessRoute, readinessRoute and scoringRoute`,
    );
  }
  return { image, routes: { scoring: scoringRoute, readiness: readinessRoute, liveness: livenessRoute } };
}

/** Where the model is found inside: below the folder that was asked for, by its name and version. */
export function modelAt({
  model,
  modelMountPath: folder,
}: {
  readonly model?: string;
  readonly modelMountPath?: string;
}): { readonly modelAt?: string } {
  const [, name, version] = /\/models\/([^/]+)\/versions\/([^/]+)$/i.exec(model ?? '') ?? [];
  if (name === undefined || version === undefined) return folder === undefined ? {} : { modelAt: folder };
  return { modelAt: `${folder ?? '/var/azureml-app/azureml-models'}/${name}/${version}` };
}
