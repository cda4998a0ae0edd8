/**
 * What of a workspace is settled when it is made: a customer-managed key, and `hbiWorkspace`
 * (docs/semantics/workspaces.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf } from '../../arm/id.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { asText, type JsonObject, member } from '../../lib/json.ts';
import { vaultNames } from '../keyvault/link.ts';
import { mustExist } from '../network/network-interfaces.ts';

/** Templates of clients send every member, as an empty text where it is not meant. */
export const encryption = shape.object({
  status: shape.required(shape.oneOf('Enabled', 'Disabled')),
  keyVaultProperties: shape.object({
    keyVaultArmId: shape.orEmpty(shape.resourceId),
    keyIdentifier: shape.text,
    ...shape.opaque('identityClientId'),
  }),
  ...shape.opaque(
    'identity',
    'cosmosDbArmId',
    'searchAccountArmId',
    'storageAccountArmId',
    'cosmosDbResourceId',
    'searchAccountResourceId',
    'storageAccountResourceId',
  ),
});

type Encryption = shape.Of<typeof encryption>;

/** What is settled when a workspace is made. */
interface Settled {
  readonly encryption?: Encryption;
  readonly hbiWorkspace?: boolean;
}

/** Refuses a key that is not in the vault that is named, a vault that is not there, and second thoughts. */
export function checkSettled(asked: Settled, before: Resource | undefined, read: Read): void {
  if (asked.encryption?.status === 'Enabled') checkKey(asked.encryption, read);
  if (!before) return;
  const was = asText(member(before.properties['encryption'], 'status')) ?? 'Disabled';
  settled('encryption.status', was, asked.encryption?.status);
  settled('hbiWorkspace', before.properties['hbiWorkspace'] === true, asked.hbiWorkspace);
}

/** What was settled: a PUT that does not speak of it leaves it as it is. */
export function settledIn(before: Resource | undefined): Partial<Settled> {
  if (!before) return {};
  const { encryption: key, hbiWorkspace: hbi } = before.properties as Settled;
  return {
    ...(key === undefined ? {} : { encryption: key }),
    ...(hbi === undefined ? {} : { hbiWorkspace: hbi }),
  };
}

/** Properties without an encryption that is none: clients send one with every member empty. */
export function withoutIdleKey(properties: JsonObject): JsonObject {
  const { encryption: key, ...rest } = properties;
  return member(key, 'status') === 'Enabled' ? properties : rest;
}

function settled<T extends string | boolean>(name: string, was: T, asked: T | undefined): void {
  if (asked === undefined || asked === was) return;
  throw new ArmError(
    'UserError',
    `${name} of a workspace is settled when it is made: it is ${was} and cannot become ${asked}. Make a new workspace.`,
    { target: `properties.${name}` },
  );
}

function checkKey({ keyVaultProperties }: Encryption, read: Read): void {
  const { keyVaultArmId = '', keyIdentifier = '' } = keyVaultProperties ?? {};
  const target = 'properties.encryption.keyVaultProperties';
  if (keyVaultArmId === '' || keyIdentifier === '') {
    throw new ArmError(
      'UserError',
      'A workspace with a customer-managed key names the vault (keyVaultArmId) and the key in it (keyIdentifier).',
      { target },
    );
  }
  mustExist(read, keyVaultArmId, `${target}.keyVaultArmId`);
  const { name } = vaultNames(partsOf(keyVaultArmId).name);
  const [, host] = /^https:\/\/([^/]+)\/keys\/[^/]+(?:\/[0-9a-f]{32})?$/i.exec(keyIdentifier) ?? [];
  if (host?.toLowerCase() === name.toLowerCase()) return;
  throw new ArmError(
    'UserError',
    `keyIdentifier is '${keyIdentifier}', which is no key of the vault in keyVaultArmId: write https://${name}/keys/<name>/<version>.`,
    { target: `${target}.keyIdentifier` },
  );
}
