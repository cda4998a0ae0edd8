/**
 * What an installation makes once and keeps: its authority, its signing keys, and the secret from which all others
 * are derived.
 *
 * @module
 */

import { createHmac, randomBytes } from 'node:crypto';
import type { Store } from '../arm/store.ts';
import { isObject, type Json } from '../lib/json.ts';
import { SigningKeys } from '../services/sign-in/signing-keys.ts';
import { Authority } from './front/ca.ts';

/** Keys of an installation. */
export interface Keys {
  readonly authority: Authority;
  readonly signing: SigningKeys;
  /** Secret of the service principal that deploys. */
  readonly clientSecret: string;
  /** The same secret for the same purpose, as long as the installation lives. */
  readonly secret: (purpose: string) => string;
}

/** Loads the keys from the store, or makes them and keeps them there. */
export async function loadKeys(store: Store): Promise<Keys> {
  const kept = await store.document('instance', 'keys');
  const material = isMaterial(kept) ? kept : await create(store);
  const derive = (purpose: string): Buffer =>
    createHmac('sha256', Buffer.from(material.master, 'base64')).update(purpose).digest();
  return {
    authority: new Authority({ certificatePem: material.certificatePem, keyPem: material.keyPem }),
    signing: await SigningKeys.import(material.signing),
    clientSecret: derive('service principal').toString('hex'),
    secret: (purpose) => Buffer.concat([derive(`${purpose} a`), derive(`${purpose} b`)]).toString('base64'),
  };
}

interface Material {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly signing: string;
  readonly master: string;
}

function isMaterial(value: Json | undefined): value is Json & Material {
  return (
    isObject(value) &&
    ['certificatePem', 'keyPem', 'signing', 'master'].every((name) => typeof value[name] === 'string')
  );
}

async function create(store: Store): Promise<Material> {
  const [authority, signing] = await Promise.all([Authority.create(), SigningKeys.generate()]);
  const material = { ...authority, signing: signing.export(), master: randomBytes(32).toString('base64') };
  await store.commit({
    change: { writes: [], deletes: [] },
    documents: [{ space: 'instance', key: 'keys', value: material }],
  });
  return material;
}
