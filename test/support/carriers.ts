/**
 * What carries packets between networks, written by hand: one short line a rule. As `network.ts`.
 *
 * @module
 */

import { fqdn } from '../../src/lib/fqdn.ts';
import { ip, prefix } from '../../src/lib/ip.ts';
import type { FirewallApplicationRule, FirewallNetworkRule, FirewallSide } from '../../src/net/facts.ts';
import { protocolSet } from '../../src/net/gates.ts';
import { type Facts, idOf, portSet, subnetId } from './network.ts';

/** A gateway; `clients` is the pool of point-to-site clients. */
export function gateway(
  name: string,
  vnet: string,
  options: { readonly clients?: string; readonly learns?: true; readonly type?: 'expressroute' } = {},
): Facts {
  return {
    kind: 'gateway',
    id: idOf('Microsoft.Network/virtualNetworkGateways', name),
    subnet: subnetId(`${vnet}/GatewaySubnet`),
    type: options.type ?? 'vpn',
    clients: options.clients === undefined ? [] : [prefix(options.clients)],
    learns: options.learns ?? false,
  };
}

const notation =
  /^(?<access>allow|deny) (?<protocol>tcp|udp|\*|app) (?<ports>[\d*,-]+) from (?<from>\S+) to (?<to>\S+)$/;

/**
 * A firewall with rules of its own: `allow tcp 443 from 10.1.0.0/16 to Storage`, or, by names, `allow app 443 from * to
 * *.example.org`. A side is a list with commas. The name of a rule is its place.
 */
export function firewall(
  name: string,
  home: string,
  address: string,
  options: { readonly proxy?: true },
  ...lines: readonly string[]
): Facts {
  const id = idOf('Microsoft.Network/azureFirewalls', name);
  return [
    { kind: 'firewall', id, policy: undefined, dns: { proxy: options.proxy ?? false, servers: [] } },
    {
      kind: 'nic',
      id,
      configurations: [
        { subnet: subnetId(home), address: ip(address), publicAddress: undefined, groups: [] },
      ],
      gate: undefined,
      dnsServers: [],
      forwarding: false,
      endpoint: undefined,
      runs: 'firewall',
    },
    lines.map((line, at): Facts => {
      const words = notation.exec(line)?.groups;
      if (!words) throw new Error(`not a rule: ${line}`);
      const { access, protocol = '*', ports, from = '*', to = '*' } = words;
      const common = { name: `r${at}`, source: side(from), ports: portSet(ports) };
      const named = protocol === 'app' || /[a-z]\.[a-z]/.test(to);
      const network: FirewallNetworkRule = {
        ...common,
        protocol: protocolSet(protocol),
        destination: named ? side('*') : side(to),
        names: named ? to.split(',').map((each) => fqdn(each.replace('*.', ''))) : [],
      };
      const application: FirewallApplicationRule = { ...common, names: to.split(','), tags: [] };
      return {
        kind: 'firewall-collection',
        id: `${id}/c${at}`,
        owner: id,
        order: [100, 100 + at],
        action: access === 'deny' ? 'deny' : 'allow',
        network: protocol === 'app' ? [] : [network],
        application: protocol === 'app' ? [application] : [],
      };
    }),
  ];
}

function side(text: string): FirewallSide {
  const parts = text.split(',');
  return {
    any: parts.includes('*'),
    prefixes: parts.filter((part) => /^\d/.test(part)).map((part) => prefix(part)),
    tags: parts.filter((part) => /^[A-Z]/.test(part)),
    groups: [],
  };
}
