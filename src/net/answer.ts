/**
 * What the resolver of a place answers on the wire: the same resolution as a walk's, without the hosts file, which
 * resolvers do not read (docs/semantics/names.md).
 *
 * @module
 */

import type { Found, Question, RecordSet } from '../lib/dns.ts';
import type { Ip } from '../lib/ip.ts';
import { azureDns } from './azure.ts';
import type { Network, Vnet } from './model.ts';
import { type Place, positionOf } from './position.ts';
import { resolve } from './resolve.ts';
import { askAddress, askAzure } from './servers.ts';
import { Recorder } from './trace.ts';

/** How a question ends. `says` is a sentence for people. */
export type Reply =
  | { readonly kind: 'found'; readonly sets: readonly RecordSet[] }
  | { readonly kind: 'no-such-name'; readonly sets: readonly RecordSet[]; readonly says: string }
  /** No answer comes: the client waits in vain. */
  | { readonly kind: 'silent'; readonly says: string }
  /** Only the internet, or a server that nobody described, knows. */
  | { readonly kind: 'unknown'; readonly says: string };

/** Answers a question as the resolver that the place uses. An empty set under `found`: the name has other types. */
export function answer(network: Network, place: Place, question: Question): Reply {
  const rec = new Recorder();
  const here = positionOf(network, place);
  const asker = place.kind === 'site' ? { ...place, site: { ...place.site, hosts: [] } } : place;
  if (!here && place.kind !== 'site' && place.kind !== 'client' && place.kind !== 'internet') {
    return { kind: 'silent', says: `${place.label} has no address to ask from` };
  }
  return replyOf(rec, resolve(network, asker, here, question, rec));
}

/**
 * Answers a question that has reached a server: Azure's own as a network sees it, or one that has an address. Outside
 * every network there is none of Azure's.
 */
export function answerAt(network: Network, vnet: Vnet | undefined, server: Ip, question: Question): Reply {
  const rec = new Recorder();
  if (server === azureDns && !vnet) return { kind: 'silent', says: 'Azure answers inside its networks only' };
  const found =
    server === azureDns && vnet
      ? askAzure(network, vnet, question, rec, [])
      : askAddress(network, server, question, rec, []);
  return replyOf(rec, found);
}

function replyOf(rec: Recorder, { sets, exists }: Found): Reply {
  const says = rec.steps.at(-1)?.says ?? '';
  switch (rec.disposition) {
    case undefined:
      return { kind: 'found', sets };
    case 'name-not-found':
      return exists ? { kind: 'found', sets } : { kind: 'no-such-name', sets, says };
    case 'unknown':
      return { kind: 'unknown', says };
    default:
      return { kind: 'silent', says };
  }
}
