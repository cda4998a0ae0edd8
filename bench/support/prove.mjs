/**
 * One run of a large proof in a process of its own: `groups` or `pairs`. Prints its figures as JSON.
 */

import { fqdn } from '../../dist/lib/fqdn.js';
import { prefix } from '../../dist/lib/ip.js';
import { link } from '../../dist/net/link.js';
import { Names } from '../../dist/net/places.js';
import { Prover } from '../../dist/verify/reach/prover.js';
import { Tables } from '../../dist/verify/reach/tables.js';
import { Algebra } from '../../dist/verify/sets/algebra.js';
import { Outcomes } from '../../dist/verify/sets/outcomes.js';
import { dice, random } from './rules.mjs';

const [what, quick] = process.argv.slice(2);
const small = quick === 'quick';
const figures = what === 'groups' ? groups() : pairs();
process.stdout.write(JSON.stringify({ ...figures, peakMB: process.resourceUsage().maxRSS / 1024 }));

/** Security groups, compiled and compared with their neighbours. */
function groups() {
  const tables = Array.from({ length: small ? 10 : 1000 }, (_, at) => random(100, at + 1));
  const start = performance.now();
  const algebra = new Algebra(new Outcomes());
  const compiled = new Tables(algebra);
  const allow = algebra.outcomes.outcome({ kind: 'row', label: 'allow' });
  const sets = tables.map((table) => algebra.preimage(compiled.of(table, {}), allow));
  const built = performance.now();
  let contained = 0;
  for (let at = 1; at < sets.length; at++) contained += algebra.contains(sets[at], sets[at - 1]) ? 1 : 0;
  const end = performance.now();
  const { nodes, edges } = algebra.store;
  return {
    groups: tables.length,
    rules: tables.reduce((sum, table) => sum + table.length, 0),
    contained,
    nodes,
    edges,
    compileMs: built - start,
    containMs: end - built,
    wholeMs: end - start,
  };
}

/** Every subnet to every service, and again after a change. */
function pairs() {
  const size = small
    ? { spokes: 2, subnets: 5, services: 4, groups: 5, rules: 10 }
    : { spokes: 20, subnets: 50, services: 200, groups: 100, rules: 100 };
  const facts = estate(size);
  const linked = link(facts);
  const { network } = linked;
  const places = new Names(network)
    .places()
    .filter(({ kind, label }) => kind === 'subnet' && label.includes('work'));
  const aims = [...network.servedNames.keys()]
    .filter((name) => name.endsWith('.blob.core.windows.net'))
    .map((name) => ({ kind: 'name', label: name, name }));
  const prover = new Prover();
  const start = performance.now();
  const first = prover.matrix(network, places, aims);
  const delivered = first.count('delivered');
  const allMs = performance.now() - start;

  const changed = facts.map((fact) =>
    fact.kind === 'gate-rule' && fact.id.endsWith('/nsg0/securityRules/rule7')
      ? { ...fact, rule: { ...fact.rule, access: fact.rule.access === 'Allow' ? 'Deny' : 'Allow' } }
      : fact,
  );
  const relink = performance.now();
  const next = link(changed, linked).network;
  const linkMs = performance.now() - relink;
  const again = performance.now();
  const second = prover.matrix(next, places, aims, {}, first);
  const deliveredAgain = second.count('delivered');
  const againMs = performance.now() - again;
  return {
    subnets: places.length,
    services: aims.length,
    rules: size.groups * size.rules,
    answers: places.length * aims.length,
    delivered,
    deliveredAgain,
    worked: first.worked,
    workedAgain: second.worked,
    allMs,
    linkMs,
    againMs,
  };
}

function id(type, name) {
  return `/subscriptions/s/resourceGroups/bench/providers/${type}/${name}`;
}

