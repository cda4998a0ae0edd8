/**
 * The hosts and ports that a client may write.
 *
 * @module
 */

import { parseFqdn } from '../../lib/fqdn.ts';

/** A host and a port as a client wrote them, or why they cannot be used. */
export type Target =
  | { readonly kind: 'target'; readonly host: string; readonly port: number }
  | { readonly kind: 'ipv6' }
  | { readonly kind: 'malformed' };

/** Reads `host:port` (RFC 9110 section 7.2); `port` is taken where none is written, and needed where none is given. */
export function parseTarget(authority: string, port?: number): Target {
  if (authority.startsWith('[')) return { kind: 'ipv6' };
  const [, name, digits] = /^([^:@]+)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  if (name === undefined) return { kind: 'malformed' };
  return targetOf(name, digits === undefined ? port : Number(digits));
}

/** Checks a name or IPv4 address and a port. */
export function targetOf(name: string, port: number | undefined): Target {
  const host = parseFqdn(name);
  const sound = host !== undefined && !host.startsWith('*') && port !== undefined && port > 0 && port < 65536;
  return sound ? { kind: 'target', host, port } : { kind: 'malformed' };
}
