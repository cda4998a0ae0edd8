/** What `verify` says about a place holds for every address that the place may have. */

import { describe, expect, it } from 'vitest';
import { formatIp } from '../../src/lib/ip.ts';
import type { Network } from '../../src/net/model.ts';
import { Names } from '../../src/net/places.ts';
import type { Flow } from '../../src/net/walk.ts';
import { walk } from '../../src/net/walk.ts';
import { Model } from '../../src/verify/model.ts';
import { verify } from '../../src/verify/verify.ts';
import { network, nsg, subnet, vault, vm, vnet } from '../support/network.ts';

function flowOf(net: Network, from: string, to: string): Flow {
  const names = new Names(net);
  const [place, aim] = [names.place(from), names.target(to)];
  if (!place.ok || !aim.ok) throw new Error(`${from} -> ${to} names nothing`);
  return { from: place.value, to: aim.value.target, port: aim.value.port ?? 443, protocol: 'tcp' };
}

/** How a sentence came out: whether it holds, and for which source where that is not the one that `why` picks. */
function outcome(net: Network, mode: 'must' | 'must-not', flow: Flow): unknown {
  const own = { kind: 'reach', mode, flow, origin: { file: 'cloister.yaml' } } as const;
  const { intents } = verify(new Model({ network: net, today: '2026-01-01' }), [own]);
  const found = intents.find(({ origin }) => origin !== 'estate');
  const source = found?.asked?.flow.source;
  return [found?.holds, source === undefined ? undefined : formatIp(source)];
}

describe('a sentence about a place', () => {
  const rooms = network(
    nsg('room', '100 Deny In tcp 22 from 10.0.1.128/25 to *', '110 Deny In tcp 23 from * to *'),
    vnet('net', '10.0.0.0/16', subnet('a', '10.0.1.0/24'), subnet('b', '10.0.2.0/24', { nsg: 'room' })),
    vm('server', 'net/b', '10.0.2.4'),
  );

  it.each([
    ['must', 'vm/server:80', [true, undefined]],
    ['must', 'vm/server:22', [false, '10.0.1.128']],
    ['must-not', 'vm/server:22', [false, undefined]],
    ['must-not', 'vm/server:23', [true, undefined]],
    ['must', 'vm/server:23', [false, undefined]],
  ] as const)('vnet/net/a %s reach %s', (mode, to, expected) => {
    const flow = flowOf(rooms, 'vnet/net/a', to);
    expect(outcome(rooms, mode, flow)).toEqual(expected);
  });

  it('is about everybody on the internet where somebody must not get in, and about a client where one must', () => {
    const net = network(vault('kv', { deny: true, allow: ['198.51.100.0/24'] }));
    const flow = flowOf(net, 'internet', 'vault/kv');
    expect(walk(net, flow).disposition).toBe('refused-by-door');
    expect(outcome(net, 'must-not', flow)).toEqual([false, '198.51.100.0']);
    expect(outcome(net, 'must', flow)).toEqual([false, undefined]);
    const shut = network(vault('kv', { closed: true, allow: ['198.51.100.0/24'] }));
    expect(outcome(shut, 'must-not', flowOf(shut, 'internet', 'vault/kv'))).toEqual([true, undefined]);
  });
});
