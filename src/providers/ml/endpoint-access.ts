/**
 * What opens an online endpoint: its keys, or tokens that end (docs/semantics/online-endpoints.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { keyOf } from '../../arm/id.ts';
import type { Action } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { asText, isObject, type JsonObject, omit } from '../../lib/json.ts';

/** Keys that were given when an endpoint was made, or afterwards. */
export const endpointKeysShape = shape.object({ primaryKey: shape.text, secondaryKey: shape.text });

type Keys = shape.Of<typeof endpointKeysShape>;
type Secret = (purpose: string) => string;

/** The member that counts how often each key was made anew. */
export const rotations = 'x-cloister-key-generations';

/** How long a token is good, and when a client does well to ask for another one; in seconds. */
const tokenLife = 12 * 3600;
const tokenFresh = 3600;

export const endpointActions: Readonly<Record<string, Action>> = {
  listKeys: {
    right: 'listKeys/action',
    run: ({ resource, settings }) => {
      demandMode(resource, 'Key');
      return { body: endpointKeys(resource, settings.secret) };
    },
  },
  regenerateKeys: {
    right: 'regenerateKeys/action',
    run: ({ resource, body, settings }) => {
      demandMode(resource, 'Key');
      const which = asText(body['keyType'])?.toLowerCase();
      if (which !== 'primary' && which !== 'secondary') {
        throw new ArmError('InvalidRequestContent', "keyType must be 'Primary' or 'Secondary'.", {
          target: 'keyType',
        });
      }
      const before = generationsOf(resource);
      const after = { ...before, [which]: before[which] + 1 };
      const member = which === 'primary' ? 'primaryKey' : 'secondaryKey';
      // azure-ai-ml sends the key that there is along, and means a new one.
      const asked = asText(body['keyValue']);
      const given = asked === endpointKeys(resource, settings.secret)[member] ? undefined : asked;
      const others = omit(givenKeys(resource), member);
      const keys = { ...others, ...(given === undefined ? {} : { [member]: given }) };
      return {
        body: undefined,
        writes: [{ ...resource, properties: { ...resource.properties, keys, [rotations]: after } }],
      };
    },
  },
  token: {
    right: 'token/action',
    run: ({ resource, settings, now }) => {
      demandMode(resource, 'AMLToken');
      const seconds = Math.floor(Date.parse(now) / 1000);
      const expiry = seconds + tokenLife;
      return {
        body: {
          accessToken: endpointToken(resource, expiry, settings.secret),
          expiryTimeUtc: expiry,
          refreshAfterTimeUtc: seconds + tokenFresh,
          tokenType: 'Bearer',
        },
      };
    },
  },
};

/** What opens an endpoint of one mode opens none of another, so it is not handed out there. */
function demandMode(endpoint: Resource, mode: 'Key' | 'AMLToken'): void {
  const { authMode } = endpoint.properties;
  if (authMode === mode) return;
  const instead = {
    Key: 'ask for its keys (listKeys)',
    AMLToken: 'ask for a token of it (token)',
    AADToken: 'sign in for https://ml.azure.com',
  }[String(authMode)];
  throw new ArmError('UserError', `Endpoint ${endpoint.name} has authMode ${authMode}: ${instead}.`);
}

/** The keys of an endpoint: those that were given when it was made, or derived ones. */
export function endpointKeys(endpoint: Resource, secret: Secret): Required<Keys> {
  const given = givenKeys(endpoint);
  const { primary, secondary } = generationsOf(endpoint);
  const derived = (which: string): string => secret(`endpoint ${keyOf(endpoint.id)} ${which}`);
  return {
    primaryKey: given.primaryKey ?? derived(`primary ${primary}`),
    secondaryKey: given.secondaryKey ?? derived(`secondary ${secondary}`),
  };
}

/** A token for an endpoint until a time, in seconds since 1970: the time, and a secret that is that time's alone. */
export function endpointToken(endpoint: Resource, expiry: number, secret: Secret): string {
  return `${expiry}.${secret(`endpoint ${keyOf(endpoint.id)} token until ${expiry}`)}`;
}

/** When a text that may be a token would end, in seconds since 1970; undefined where it cannot be one. */
export function tokenExpiry(text: string): number | undefined {
  const expiry = /^(\d{1,12})\./.exec(text)?.[1];
  return expiry === undefined ? undefined : Number(expiry);
}

function givenKeys(endpoint: Resource): Keys {
  const { keys } = endpoint.properties;
  return isObject(keys) ? (keys as Keys) : {};
}

function generationsOf(endpoint: Resource): { readonly primary: number; readonly secondary: number } {
  const stored = endpoint.properties[rotations];
  const counted: JsonObject = isObject(stored) ? stored : {};
  return { primary: Number(counted['primary'] ?? 0), secondary: Number(counted['secondary'] ?? 0) };
}
