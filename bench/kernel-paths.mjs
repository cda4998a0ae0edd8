/**
 * What the kernel fabric's way costs, once it is made: bytes over TCP to a private endpoint and through the gates of two
 * machines, HTTPS requests to a private endpoint, and questions at 168.63.129.16.
 *
 * Peers, in the same run: a bare veth pair between two namespaces; the same Node server on its own loopback; and unbound
 * with one thread behind the bare pair. Ratios are Cloister's figure over the peer's: 1 is as fast.
 */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { alternate, atLeast, choose, goal, print, say, spread } from './support/measure.mjs';

ensureBuilt();
const { Resolver } = await import('../dist/enforce/dns/resolver.js');
const { LinuxFabric } = await import('../dist/enforce/linux/fabric.js');
const { openSockets } = await import('../dist/enforce/linux/sockets.js');
const { planOf } = await import('../dist/enforce/plan.js');
const { formatIp } = await import('../dist/lib/ip.js');
const { keyOf } = await import('../dist/lib/key.js');
const { answerAt } = await import('../dist/net/answer.js');
const { azureDns } = await import('../dist/net/azure.js');
const { walk } = await import('../dist/net/walk.js');
const { networkOf } = await import('../dist/providers/network-of.js');
const { Authority } = await import('../dist/server/front/ca.js');
const { hostsEntries } = await import('../dist/ship/hosts.js');
const { build } = await import('./support/estate.mjs');
const { dnsperfCommand, readDnsperf, unboundCommand } = await import('./support/unbound.mjs');

const run = promisify(execFile);
const rounds = choose(5, 1);
const seconds = choose(1.5, 0.2);
const clients = 16;
const pumpPort = 5_001;
const file = (name) => fileURLToPath(new URL(`support/${name}`, import.meta.url));

const network = networkOf(build(choose(1_000, 100)).plane.estate).network;
const plan = planOf(network);
const folder = mkdtempSync(join(tmpdir(), 'cloister-paths-'));
const fabric = new LinuxFabric();
const children = [];

/** Runs a program in a namespace to its end. */
async function inside(namespace, command) {
  const [program, ...args] = fabric.holder.entering(command, namespace);
  return (await run(program, args)).stdout;
}

/** Starts a program in a namespace; resolves when it has said something, or at once if it says nothing. */
async function start(namespace, command, speaks = true) {
  const [program, ...args] = fabric.holder.entering(command, namespace);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  if (speaks) await new Promise((resolve) => child.stdout.once('data', resolve));
}

/** Opens a socket of this process in a namespace. */
async function socketIn(namespace, text) {
  const opened = [];
  await openSockets(fabric.holder, namespace, [text], (one) => opened.push(one));
  return opened[0];
}

/** A machine, a private endpoint of its network, and another machine there that it reaches. */
function sceneOf() {
  for (const vnet of network.vnets.values()) {
    const attached = [...vnet.attachments.values()];
    const endpoint = attached.find(({ nic }) => nic.endpoint !== undefined);
    const [from, ...others] = attached.filter(({ nic }) => nic.endpoint === undefined);
    const place = from && { kind: 'nic', label: 'from', nic: from.nic.id };
    const reached = (address, port) =>
      walk(network, {
        from: place,
        to: { kind: 'address', label: formatIp(address), address },
        protocol: 'tcp',
        port,
      }).disposition === 'delivered';
    const to = others.find(({ configuration: { address } }) => reached(address, pumpPort));
    if (!endpoint || !to || !reached(endpoint.configuration.address, 443)) continue;
    const namespaceOf = ({ nic }) => plan.places.get(keyOf(nic.id));
    return {
      vnet,
      router: plan.namespaces.find(({ about }) => about === vnet.fact.id).id,
      from: namespaceOf(from),
      to: namespaceOf(to),
      endpoint: formatIp(endpoint.configuration.address),
      machine: formatIp(to.configuration.address),
    };
  }
  throw new Error('the estate has no such machines');
}

function ratioOf(runs, of, peer) {
  return spread(
    runs[of].map((value, at) => value / runs[peer][at]),
    'ratio',
  );
}

async function tcp(scene) {
  const take = (namespace, address, port) =>
    start(namespace, ['python3', file('pump.py'), 'take', address, String(port)]);
  await Promise.all([
    take(scene.router, scene.endpoint, 443),
    take(scene.to, scene.machine, pumpPort),
    take('bare2', '10.99.0.2', pumpPort),
  ]);
  const give = async (namespace, address, port) => {
    const command = ['python3', file('pump.py'), 'give', address, String(port), String(seconds)];
    return (Number(await inside(namespace, command)) * 8) / 1e9;
  };
  const runs = await alternate(rounds, {
    endpoint: () => give(scene.from, scene.endpoint, 443),
    gated: () => give(scene.from, scene.machine, pumpPort),
    bare: () => give('bare1', '10.99.0.2', pumpPort),
  });
  await end();
  return {
    ...Object.fromEntries(Object.entries(runs).map(([way, list]) => [way, spread(list, 'Gbit/s')])),
    endpointRatio: ratioOf(runs, 'endpoint', 'bare'),
    gatedRatio: ratioOf(runs, 'gated', 'bare'),
  };
}

