/**
 * Translation between a network's addresses and those that it shows to the internet.
 *
 * @module
 */

import type { Ip } from '../../lib/ip.ts';
import { keyOf } from '../../lib/key.ts';
import type { Network, Vnet } from '../../net/model.ts';
import type { Station } from './model.ts';
import { outboundOf } from './outbound.ts';
import type { Rules } from './ruleset.ts';
import { address, type Line, line, word } from './words.ts';

/** Adds the maps: what stations show, and whose a public address is. `outlet`: what those show that Azure picks one for. */
export function addTranslation(
  rules: Rules,
  network: Network,
  vnet: Vnet,
  stations: readonly Station[],
  outlet: Ip,
): void {
  const type = line`ipv4_addr : ipv4_addr`;
  const shown = stations.map(({ position }) => {
    const shown = outboundOf(network, position).shown ?? outboundOf(network, position, 'udp').shown;
    return line`${address(position.address)} : ${address(shown ?? outlet)}`;
  });
  const owned = [...network.publicAttachments].flatMap(([shownAs, { nic, configuration }]): Line[] => {
    const here =
      network.subnets.get(keyOf(configuration.subnet))?.vnet === vnet && nic.endpoint === undefined;
    return here ? [line`${address(shownAs)} : ${address(configuration.address)}`] : [];
  });
  rules.map(word`shown`, type, shown, 'what stations show to the internet');
  rules.map(word`owned`, type, owned, 'whose a public address is');
}
