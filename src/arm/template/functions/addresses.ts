/**
 * Functions on address ranges.
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-cidr
 *
 * @module
 */

import { formatIp, formatPrefix, type Ip, ipAt, type Prefix, parseIp, sizeOf } from '../../../lib/ip.ts';
import type { Json } from '../../../lib/json.ts';
import type { Arguments, TemplateFunction } from './contract.ts';

/** Functions on address ranges, by name. */
export const addressFunctions = {
  cidrHost: { takes: [2, 2], call: cidrHost },
  cidrSubnet: { takes: [3, 3], call: cidrSubnet },
  parseCidr: { takes: [1, 1], call: parseCidr },
} satisfies Record<string, TemplateFunction>;

function cidrSubnet(args: Arguments): Json {
  const range = network(args);
  const length = args.integer(1);
  if (length < range.length || length > 32) throw args.wrong(1, `a prefix length from ${range.length} to 32`);
  const count = 2 ** (length - range.length);
  const index = args.integer(2);
  if (index < 0 || index >= count) throw args.wrong(2, `an index from 0 to ${count - 1}`);
  return formatPrefix({ base: ipAt(range.base, index * 2 ** (32 - length)), length });
}

/** The first host is number 0: the address after the network's own. */
function cidrHost(args: Arguments): Json {
  const range = network(args);
  const index = args.integer(1);
  if (index < 0 || index + 1 >= sizeOf(range)) throw args.wrong(1, `an index from 0 to ${sizeOf(range) - 2}`);
  return formatIp(ipAt(range.base, index + 1));
}

function parseCidr(args: Arguments): Json {
  const range = network(args);
  const size = sizeOf(range);
  const last = ipAt(range.base, size - 1);
  // A /31 or /32 has no addresses to spare for the network and for broadcasts.
  const spare = size > 2 ? 1 : 0;
  return {
    network: formatIp(range.base),
    netmask: formatIp((2 ** 32 - size) as Ip),
    broadcast: formatIp(last),
    firstUsable: formatIp(ipAt(range.base, spare)),
    lastUsable: formatIp(ipAt(last, -spare)),
    cidr: range.length,
  };
}

/** Reads a range; host bits are dropped, as .NET does. */
function network(args: Arguments): Prefix {
  const text = args.text(0);
  if (text.includes(':')) throw args.problem(`does not support the IPv6 range '${text}' yet`, 0);
  const [address = '', digits = ''] = text.split('/', 2);
  const parsed = parseIp(address);
  const length = Number(digits);
  if (parsed === undefined || !/^\d{1,2}$/.test(digits) || length > 32 || text.split('/').length > 2) {
    throw args.wrong(0, "an IPv4 range such as '10.0.0.0/16'");
  }
  return { base: (parsed - (parsed % 2 ** (32 - length))) as Ip, length };
}
