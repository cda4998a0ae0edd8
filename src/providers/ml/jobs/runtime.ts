/**
 * What a job's command runs in, by its environment: this machine's own programs stand in for images that Microsoft
 * makes; others are not run.
 *
 * @module
 */

import { ArmError } from '../../../arm/error.ts';
import { propertiesOf } from '../../../arm/provider.ts';
import type { Read } from '../../../arm/resource.ts';
import { environmentProperties } from '../assets.ts';

/** What it runs in. */
export interface Runtime {
  /** What is not as it says; undefined: all is. */
  readonly instead: string;
}

const target = 'properties.environmentId';
const microsoft = /^mcr\.microsoft\.com\//i;
const curated = /^azureml:\/\/registries\/azureml\//i;

/** Returns it. Throws ArmError where nothing here can be. */
export function runtimeOf(environmentId: string, read: Read): Runtime {
  const instead = (name: string): Runtime => ({
    instead: `The environment ${name} is not made here: the command runs with this machine's own programs and Python.`,
  });
  if (curated.test(environmentId)) return instead(environmentId);
  const environment = read.get(environmentId);
  if (!environment) {
    throw new ArmError('UserError', `The environment ${environmentId} was not found. Register it first.`, {
      target,
    });
  }
  const { image } = propertiesOf(environmentProperties, environment);
  if (image !== undefined && microsoft.test(image)) return instead(environment.name);
  const what =
    image === undefined ? 'is built, and images are not built' : `has the image ${image}, which is not run`;
  throw new ArmError(
    'NotSupported',
    `The environment ${environment.name} ${what} by Cloister: give it an image of mcr.microsoft.com.`,
    { target },
  );
}
