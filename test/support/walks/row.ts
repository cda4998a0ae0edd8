/**
 * One flow a row, and how to read it.
 *
 * @module
 */

import { formatIp } from '../../../src/lib/ip.ts';
import { nameOf } from '../../../src/lib/key.ts';
import { isProtocol } from '../../../src/lib/ports.ts';
import type { Result } from '../../../src/lib/result.ts';
import type { Caller } from '../../../src/net/callers.ts';
import type { Network } from '../../../src/net/model.ts';
import { Names } from '../../../src/net/places.ts';
import type { Trace } from '../../../src/net/trace.ts';
import { type Flow, walk } from '../../../src/net/walk.ts';
import { publicIp } from '../network.ts';

/**
 * `[rule it rests on, flow, how it ends, blockers...]`
 *
 * The flow is `from -> to[:port][/udp] [as caller]`, with `public/<name>` for a public address resource; how it ends is `disposition: stage resource rule`, where the
 * last step decided and the resource is the last segment of its id; a blocker is `resource property`.
 */
export type Row = readonly [why: string, flow: string, ends: string, ...blockers: string[]];

/** Flows on one network. */
export interface Walks {
  readonly title: string;
  readonly network: Network;
  readonly rows: readonly Row[];
}

/** Reads a flow. */
export function flowOf(names: Names, text: string): Flow {
  const match = /^(\S+) -> (\S+?)(?:\/(udp|icmp))?(?: as (\S+))?$/.exec(text);
  if (!match) throw new Error(`not a flow: ${text}`);
  const [, from = '', to = '', protocol = 'tcp', as] = match;
  const aim = must(names.target(to.replace(/^public\/([\w-]+)/, (_, name) => formatIp(publicIp(name)))));
  return {
    from: must(names.place(from)),
    to: aim.target,
    port: aim.port ?? 443,
    protocol: isProtocol(protocol) ? protocol : 'tcp',
    ...(as === undefined ? {} : { as: callerOf(as) }),
  };
}

function callerOf(text: string): Caller {
  if (text === 'anonymous' || text === 'key') return { kind: text, label: text };
  return { kind: 'principal', label: text, objectId: text };
}

function must<T>(result: Result<T, { readonly message: string }>): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** Prints how a trace ends, the way rows write it. */
export function endOf(trace: Trace): string[] {
  const last = trace.steps.at(-1);
  const decided = last ? `${last.stage} ${nameOf(last.resource)} ${last.rule}` : 'nothing';
  const blockers = trace.blockers.map(({ resource, property }) => `${nameOf(resource)} ${property}`);
  return [`${trace.disposition}: ${decided}`, ...blockers];
}

/** Walks a table: each row with its trace. */
export function* walkAll({ network, rows }: Walks): Generator<{ row: Row; trace: Trace }> {
  const names = new Names(network);
  for (const row of rows) yield { row, trace: walk(network, flowOf(names, row[1])) };
}