async function https(scene) {
  const name = 'bench.blob.core.windows.net';
  const material = await Authority.create();
  const { key, cert } = await new Authority(material).leaf(name);
  const root = join(folder, 'root.pem');
  writeFileSync(root, material.certificatePem);
  const server = createServer({ key, cert }, (_, response) => response.end('{"ok":true}'));
  const opened = await socketIn(scene.router, 'tcp 0.0.0.0:443');
  await new Promise((resolve) => server.listen(opened.server, resolve));
  const ask = async (namespace, address) => {
    const load = [address, '443', String(clients), String(seconds * 1000), name, root];
    return Number(await inside(namespace, [process.execPath, file('https-load.mjs'), ...load]));
  };
  const runs = await alternate(rounds, {
    endpoint: () => ask(scene.from, scene.endpoint),
    direct: () => ask(scene.router, '127.0.0.1'),
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return {
    endpoint: spread(runs.endpoint, 'requests/s'),
    direct: spread(runs.direct, 'requests/s'),
    ratio: ratioOf(runs, 'endpoint', 'direct'),
  };
}

async function dns(scene) {
  const at = formatIp(azureDns);
  const { socket } = await socketIn(scene.router, `udp ${at}:53`);
  const ask = (question) => answerAt(network, scene.vnet, azureDns, question);
  new Resolver({ era: () => network, ask }).hear(socket);
  const hosts = hostsEntries(network).filter(({ name }) => ask({ name, type: 'A' }).kind === 'found');
  const questions = join(folder, 'questions');
  writeFileSync(questions, hosts.map(({ name }) => `${name} A\n`).join(''));
  await start('bare2', unboundCommand(folder, '10.99.0.2@53', hosts), false);
  const first = ['dig', '+time=1', '+tries=20', '@10.99.0.2', hosts[0].name];
  await inside('bare1', first);
  const drive = async (namespace, address) =>
    readDnsperf(await inside(namespace, dnsperfCommand(address, 53, questions, Math.ceil(seconds))));
  const runs = await alternate(rounds, {
    cloister: () => drive(scene.from, at),
    unbound: () => drive('bare1', '10.99.0.2'),
  });
  socket.close();
  await end();
  const rates = Object.fromEntries(
    Object.entries(runs).map(([who, list]) => [who, list.map(({ rate }) => rate)]),
  );
  return {
    names: hosts.length,
    cloister: spread(rates.cloister, 'answers/s'),
    unbound: spread(rates.unbound, 'answers/s'),
    lost: runs.cloister.reduce((sum, { lost }) => sum + lost, 0),
    ratio: ratioOf(rates, 'cloister', 'unbound'),
  };
}

/** Ends what was started: its ports are free then. */
async function end() {
  for (const child of children.splice(0)) {
    const ended = child.exitCode ?? child.signalCode ?? once(child, 'exit');
    child.kill();
    await ended;
  }
}

const barePair = `ip netns add bare1; ip netns add bare2
ip link add name b1 netns bare1 type veth peer name b2 netns bare2
ip -n bare1 address add 10.99.0.1/24 dev b1; ip -n bare1 link set b1 up
ip -n bare2 address add 10.99.0.2/24 dev b2; ip -n bare2 link set b2 up`;

try {
  const scene = sceneOf();
  await fabric.apply(plan);
  await inside(undefined, ['sh', '-euc', barePair]);
  const bytes = await tcp(scene);
  say(`kernel-paths: TCP beside a bare pair ${bytes.endpointRatio.median}, gated ${bytes.gatedRatio.median}`);
  const requests = await https(scene);
  say(`kernel-paths: HTTPS ${requests.endpoint.median} a second, ratio ${requests.ratio.median}`);
  const answers = await dns(scene);
  say(`kernel-paths: DNS ${answers.cloister.median} a second, ratio ${answers.ratio.median}`);
  print(
    'kernel-paths',
    [
      goal(
        'TCP to a private endpoint beside a bare pair',
        0.85,
        'ratio',
        bytes.endpointRatio.median,
        atLeast,
      ),
      goal('TCP through gates beside a bare pair', 0.85, 'ratio', bytes.gatedRatio.median, atLeast),
      goal('HTTPS to a private endpoint beside loopback', 0.9, 'ratio', requests.ratio.median, atLeast),
      goal('answers beside unbound with one thread', 0.7, 'ratio', answers.ratio.median, atLeast),
    ],
    { tcp: bytes, https: requests, dns: answers },
  );
} finally {
  await end();
  await fabric.close();
  rmSync(folder, { recursive: true, force: true });
}
