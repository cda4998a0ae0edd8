/**
 * What a job's command runs in, by its environment: this machine's own programs stand in for images that Microsoft
 * makes; others are pulled.
 *
 * @module
 */

import { ArmError } from '../../../arm/error.ts';
import { partsOf } from '../../../arm/id.ts';
import { propertiesOf } from '../../../arm/provider.ts';
import type { Read } from '../../../arm/resource.ts';
import { environmentProperties } from '../assets.ts';

/** What it runs in: an image of its own, or this machine's programs. */
export type Runtime =
  | { readonly kind: 'image'; readonly image: string }
  | {
      readonly kind: 'machine';
      /** What is not as the environment says. */
      readonly instead: string;
    };

const target = 'properties.environmentId';
const microsoft = /^mcr\.microsoft\.com\//i;
const curated = /^azureml:\/\/registries\/azureml\//i;

/** Returns it. Throws ArmError where nothing here can be. */
export function runtimeOf(environmentId: string, read: Read): Runtime {
  if (curated.test(environmentId)) return machineFor(environmentId);
  const environment = read.get(environmentId);
  if (!environment) {
    throw new ArmError('UserError', `The environment ${environmentId} was not found. Register it first.`, {
      target,
    });
  }
  const { image, condaFile } = propertiesOf(environmentProperties, environment);
  const name = partsOf(environment.id).names.slice(-2).join(':');
  if (image !== undefined && microsoft.test(image)) return machineFor(name);
  if (image !== undefined && condaFile === undefined) return { kind: 'image', image };
  throw new ArmError(
    'NotSupported',
    `The environment ${name} is built, and images are not built by Cloister: give it an image that has all, or one of mcr.microsoft.com.`,
    { target },
  );
}

function machineFor(name: string): Runtime {
  const instead = `The environment ${name} is not made here: the command runs with this machine's own programs and Python.`;
  return { kind: 'machine', instead };
}
