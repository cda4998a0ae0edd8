/**
 * Machine images of the marketplace: `az vm create` looks its image up before it deploys. There are none here, so any
 * image that is asked for has one version; no disk is ever made from it.
 *
 * @module
 */

import type { Json, JsonObject } from '../../lib/json.ts';

const path =
  /^(?<skus>\/subscriptions\/[^/]+\/providers\/Microsoft\.Compute\/locations\/(?<location>[^/]+)\/publishers\/(?<publisher>[^/]+)\/artifacttypes\/vmimage\/offers\/[^/]+\/skus\/[^/]+)\/versions(?:\/(?<version>[^/]+))?$/i;

const only = '1.0.0';

/** The versions of an image, or one of them; undefined where the path is about something else. */
export function machineImages(asked: string): Json | undefined {
  const { skus = '', location = '', publisher = '', version } = path.exec(asked)?.groups ?? {};
  if (skus === '') return undefined;
  const image = (name: string): JsonObject => ({ id: `${skus}/versions/${name}`, name, location });
  if (version === undefined) return [image(only)];
  const operatingSystem = /windows/i.test(publisher) ? 'Windows' : 'Linux';
  return {
    ...image(version),
    properties: { osDiskImage: { operatingSystem }, dataDiskImages: [], hyperVGeneration: 'V2' },
  };
}
