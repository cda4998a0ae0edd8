/**
 * Settings that a resource is written with and that have no effect.
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { WrittenDeclared } from '../../../net/declared/template.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { type Edit, setting } from '../../repair.ts';

/** The last version of the API (its date) that passes over a property of a kind of resource. */
const ignoredUntil = {
  workspace: { property: 'publicNetworkAccess', last: '2021-07-01' },
  AmlCompute: { property: 'properties.enableNodePublicIp', last: '2020-08-01' },
  ComputeInstance: { property: 'properties.enableNodePublicIp', last: '2021-01-01' },
} as const;

/** A version that knows all of them. */
const current = '2024-04-01';

const alias = 'allowPublicAccessWhenBehindVnet';
const flag = 'publicNetworkAccess';

/** What a resource sets and its API version ignores, or an older name of what is meant. */
export function* ineffective(model: Model): Generator<Fault> {
  const { declared } = model.network;
  const written = new Map(declared.of('written').map((item) => [keyOf(item.id), item]));
  for (const { id } of declared.of('workspace')) {
    const how = written.get(keyOf(id));
    if (!how) continue;
    yield* passedOver(how, 'workspace');
    yield* renamed(model, how);
  }
  for (const { id, type } of declared.of('compute')) {
    const how = written.get(keyOf(id));
    if (how && (type === 'AmlCompute' || type === 'ComputeInstance')) yield* passedOver(how, type);
  }
}

function* passedOver(
  { id, apiVersion, given }: WrittenDeclared,
  what: keyof typeof ignoredUntil,
): Generator<Fault> {
  const { property, last } = ignoredUntil[what];
  if (!given.includes(property) || !isAsOld(apiVersion, last)) return;
  yield {
    subject: id,
    at: property,
    says: `${nameOf(id)} is written with API version ${apiVersion}, which passes over ${property}`,
    blockers: [{ resource: id, property: 'apiVersion', is: apiVersion, needs: `later than ${last}` }],
    repairs: [{ says: `write it with API version ${current}`, edits: [versionOf(id)] }],
  };
}

function* renamed(model: Model, { id, apiVersion, given }: WrittenDeclared): Generator<Fault> {
  if (!given.includes(alias) || given.includes(flag)) return;
  const open = model.service(id)?.fact.door?.publicAccess !== false;
  yield {
    subject: id,
    at: alias,
    says: `${nameOf(id)} is written with ${alias}, an older setting; what decides is ${flag}`,
    nearMiss: alias,
    blockers: [{ resource: id, property: flag, is: 'not given', needs: open ? 'Enabled' : 'Disabled' }],
    repairs: [
      {
        says: `write ${flag} instead`,
        edits: [
          setting(id, alias, undefined),
          setting(id, flag, open ? 'Enabled' : 'Disabled'),
          ...(isAsOld(apiVersion, ignoredUntil.workspace.last) ? [versionOf(id)] : []),
        ],
      },
    ],
  };
}

/** Versions are dates, with a word after it where they are previews. */
function isAsOld(apiVersion: string, last: string): boolean {
  return apiVersion.slice(0, last.length) <= last;
}

function versionOf(resource: string): Edit {
  return { kind: 'set', resource, property: ['apiVersion'], value: current };
}
