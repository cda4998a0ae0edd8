/** Application rules in the kernel fabric: the name on a connection decides, whatever its address. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { formatIp } from '../../src/lib/ip.ts';
import { nameOf } from '../../src/lib/key.ts';
import { Names } from '../../src/net/places.ts';
import { FlowLog } from '../../src/server/flow-log.ts';
import { Flows } from '../../src/server/flows.ts';
import { Listeners } from '../../src/server/kernel/listeners.ts';
import { firewall } from '../support/carriers.ts';
import { noPackets } from '../support/kernel.ts';
import { network, peering, storage, subnet, udr, vm, vnet } from '../support/network.ts';

/** Sends the hello of TLS with a name, `-` for none, or plain text; prints what comes back, or that nothing does. */
const client = `
import socket, ssl, sys
address, name = sys.argv[1:]
into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
context = ssl.create_default_context(); context.check_hostname = False
try:
    context.wrap_bio(into, out, server_hostname=None if name in "-?" else name).do_handshake()
except ssl.SSLWantReadError:
    pass
try:
    own = socket.create_connection((address, 443))
    own.sendall(b"what?" if name == "?" else out.read())
    print(own.recv(256).decode())
except ConnectionResetError:
    print("reset")
`;

const estate = network(
  storage('acct'),
  storage('other'),
  udr('through', '0.0.0.0/0 -> 10.0.0.4'),
  vnet('hub', '10.0.0.0/16', subnet('AzureFirewallSubnet', '10.0.0.0/26')),
  firewall(
    'wall',
    'hub/AzureFirewallSubnet',
    '10.0.0.4',
    {},
    'deny app 443 from * to deep.acct.blob.core.windows.net',
    'allow app 443 from 10.1.0.0/16 to acct.blob.core.windows.net',
  ),
  vnet('spoke', '10.1.0.0/16', subnet('x', '10.1.1.0/24', { udr: 'through' })),
  vm('one', 'spoke/x', '10.1.1.4'),
  peering('spoke', 'hub', { forwarded: true }),
  peering('hub', 'spoke'),
);

const acct = 'acct.blob.core.windows.net';
const other = 'other.blob.core.windows.net';

describe.skipIf(noPackets !== undefined)('a firewall that is told names', () => {
  const fabric = new LinuxFabric();
  const logged: unknown[] = [];
  const ground = { network: estate, names: new Names(estate) };
  let flows: Flows;
  const listeners = new Listeners(fabric, {
    ground,
    deliver: (socket, head, { place, arrival }) => {
      socket.end(`${place} ${arrival.via} ${formatIp(arrival.address)} ${head[0]}`);
    },
    proxy: (site) => logged.push(`${site} has no proxy`),
    denied: (flow) => flows.denied(flow),
    log: (error) => logged.push(error),
  });

  beforeAll(async () => {
    flows = new Flows(await FlowLog.open({ file: undefined }), ground);
    await fabric.apply(planOf(estate));
    await listeners.follow();
  });
  afterAll(async () => {
    listeners.close();
    await fabric.close();
  });

  const addressOf = (name: string): string => {
    const found = [...estate.servedNames].find(([served]) => served === name)?.[1];
    if (!found) throw new Error(`nobody serves ${name}`);
    return formatIp(found.address);
  };
  const ask = async (address: string, name: string): Promise<string> => {
    const place = fabric.plan.places.get(
      '/subscriptions/s/resourcegroups/rg/providers/microsoft.network/networkinterfaces/one-nic',
    );
    const { stdout, stderr } = await fabric.holder.run(['python3', '-c', client, address, name], '', place);
    return stdout.trim() || stderr;
  };

  it('lets through what the name is allowed for, and says who came', async () => {
    expect(await ask(addressOf(acct), acct)).toBe(`nic/one-nic public ${addressOf(acct)} 22`);
    expect(logged).toEqual([]);
  });

  it.each([
    ['another name', acct, other, 'dropped-by-firewall wall/default deny'],
    ['no name', acct, '-', 'dropped-by-firewall wall/default deny'],
    ['a name that is allowed, at the address of another', other, acct, /^nothing-listening/],
    ['what it denies before', acct, `deep.${acct}`, 'dropped-by-firewall c0/r0'],
  ])('resets %s, and writes down who asked for what, and what decided', async (_, at, name, decided) => {
    const before = (await flows.answer()).flows.length;
    expect(await ask(addressOf(at), name)).toBe('reset');
    const lines = (await flows.answer()).flows.slice(before);
    expect(lines).toEqual([
      {
        time: expect.stringMatching(/Z$/),
        at: expect.stringMatching(/\/wall$/),
        place: 'nic/one-nic',
        protocol: 'tcp',
        source: '10.1.1.4',
        sourcePort: expect.any(Number),
        destination: addressOf(at),
        port: 443,
        name: name === '-' ? null : name,
        decision: expect.any(String),
        gate: expect.any(String),
        rule: expect.any(String),
      },
    ]);
    const [{ decision = '', gate = '', rule = '' } = {}] = lines;
    expect(`${decision} ${nameOf(gate ?? '')}/${rule}`).toMatch(decided);
    expect(logged).toEqual([]);
  });

  it('resets what is neither TLS nor HTTP', async () => {
    expect(await ask(addressOf(acct), '?')).toBe('reset');
  });

  it('resets what is outside the estate', async () => {
    expect(await ask('8.8.8.8', acct)).toBe('reset');
  });
});
