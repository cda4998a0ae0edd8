/**
 * Who is on the internet: the client that the place `internet` is, what Azure runs in its own network, and what is
 * outside Azure.
 *
 * @module
 */

import { type Ip, ip } from '../../lib/ip.ts';
import { keyOf } from '../../lib/key.ts';
import type { Network } from '../../net/model.ts';
import { keyOfPlace, subnetOf } from '../../net/position.ts';
import { internetClient } from '../../net/tags.ts';
import { outsidersOf } from './beyond.ts';
import type { Guest } from './model.ts';
import { type Ids, word } from './words.ts';

/** What Azure runs in its own network shows internet addresses of this block and after (RFC 5737). */
const hosts: Ip = ip('198.51.100.0');
const blockSize = 256;

/** Places them. */
export function guestsOf(network: Network, ids: Ids): readonly Guest[] {
  const taken = new Set<Ip>();
  const hosted = [...network.workloads.values()].flatMap((workload): Guest[] => {
    if (subnetOf(network, workload) !== undefined) return [];
    const key = keyOf(workload.id);
    const address = pick(ids.number(`address ${key}`), taken);
    taken.add(address);
    return [
      {
        key,
        about: workload.id,
        namespace: ids.of('m', key),
        link: ids.of('n', key),
        inner: word`eth0`,
        address,
        hosted: true,
      },
    ];
  });
  const client: Guest = {
    key: 'internet',
    about: 'internet',
    namespace: ids.of('m', 'internet'),
    link: word`client`,
    inner: word`eth0`,
    address: internetClient,
    hosted: false,
  };
  const outsiders = outsidersOf(network).map((place): Guest => {
    const key = keyOfPlace(place);
    const address = pick(ids.number(`address ${key}`), taken);
    taken.add(address);
    const about = place.kind === 'site' ? place.label : place.gateway;
    const link = ids.of('n', `${key} internet`);
    return { key, about, namespace: ids.of('m', key), link, inner: word`eth1`, address, hosted: false };
  });
  return [client, ...hosted, ...outsiders];
}

/** The address that a number gives, or the next that nobody has. */
function pick(number: number, taken: ReadonlySet<Ip>): Ip {
  let address = hosts + 1 + (number % (blockSize - 1));
  while (taken.has(address as Ip)) address++;
  return address as Ip;
}
