/**
 * A running instance whose network the kernel makes: what Resource Manager has answered holds for packets, and what
 * breaks is noticed and made again.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { JsonObject } from '../../src/lib/json.ts';
import { noPackets } from '../support/kernel.ts';
import { eventually, group, type Ran, Running, run } from '../support/running.ts';

const patience = 300_000;
const hour = 3_600_000;
const network = `${group}/providers/Microsoft.Network`;
const blob = 'https://stclinic.blob.core.windows.net/';
const vault = 'https://kv-clinic.vault.azure.net/secrets/x';
const curl = `curl -sS -o /dev/null --connect-timeout 2 -w '%{http_code} %{remote_ip}'`;

/** One connection that is kept: a request for each line, and its answer with the port that it has at this end. */
const keep = `
import http.client, ssl, sys
kept = http.client.HTTPSConnection("stclinic.blob.core.windows.net", context=ssl.create_default_context())
for line in sys.stdin:
    kept.request("GET", "/")
    answer = kept.getresponse()
    answer.read()
    print(answer.status, kept.sock.getsockname()[1], flush=True)
`;

describe.skipIf(noPackets !== undefined)('the kernel of a running instance', () => {
  let running: Running;
  beforeAll(async () => {
    running = await Running.example({ fabric: 'linux' });
  }, patience);
  afterAll(() => running.close(), patience);

  const way = async (place: string, command: readonly string[]) => {
    const { entry } = await running.control.enter(place, undefined, true);
    const [program = '', ...args] = [...(entry?.command ?? []), '/', ...command];
    return { program, args, env: entry?.environment ?? {} };
  };
  const at = async (place: string, command: string): Promise<Ran> => {
    const { program, args, env } = await way(place, ['sh', '-c', command]);
    return run(program, args, { env });
  };
  const settled = async (method: string, path: string, body?: JsonObject): Promise<void> => {
    expect(await running.settle(method, path, body)).toMatchObject({ status: 'Succeeded' });
  };
  const rule = `${network}/networkSecurityGroups/clinic-nsg/securityRules/late`;
  const deny = {
    properties: {
      priority: 101,
      direction: 'Outbound',
      access: 'Deny',
      protocol: 'Tcp',
      sourceAddressPrefix: '*',
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRange: '443',
    },
  };

  it(
    'lets a rule hold for new flows when Resource Manager has answered, and leaves to established ones what they have',
    async () => {
      const { program, args, env } = await way('vm/jumpbox', ['python3', '-c', keep]);
      const child: ChildProcess = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
      const ended = once(child, 'close');
      const lines = createInterface(child.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]();
      const ask = async (): Promise<unknown> => {
        child.stdin?.write('\n');
        return (await lines.next()).value;
      };
      const first = await ask();
      expect(first).toMatch(/^401 /);
      await settled('PUT', rule, deny);
      expect((await at('vm/jumpbox', `${curl} ${blob}`)).code).toBe(28);
      expect(await ask()).toBe(first);
      await settled('DELETE', rule);
      expect((await at('vm/jumpbox', `${curl} ${blob}`)).stdout).toBe('401 10.150.0.4');
      child.stdin?.end();
      await ended;
    },
    patience,
  );

  it.each([
    ['back', -2 * hour],
    ['forward', 5 * 24 * hour],
  ])(
    'goes on where the clock is set %s: rules hold, places are active, who has a token of another time signs in again',
    async (_, jump) => {
      const before = await running.token();
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + jump });
      try {
        const later = new Running(running.instance, running.folder, running.errors, () => {});
        const asked = await running.send(
          'internet',
          `https://management.azure.com${group}?api-version=2024-03-01`,
          {
            headers: { authorization: `Bearer ${before}` },
          },
        );
        // It is over, or not valid yet.
        expect(asked.status).toBe(401);
        expect(await later.settle('PUT', rule, deny)).toMatchObject({ status: 'Succeeded' });
        expect((await at('vm/jumpbox', `${curl} ${blob}`)).code).toBe(28);
        expect(await later.settle('DELETE', rule)).toMatchObject({ status: 'Succeeded' });
        expect((await at('vm/jumpbox', `${curl} ${vault}`)).stdout).toMatch(/^401 10\.150\.0\./);
        const { kernel, places } = await running.control.status();
        expect(kernel?.state).toBe('active');
        expect(places.filter(({ state }) => state !== 'active')).toEqual([]);
        const told = (await running.control.flows()).flows.at(-1)?.time ?? '';
        expect(Math.abs(Date.parse(told) - Date.now())).toBeLessThan(hour);
      } finally {
        vi.useRealTimers();
      }
    },
    patience,
  );

  it(
    'makes networks and machines as they come, listens in them, and takes them away again',
    async () => {
      const before = (await at('internet', 'ls /run/netns')).stdout;
      const vnet = `${network}/virtualNetworks/late`;
      const subnet = { name: 'only', properties: { addressPrefix: '10.150.0.0/24' } };
      await settled('PUT', vnet, {
        location: 'eastus',
        properties: { addressSpace: { addressPrefixes: ['10.150.0.0/16'] }, subnets: [subnet] },
      });
      const nic = `${network}/networkInterfaces/late-nic`;
      const ipConfigurations = [{ name: 'one', properties: { subnet: { id: `${vnet}/subnets/only` } } }];
      await settled('PUT', nic, { location: 'eastus', properties: { ipConfigurations } });
      const there = await at('nic/late-nic', `${curl} ${blob}; echo; ${curl} https://management.azure.com/x`);
      // The same addresses as in the network beside it, and none of its names.
      expect(there.stdout).toMatch(/^403 198\.18\.[\d.]+\n401 198\.18\./);
      await settled('DELETE', nic);
      await settled('DELETE', vnet);
      expect((await at('internet', 'ls /run/netns')).stdout).toBe(before);
      await expect(running.control.enter('nic/late-nic', undefined, true)).rejects.toThrow(
        'there is no place',
      );
    },
    patience,
  );

  it(
    'opens and shuts private endpoints with their connections',
    async () => {
      const endpoint = `${network}/privateEndpoints/pe-blob`;
      const answer = (await running.arm('GET', endpoint)).body;
      await settled('DELETE', endpoint);
      const name =
        'curl -sS -o /dev/null --connect-timeout 2 --resolve stclinic.blob.core.windows.net:443:10.150.0.4';
      expect((await at('vm/jumpbox', `${name} ${blob}`)).code).not.toBe(0);
      const { subnet, privateLinkServiceConnections = [] } = answer['properties'] as {
        subnet: { id: string };
        privateLinkServiceConnections?: readonly { name: string; properties: JsonObject }[];
      };
      const [connection] = privateLinkServiceConnections;
      const { privateLinkServiceId, groupIds } = connection?.properties ?? {};
      await settled('PUT', endpoint, {
        location: 'eastus',
        properties: {
          subnet: { id: subnet.id },
          privateLinkServiceConnections: [
            { name: connection?.name ?? '', properties: { privateLinkServiceId, groupIds } },
          ],
        } as unknown as JsonObject,
      });
      expect((await at('vm/jumpbox', `${name} ${blob}`)).code).toBe(0);
    },
    patience,
  );

  it(
    'notices that the holder was killed, says so, and makes everything again',
    async () => {
      const holderOf = async (): Promise<number> => {
        const { args } = await way('vm/jumpbox', []);
        return Number(args[args.indexOf('--target') + 1]);
      };
      const killed = await holderOf();
      process.kill(killed, 'SIGKILL');
      await eventually(() =>
        running.errors.some((error) => String(error).includes('it is being made again')),
      );
      expect((await at('vm/jumpbox', `${curl} ${vault}`)).stdout).toMatch(/^401 10\.150\.0\./);
      expect(await holderOf()).not.toBe(killed);
      expect((await running.control.status()).kernel?.state).toBe('active');
    },
    patience,
  );

  it(
    'makes everything again where a change finds that somebody took a part of it away',
    async () => {
      // Not as a program at a place: as a plain user it may not.
      const { program, args } = await way('internet', []);
      const inside = args.slice(0, args.lastIndexOf('nsenter'));
      const take = 'for n in /run/netns/r*; do umount "$n"; rm "$n"; done; ls /run/netns | grep -c ^r';
      const taken = await run(program, [...inside, 'sh', '-c', take]);
      expect(taken.stdout).toBe('0\n');
      await settled('PUT', rule, deny);
      expect((await at('vm/jumpbox', `${curl} ${vault}`)).code).toBe(28);
      await settled('DELETE', rule);
      expect((await at('vm/jumpbox', `${curl} ${vault}`)).stdout).toMatch(/^401 10\.150\.0\./);
    },
    patience,
  );

  it('heard of nobody whom the walk does not know', () => {
    const disagreements = running.errors.filter((error) => String(error).includes('nobody is known'));
    expect(disagreements).toEqual([]);
  });
});
