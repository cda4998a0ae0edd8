/**
 * A container: what runs is in an image's own root folder, and listens on ports of its own.
 *
 * @module
 */

import { identityOf, type Recipe } from '../image/config.ts';
import { makeMountPoint } from '../image/folder.ts';
import { mountFiles, mountFolders } from '../sandbox/bubblewrap.ts';
import { type Limits, usualLimits } from '../sandbox/limits.ts';
import type { Inmate, Stand } from '../sandbox/sandbox.ts';

/** Where something is asked for. */
export interface Route {
  readonly port: number;
  readonly path: string;
}

/** What a container answers. */
export interface Routes {
  readonly liveness: Route;
  readonly readiness: Route;
  readonly scoring: Route;
}

/** A container as a program. */
export interface ContainerProgram {
  readonly runtime: 'container';
  /** Folder of the unpacked image. */
  readonly root: string;
  readonly recipe: Recipe;
  readonly routes: Routes;
}

/** What of a program is the same, whatever runs it. */
interface Around {
  readonly environment: Readonly<Record<string, string>>;
  readonly limits?: Limits;
  readonly stand?: Stand;
}

/** Search path of an image that has none, as elsewhere. */
export const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Returns what is run, and makes the places in the image that something is mounted on. */
export function inContainer(
  { root, recipe }: ContainerProgram,
  program: Around,
  model: ReadonlyMap<string, string>,
): Inmate {
  const stands = program.stand === undefined ? [] : mountFiles;
  const [modelAt = ''] = model.keys();
  for (const path of [...mountFolders, modelAt, recipe.folder]) makeMountPoint(root, path, 'folder');
  for (const path of [...stands, '/opt/cloister/roots.pem']) makeMountPoint(root, path, 'file');
  return {
    command: recipe.command,
    environment: {
      PATH: usualPath,
      HOME: '/tmp',
      ...recipe.environment,
      ...program.environment,
      AZUREML_MODEL_DIR: modelAt,
    },
    reads: new Map([['/', root], ...model]),
    folder: recipe.folder,
    user: identityOf(root, recipe.user),
    limits: program.limits ?? usualLimits,
  };
}

/** Returns the path at which a container is asked to score: `/score` is a name for its own, others are as they are. */
export function routed(path: string, { path: own }: Route): string {
  const [asked = '', ...query] = path.split('?');
  if (asked !== '/score') return path;
  return [own, ...query].join(own.includes('?') ? '&' : '?');
}