/** A hub with private endpoints, spokes with subnets that share security groups, one zone. */
function estate({ spokes, subnets, services, groups: count, rules }) {
  const facts = [];
  const vnets = 'Microsoft.Network/virtualNetworks';
  const hub = id(vnets, 'hub');
  const zone = id('Microsoft.Network/privateDnsZones', 'privatelink.blob.core.windows.net');
  const vnet = (vnetId, space) =>
    facts.push({ kind: 'vnet', id: vnetId, location: 'eastus', prefixes: [prefix(space)], dnsServers: [] });
  const subnet = (home, name, space, gate) =>
    facts.push({
      kind: 'subnet',
      id: `${home}/subnets/${name}`,
      vnet: home,
      prefixes: [prefix(space)],
      gate,
      routes: undefined,
      natGateway: undefined,
      endpointPolicies: { gates: false, routes: false },
      serviceEndpoints: [],
      defaultOutbound: true,
    });
  const linkOf = (home) =>
    facts.push({
      kind: 'link',
      id: `${zone}/virtualNetworkLinks/${home}`,
      zone,
      vnet: home,
      fallback: false,
    });
  facts.push({ kind: 'zone', id: zone, name: fqdn('privatelink.blob.core.windows.net') });
  vnet(hub, '10.0.0.0/16');
  subnet(hub, 'endpoints', '10.0.0.0/22', undefined);
  linkOf(hub);
  for (let at = 0; at < count; at++) facts.push(...group(at, rules));
  for (let spoke = 0; spoke < spokes; spoke++) {
    const home = id(vnets, `spoke${spoke}`);
    vnet(home, `10.${spoke + 1}.0.0/16`);
    linkOf(home);
    for (const [from, to] of [
      [hub, home],
      [home, hub],
    ]) {
      const peering = `${from}/virtualNetworkPeerings/${to.slice(to.lastIndexOf('/') + 1)}`;
      facts.push({
        kind: 'peering',
        id: peering,
        vnet: from,
        remote: to,
        access: true,
        forwarded: false,
        state: 'Connected',
      });
    }
    for (let at = 0; at < subnets; at++) {
      subnet(home, `work${at}`, `10.${spoke + 1}.${at}.0/24`, gateId((spoke * 5 + (at % 5)) % count));
    }
  }
  for (let at = 0; at < services; at++) facts.push(...service(at, hub, zone));
  return facts;
}

function gateId(at) {
  return id('Microsoft.Network/networkSecurityGroups', `nsg${at}`);
}

function group(at, rules) {
  const gate = gateId(at);
  const any = { any: true, prefixes: [], tags: [], groups: [] };
  const next = dice(at + 1);
  const side = () => ({
    ...any,
    any: false,
    prefixes: [prefix(`10.${Math.floor(next() * 22)}.${Math.floor(next() * 64) * 4}.0/22`)],
  });
  return [
    { kind: 'gate', id: gate },
    ...Array.from({ length: rules }, (_, rule) => {
      const port = next() < 0.3 ? 443 : Math.floor(next() * 60_000);
      return {
        kind: 'gate-rule',
        id: `${gate}/securityRules/rule${rule}`,
        gate,
        rule: {
          name: `rule${rule}`,
          priority: 100 + rule,
          direction: rule % 3 === 0 ? 'Inbound' : 'Outbound',
          access: next() < 0.6 ? 'Allow' : 'Deny',
          protocol: [[6, 6]],
          source: next() < 0.5 ? any : side(),
          destination: side(),
          ports: [[port, port + (next() < 0.5 ? 0 : 500)]],
          sourcePorts: [[0, 65535]],
        },
      };
    }),
  ];
}

function service(at, hub, zone) {
  const name = `st${at}`;
  const account = id('Microsoft.Storage/storageAccounts', name);
  const endpoint = id('Microsoft.Network/privateEndpoints', name);
  const connection = `${account}/privateEndpointConnections/${name}`;
  const address = prefix(`10.0.${at >> 7}.${(at & 127) + 4}`).base;
  const home = `${hub}/subnets/endpoints`;
  return [
    {
      kind: 'service',
      id: account,
      service: 'storage',
      location: 'eastus',
      surfaces: [
        {
          group: 'blob',
          name: fqdn(`${name}.blob.core.windows.net`),
          alias: fqdn(`${name}.privatelink.blob.core.windows.net`),
          ports: [443],
        },
      ],
      tag: 'Storage',
      behind: undefined,
      door: {
        publicAccess: false,
        flag: 'publicNetworkAccess',
        defaultAllow: true,
        defaultFlag: 'networkAcls.defaultAction',
        addresses: [],
        addressesFlag: 'networkAcls.ipRules',
        subnets: [],
      },
      access: { by: 'token' },
      aliasNeedsApproval: false,
    },
    {
      kind: 'endpoint',
      id: endpoint,
      subnet: home,
      target: account,
      group: 'blob',
      connection,
      members: [{ address, fqdns: [] }],
    },
    {
      kind: 'nic',
      id: id('Microsoft.Network/networkInterfaces', `${name}.nic`),
      configurations: [{ subnet: home, address, publicAddress: undefined, groups: [] }],
      gate: undefined,
      dnsServers: [],
      forwarding: false,
      endpoint,
    },
    { kind: 'connection', id: connection, target: account, endpoint, status: 'Approved' },
    {
      kind: 'record',
      id: `${zone}/A/${name}`,
      zone,
      name,
      ttl: 300,
      data: { type: 'A', addresses: [address] },
    },
  ];
}
