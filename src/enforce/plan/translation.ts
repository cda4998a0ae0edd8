/**
 * Translation between a network's addresses and those that it shows to the internet.
 *
 * @module
 */

import { keyOf } from '../../lib/key.ts';
import type { Network, Vnet } from '../../net/model.ts';
import type { Station } from './model.ts';
import { outboundOf } from './outbound.ts';
import type { Rules } from './ruleset.ts';
import { address, type Line, line, word } from './words.ts';

/** Adds the maps: what stations show, and whose a public address is. */
export function addTranslation(
  rules: Rules,
  network: Network,
  vnet: Vnet,
  stations: readonly Station[],
): void {
  const type = line`ipv4_addr : ipv4_addr`;
  const shown = stations.flatMap(({ position }): Line[] => {
    const own = outboundOf(network, position).shown;
    return own === undefined ? [] : [line`${address(position.address)} : ${address(own)}`];
  });
  const owned = [...network.publicAttachments].flatMap(([shownAs, { nic, configuration }]): Line[] => {
    const here =
      network.subnets.get(keyOf(configuration.subnet))?.vnet === vnet && nic.endpoint === undefined;
    return here ? [line`${address(shownAs)} : ${address(configuration.address)}`] : [];
  });
  rules.map(word`shown`, type, shown, 'what stations show to the internet');
  rules.map(word`owned`, type, owned, 'whose a public address is');
}
