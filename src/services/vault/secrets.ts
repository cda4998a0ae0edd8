/**
 * Secrets: what is set, read and changed. Their life is the one that every kind has.
 *
 * @module
 */

import { asText, type JsonObject } from '../../lib/json.ts';
import { attributesFrom, tagsFrom } from './attributes.ts';
import { addressOf, bodyOf, givenText, type Runner } from './call.ts';
import { invalidProperty, VaultError } from './error.ts';
import { bundleOf, lifeOf, type Shelf } from './life.ts';

/** In octets. */
const longestValue = 25 * 1024;
const longestContentType = 255;

const shelf: Shelf = {
  kind: 'secrets',
  one: 'Secret',
  line: (id, { content }) => ({ id, contentType: content.contentType }),
  bundle: (id, { content }) => ({ id, contentType: content.contentType }),
  attributes: {},
};

/** Operation -> what does it. */
export const secretRunners: Readonly<Record<string, Runner>> = {
  ...lifeOf(shelf),
  'Set Secret': async (call) => {
    const body = await bodyOf(call);
    const content = { value: valueFrom(body), contentType: contentTypeFrom(body) };
    const attributes = attributesFrom(body, undefined, call.vaults.seconds());
    const draft = { attributes, tags: tagsFrom(body, undefined), content };
    const found = await call.vaults.add(addressOf(call, 'secrets'), draft);
    return { value: content.value, ...bundleOf(shelf, call, found) };
  },
  'Get Secret': async (call) => {
    const found = await call.vaults.get(addressOf(call, 'secrets'), call.operation.version);
    const { attributes, content } = found.version;
    // Only this is enforced: for a secret, nbf and exp are informational (about-secrets.md, "Date-time controlled
    // operations": get works for not-yet-valid and expired secrets).
    if (!attributes.enabled) {
      throw new VaultError('SecretDisabled', ['Operation get is not allowed on a disabled secret.']);
    }
    return { value: asText(content.value) ?? '', ...bundleOf(shelf, call, found) };
  },
  'Update Secret': async (call) => {
    const body = await bodyOf(call);
    const at = addressOf(call, 'secrets');
    const found = await call.vaults.update(at, call.operation.version, ({ attributes, tags, content }) => ({
      attributes: attributesFrom(body, attributes, call.vaults.seconds()),
      tags: tagsFrom(body, tags),
      content: { ...content, contentType: contentTypeFrom(body) ?? content.contentType },
    }));
    return bundleOf(shelf, call, found);
  },
};

function valueFrom(body: JsonObject): string {
  const value = givenText(body, 'value');
  if (value === undefined) throw invalidProperty('value');
  if (Buffer.byteLength(value) > longestValue) {
    // Assumed: the documentation states the limit, not the words.
    throw new VaultError('BadParameter', [
      `The size of the secret value exceeds the maximum of ${longestValue} bytes.`,
    ]);
  }
  return value;
}

function contentTypeFrom(body: JsonObject): string | undefined {
  const contentType = givenText(body, 'contentType');
  if ((contentType?.length ?? 0) > longestContentType) throw invalidProperty('contentType');
  return contentType;
}
