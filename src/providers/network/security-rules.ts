/**
 * Security rules: one row of a network security group (docs/semantics/security-groups.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType, sameId } from '../../arm/id.ts';
import { type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { type Intervals, union } from '../../lib/intervals.ts';
import { formatIp, type Ip, parseIp, parsePrefix } from '../../lib/ip.ts';
import { anyPort, parsePorts } from '../../lib/ports.ts';
import type { AddressSpec, SecurityRule } from '../../net/facts.ts';
import { protocolSet } from '../../net/gates.ts';
import { define } from '../define.ts';

export const securityRuleType = 'Microsoft.Network/networkSecurityGroups/securityRules' as ResourceType;

/** A port, or a range of them. */
export const portsShape: shape.Shape<string> = {
  wants: "a port, a range such as 8000-8080, or '*'",
  check: (value, at) => {
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text === 'string' && parsePorts(text)) return text;
    throw new ArmError(
      'SecurityRuleInvalidPortRange',
      `${at} must be a port, a range such as 8000-8080, or '*', not ${JSON.stringify(value)}.`,
      { target: at },
    );
  },
};

/** An address, a prefix, a service tag or `*`. Azure refuses prefixes with host bits, and the word `any`. */
const addresses: shape.Shape<string> = {
  wants: "an address, a prefix, a service tag or '*'",
  check: (value, at) => {
    const isTag = typeof value === 'string' && /^[A-Za-z][\w.]*$/.test(value) && !/^any$/i.test(value);
    if (typeof value === 'string' && (value === '*' || isTag || parsePrefix(value))) return value;
    const hint = typeof value === 'string' ? addressHint(value) : '';
    throw new ArmError(
      'SecurityRuleInvalidAddressPrefix',
      `${at} must be an address, a prefix without host bits, a service tag or '*', not ${JSON.stringify(value)}.${hint}`,
      { target: at },
    );
  },
};

/** What a prefix with host bits, or the word for everything, should have been. */
function addressHint(text: string): string {
  if (/^any$/i.test(text)) return " Write '*'.";
  const [, base = '', digits = ''] = /^([\d.]+)\/(\d+)$/.exec(text) ?? [];
  const [address, length] = [parseIp(base), Number(digits)];
  if (address === undefined || length > 32) return '';
  return ` Write '${formatIp((address - (address % 2 ** (32 - length))) as Ip)}/${length}'.`;
}

const properties = shape.object({
  description: shape.text,
  protocol: shape.required(shape.oneOf('Tcp', 'Udp', 'Icmp', 'Esp', 'Ah', '*')),
  access: shape.required(shape.oneOf('Allow', 'Deny')),
  direction: shape.required(shape.oneOf('Inbound', 'Outbound')),
  priority: shape.required(shape.int(-(2 ** 31), 2 ** 31)),
  sourcePortRange: portsShape,
  sourcePortRanges: shape.list(portsShape),
  destinationPortRange: portsShape,
  destinationPortRanges: shape.list(portsShape),
  sourceAddressPrefix: addresses,
  sourceAddressPrefixes: shape.list(addresses),
  destinationAddressPrefix: addresses,
  destinationAddressPrefixes: shape.list(addresses),
  sourceApplicationSecurityGroups: shape.list(shape.reference),
  destinationApplicationSecurityGroups: shape.list(shape.reference),
  ...shape.served('provisioningState'),
});

type Properties = shape.Of<typeof properties>;

export const securityRules = define(securityRuleType, {
  level: 'modelled',
  located: false,
  properties,
  put: (put, read) => {
    check(put, read);
    return { writes: [store(put)] };
  },
  facts: (rule) => [
    {
      kind: 'gate-rule',
      id: rule.id,
      gate: partsOf(rule.id).parent ?? '',
      rule: ruleOf(rule.name, propertiesOf(properties, rule)),
    },
  ],
});

function check(put: Put<Properties>, read: Read): void {
  const { priority, direction } = put.properties;
  if (priority < 100 || priority > 4096) {
    throw new ArmError(
      'SecurityRuleParameterPriorityOutOfRange',
      `Security rule ${put.id.name} has priority ${priority}; it must be from 100 to 4096.`,
      {
        target: 'properties.priority',
      },
    );
  }
  const clash = read.children(put.id.parent ?? '', securityRuleType).find((other) => {
    const stored = propertiesOf(properties, other);
    return !sameId(other.name, put.id.name) && stored.priority === priority && stored.direction === direction;
  });
  if (clash) {
    throw new ArmError(
      'SecurityRuleConflict',
      `Security rule ${put.id.name} conflicts with rule ${clash.name}: rules of one direction cannot have the same priority ${priority}.`,
      {
        target: 'properties.priority',
      },
    );
  }
  for (const side of ['source', 'destination'] as const) {
    const spec = sideOf(put.properties, side);
    const kinds = [spec.any, spec.prefixes.length > 0, spec.tags.length > 0, spec.groups.length > 0].filter(
      Boolean,
    ).length;
    const at = `properties.${side}AddressPrefix`;
    if (kinds === 0) throw new ArmError('InvalidRequestContent', `${at} is required.`, { target: at });
    if (spec.tags.length > 1) {
      throw new ArmError(
        'SecurityRuleParameterContainsUnsupportedValue',
        `${at}es: a rule names one service tag, not ${spec.tags.join(', ')}. Write a rule for each.`,
        { target: at },
      );
    }
    if (spec.groups.length > 0 && kinds > 1) {
      throw new ArmError(
        'SecurityRuleInvalidAddressPrefix',
        `${at} cannot be given beside application security groups.`,
        { target: at },
      );
    }
    for (const group of spec.groups) {
      if (read.get(group)) continue;
      throw new ArmError(
        'InvalidResourceReference',
        `Application security group ${group} was not found. Create it first.`,
        { target: at },
      );
    }
  }
}

function ruleOf(name: string, stored: Properties): SecurityRule {
  return {
    name,
    priority: stored.priority,
    direction: stored.direction,
    access: stored.access,
    protocol: protocolSet(stored.protocol),
    source: sideOf(stored, 'source'),
    destination: sideOf(stored, 'destination'),
    ports: portsOf(stored.destinationPortRange, stored.destinationPortRanges),
    sourcePorts: portsOf(stored.sourcePortRange, stored.sourcePortRanges),
  };
}

/** A single range and a list add up; neither is every port. */
export function portsOf(single: string | undefined, many: readonly string[] = []): Intervals {
  const texts = [...(single === undefined ? [] : [single]), ...many];
  if (texts.length === 0) return anyPort;
  return union(...texts.map((text) => parsePorts(text)).map((range): Intervals => (range ? [range] : [])));
}

function sideOf(stored: Properties, side: 'source' | 'destination'): AddressSpec {
  const single = stored[`${side}AddressPrefix`];
  const texts = [...(single === undefined ? [] : [single]), ...(stored[`${side}AddressPrefixes`] ?? [])];
  const parsed = texts.map((text) => ({ text, prefix: parsePrefix(text) }));
  return {
    any: texts.some((text) => text === '*' || text === '0.0.0.0/0'),
    prefixes: parsed.flatMap(({ prefix, text }) => (prefix && text !== '0.0.0.0/0' ? [prefix] : [])),
    tags: parsed.filter(({ prefix, text }) => !prefix && text !== '*').map(({ text }) => text),
    groups: (stored[`${side}ApplicationSecurityGroups`] ?? []).map((group) => group.id),
  };
}
