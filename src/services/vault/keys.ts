/**
 * Keys: made, imported, shown and changed. Their life is the one that every kind has.
 *
 * @module
 */

import { asList, asText, isObject, type JsonObject, member } from '../../lib/json.ts';
import { attributesFrom, tagsFrom } from './attributes.ts';
import { addressOf, bodyOf, type Call, given, type Runner } from './call.ts';
import { invalidProperty, VaultError } from './error.ts';
import { bundleOf, lifeOf, type Shelf } from './life.ts';
import {
  createdMaterial,
  defaultOperations,
  importedMaterial,
  keptMaterial,
  type Material,
  operationsFrom,
  publicPart,
  refuseExtras,
} from './material.ts';
import type { Version } from './row.ts';

const shelf: Shelf = {
  kind: 'keys',
  one: 'Key',
  line: (kid) => ({ kid }),
  bundle: (kid, version) => {
    const { kty, ...numbers } = publicPart(keptMaterial(version.content));
    return { key: { kid, kty, key_ops: operationsOf(version), ...numbers } };
  },
  attributes: { exportable: false, hsmPlatform: '0' },
};

/** Operation -> what does it. */
export const keyRunners: Readonly<Record<string, Runner>> = {
  ...lifeOf(shelf),
  'Create Key': async (call) => {
    const body = await bodyOf(call);
    refuseExtras(body);
    // Before the work of making one.
    await call.vaults.demandFree(addressOf(call, 'keys'));
    return added(call, body, body, await createdMaterial(body));
  },
  'Import Key': async (call) => {
    const body = await bodyOf(call);
    refuseExtras(body);
    const jwk = given(body, 'key');
    if (!isObject(jwk)) throw invalidProperty('key');
    return added(call, body, jwk, importedMaterial(jwk));
  },
  'Get Key': async (call) => {
    const found = await call.vaults.get(addressOf(call, 'keys'), call.operation.version);
    demandEnabled(found.version, 'get');
    return bundleOf(shelf, call, found);
  },
  'Update Key': async (call) => {
    const body = await bodyOf(call);
    refuseExtras(body);
    const found = await call.vaults.update(addressOf(call, 'keys'), call.operation.version, (before) => {
      const material = keptMaterial(before.content);
      const operations = operationsFrom(body, material) ?? operationsOf(before);
      return {
        attributes: attributesFrom(body, before.attributes, call.vaults.seconds()),
        tags: tagsFrom(body, before.tags),
        content: contentOf(material, operations),
      };
    });
    return bundleOf(shelf, call, found);
  },
};

/** Returns what a version of a key may do. */
export function operationsOf({ content }: Version): readonly string[] {
  return asList(member(content, 'ops')).flatMap((one) => asText(one) ?? []);
}

/** Refuses to do anything with a key that is switched off. */
export function demandEnabled({ attributes }: Version, operation: string): void {
  if (attributes.enabled) return;
  throw new VaultError('KeyDisabled', [`Operation ${operation} is not allowed on a disabled key.`]);
}

/** Makes a version; what it may do is asked for beside its type. */
async function added(call: Call, body: JsonObject, jwk: JsonObject, material: Material): Promise<JsonObject> {
  const operations = operationsFrom(jwk, material) ?? defaultOperations(material);
  const found = await call.vaults.add(addressOf(call, 'keys'), {
    attributes: attributesFrom(body, undefined, call.vaults.seconds()),
    tags: tagsFrom(body, undefined),
    content: contentOf(material, operations),
  });
  return bundleOf(shelf, call, found);
}

function contentOf(material: Material, operations: readonly string[]): JsonObject {
  return { jwk: { ...material }, ops: operations };
}
