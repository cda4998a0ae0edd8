/**
 * Rule collections of firewalls and of their policies: how they are written, and what they mean
 * (docs/semantics/firewalls.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import * as shape from '../../arm/shape.ts';
import { parseFqdn } from '../../lib/fqdn.ts';
import { type Intervals, union } from '../../lib/intervals.ts';
import { parsePrefix } from '../../lib/ip.ts';
import { parsePorts, protocolNumbers } from '../../lib/ports.ts';
import type { FirewallApplicationRule, FirewallNetworkRule, FirewallSide } from '../../net/facts.ts';

const texts = shape.list(shape.text);
const protocol = shape.oneOf('TCP', 'UDP', 'ICMP', 'Any');
const applicationProtocol = shape.object({
  protocolType: shape.required(shape.oneOf('Http', 'Https', 'Mssql')),
  port: shape.int(0, 64000),
});

/** A rule on packets: in a policy it lists `ipProtocols`, in a firewall of its own `protocols`. */
const onPackets = {
  name: shape.required(shape.text),
  description: shape.any,
  ipProtocols: shape.list(protocol),
  protocols: shape.list(protocol),
  sourceAddresses: texts,
  sourceIpGroups: texts,
  destinationAddresses: texts,
  destinationIpGroups: texts,
  destinationFqdns: texts,
  destinationPorts: texts,
} as const;

/** A rule on requests by name. */
const onNames = {
  name: shape.required(shape.text),
  description: shape.any,
  protocols: shape.list(applicationProtocol),
  sourceAddresses: texts,
  sourceIpGroups: texts,
  targetFqdns: texts,
  fqdnTags: texts,
  ...shape.opaque('terminateTLS', 'httpHeadersToInsert'),
} as const;

/** Rules as a firewall of its own lists them. */
export const networkRule = shape.object(onPackets);
export const applicationRule = shape.object(onNames);

/** A rule as a policy's collections list it. */
export const policyRule = shape.byWord('ruleType', {
  NetworkRule: shape.object({ ...onPackets, ruleType: shape.required(shape.oneOf('NetworkRule')) }),
  ApplicationRule: shape.object({ ...onNames, ruleType: shape.required(shape.oneOf('ApplicationRule')) }),
});

type NetworkRule = shape.Of<typeof networkRule>;
type ApplicationRule = shape.Of<typeof applicationRule>;

/** Refuses what a network rule says that no packet could be compared with. */
export function checkNetworkRule(rule: NetworkRule, at: string): void {
  checkSide(rule.sourceAddresses, rule.sourceIpGroups, `${at}.sourceAddresses`);
  const names = rule.destinationFqdns ?? [];
  if (names.length === 0) {
    checkSide(rule.destinationAddresses, rule.destinationIpGroups, `${at}.destinationAddresses`);
  }
  for (const name of names) {
    if (parseFqdn(name) === undefined || name.startsWith('*')) {
      throw refuse(`${at}.destinationFqdns`, `'${name}' is not a name: network rules take no wildcards.`);
    }
  }
  for (const text of rule.destinationPorts ?? []) {
    if (!parsePorts(text))
      throw refuse(`${at}.destinationPorts`, `'${text}' is not a port or a range of them.`);
  }
  if ((rule.destinationPorts ?? []).length === 0)
    throw refuse(`${at}.destinationPorts`, 'Name the ports, or *.');
  if ((rule.ipProtocols ?? rule.protocols ?? []).length === 0)
    throw refuse(`${at}.ipProtocols`, 'Name the protocols.');
}

/** Refuses what an application rule says that no request could be compared with. */
export function checkApplicationRule(rule: ApplicationRule, at: string): void {
  checkSide(rule.sourceAddresses, rule.sourceIpGroups, `${at}.sourceAddresses`);
  const { targetFqdns = [], fqdnTags = [], protocols = [] } = rule;
  if (targetFqdns.length === 0 && fqdnTags.length === 0) {
    throw refuse(`${at}.targetFqdns`, 'Name the hosts, or FQDN tags.');
  }
  for (const name of targetFqdns) {
    if (name === '*' || parseFqdn(name.replace(/^\*\.?/, '')) !== undefined) continue;
    throw refuse(`${at}.targetFqdns`, `'${name}' is not a host name; a wildcard stands at its start.`);
  }
  if (fqdnTags.length === 0 && protocols.length === 0) throw refuse(`${at}.protocols`, 'Name the protocols.');
}

function checkSide(addresses: readonly string[] = [], groups: readonly string[] = [], at: string): void {
  if (addresses.length === 0 && groups.length === 0) throw refuse(at, 'Name the addresses, or *.');
}

function refuse(target: string, message: string): ArmError {
  return new ArmError('InvalidRequestContent', `${target}: ${message}`, { target });
}

/** What a network rule means. */
export function networkRuleOf(rule: NetworkRule): FirewallNetworkRule {
  const protocols = rule.ipProtocols ?? rule.protocols ?? [];
  const numbers = protocols.map((word) => {
    const number = {
      TCP: protocolNumbers.tcp,
      UDP: protocolNumbers.udp,
      ICMP: protocolNumbers.icmp,
      Any: undefined,
    }[word];
    return number === undefined ? undefined : ([[number, number]] as Intervals);
  });
  return {
    name: rule.name,
    protocol: numbers.includes(undefined)
      ? undefined
      : union(...numbers.flatMap((set) => (set ? [set] : []))),
    source: sideOf(rule.sourceAddresses, rule.sourceIpGroups),
    destination: sideOf(rule.destinationAddresses, rule.destinationIpGroups),
    names: (rule.destinationFqdns ?? []).flatMap((name) => parseFqdn(name) ?? []),
    ports: union(
      ...(rule.destinationPorts ?? []).map((text): Intervals => [parsePorts(text) ?? [1, 0]]).filter(isRange),
    ),
  };
}

/** What an application rule means. FQDN tags bring their own protocols. */
export function applicationRuleOf(rule: ApplicationRule): FirewallApplicationRule {
  const usual = { Http: 80, Https: 443, Mssql: 1433 };
  const ports = (rule.protocols ?? []).map(({ protocolType, port }) => port ?? usual[protocolType]);
  const all = ports.length === 0 ? [usual.Http, usual.Https] : ports;
  return {
    name: rule.name,
    source: sideOf(rule.sourceAddresses, rule.sourceIpGroups),
    names: (rule.targetFqdns ?? []).map((name) => name.toLowerCase()),
    tags: rule.fqdnTags ?? [],
    ports: union(...all.map((port): Intervals => [[port, port]])),
  };
}

function isRange([range]: Intervals): boolean {
  return range !== undefined && range[0] <= range[1];
}

function sideOf(addresses: readonly string[] = [], groups: readonly string[] = []): FirewallSide {
  const parsed = addresses.map((text) => ({ text, prefix: parsePrefix(text) }));
  return {
    any: addresses.some((text) => text === '*' || text === '0.0.0.0/0'),
    prefixes: parsed.flatMap(({ prefix }) => prefix ?? []),
    tags: parsed.filter(({ text, prefix }) => text !== '*' && !prefix).map(({ text }) => text),
    groups,
  };
}
