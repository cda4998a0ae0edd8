/**
 * The operations of a workspace's own services, found by method and path. What is in no table is refused by its name.
 *
 * @module
 */

import { artifacts } from './artifacts.ts';
import type { Operation, Operations } from './call.ts';
import { datastores } from './datastores.ts';
import { environments } from './environments.ts';
import { events } from './events.ts';
import { experiments } from './experiments.ts';
import { metrics } from './metrics.ts';
import { models } from './models.ts';
import { runs } from './runs.ts';
import { snapshots } from './snapshots.ts';

/** An operation, and what its path names. */
export interface Found {
  readonly operation: Operation;
  readonly names: ReadonlyMap<string, string>;
}

interface Row {
  readonly method: string;
  readonly service: string;
  readonly segments: readonly string[];
  readonly operation: Operation;
}

const tables: readonly Operations[] = [
  experiments,
  runs,
  events,
  metrics,
  artifacts,
  models,
  environments,
  datastores,
  snapshots,
];

/** Literal segments count before names, so rows with fewer names are tried first. */
const rows: readonly Row[] = tables
  .flatMap((table) => Object.entries(table))
  .map(([line, operation]) => {
    const [method = '', service = '', path = ''] = line.split(' ');
    return { method, service, segments: path.split('/'), operation };
  })
  .toSorted((a, b) => freedom(a) - freedom(b));

/** Finds the operation of a method, a service (`history/v1.0`) and the path below the workspace. */
export function operationOf(method: string, service: string, path: string): Found | undefined {
  const given = path.replace(/^\/+|\/+$/g, '').split('/');
  for (const row of rows) {
    if (row.method !== method || row.service !== service.toLowerCase()) continue;
    const names = namesOf(row.segments, given);
    if (names) return { operation: row.operation, names };
  }
  return undefined;
}

function freedom({ segments }: Row): number {
  return (
    segments.filter((segment) => segment.startsWith('{')).length + (segments.at(-1)?.endsWith('+}') ? 10 : 0)
  );
}

function namesOf(pattern: readonly string[], given: readonly string[]): Map<string, string> | undefined {
  const names = new Map<string, string>();
  const rest = pattern.at(-1)?.endsWith('+}') ?? false;
  if (rest ? given.length < pattern.length : given.length !== pattern.length) return undefined;
  for (const [at, segment] of pattern.entries()) {
    const text = rest && at === pattern.length - 1 ? given.slice(at).join('/') : (given[at] ?? '');
    if (!segment.startsWith('{')) {
      if (segment.toLowerCase() !== text.toLowerCase()) return undefined;
      continue;
    }
    const value = decoded(text);
    if (value === undefined || value === '') return undefined;
    names.set(segment.replace(/^\{|\+?\}$/g, ''), value);
  }
  return names;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
