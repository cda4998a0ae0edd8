/**
 * How a program gets to a place, and what it finds there instead of what is outside: the resolver, the hosts file and
 * the roots that it trusts.
 *
 * @module
 */

import { existsSync, mkdirSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../app/problem.ts';
import { enterPlace } from '../../enforce/linux/enter.ts';
import type { Holder } from '../../enforce/linux/holder.ts';
import type { Word } from '../../enforce/plan/words.ts';
import { formatIp, type Ip } from '../../lib/ip.ts';
import { azureDns } from '../../net/azure.ts';
import { type Place, positionOf } from '../../net/position.ts';
import { serversOf } from '../../net/resolve.ts';
import { addressOf } from '../../net/servers.ts';
import { type Bundles, systemBundles } from '../front/bundle.ts';
import type { Ground } from '../front/passage.ts';

/** What entries are made from. */
export interface Surroundings {
  readonly ground: Ground;
  readonly bundles: Bundles;
  /** Where files for places are written; its name is the instance's own (`markOf`). */
  readonly folder: string;
}

/** A way in. */
export interface Entry {
  /** The command line, which goes on with the folder and the program's own. */
  readonly command: readonly [string, ...string[]];
  /** The same for a program that has no terminal, and ends with the place. */
  readonly kept: readonly [string, ...string[]];
  /** The file of the network namespace. */
  readonly network: string;
  /** The first server that answers for names there: address and port. */
  readonly resolver: string;
  /** What machines there have in their environment: the site's own proxy. */
  readonly environment: Readonly<Record<string, string>>;
}

const beside = '127.0.0.1';
/** Resolvers read no more of them. */
const mostServers = 3;

/** Makes the files of a place, as the estate is now, and the way in. Throws InputError where they cannot be written. */
export function entryOf(
  holder: Holder,
  namespace: Word,
  { ground, bundles, folder }: Surroundings,
  place: Place,
): Entry {
  const own = join(folder, namespace);
  const write = (name: string, lines: readonly string[]): string => {
    const path = join(own, name);
    try {
      mkdirSync(own, { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, `${lines.join('\n')}\n`, { mode: 0o644 });
      // Who stands there already keeps what he has.
      renameSync(`${path}.new`, path);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new InputError({
        message: `what programs at ${place.label} read cannot be kept in ${path}: ${why}`,
      });
    }
    return path;
  };
  const servers = serversAt(ground, place).slice(0, mostServers);
  const roots = new Set(systemBundles.filter((path) => existsSync(path)).map((path) => realpathSync(path)));
  const replaced = new Map([
    [
      '/etc/resolv.conf',
      write(
        'resolv.conf',
        servers.map((server) => `nameserver ${server}`),
      ),
    ],
    ['/etc/hosts', write('hosts', [`127.0.0.1 localhost ${hostname()}`, ...hostsAt(place)])],
    ...[...roots].map((path) => [path, bundles.bundle] as const),
  ]);
  return {
    command: enterPlace(holder, namespace, replaced),
    kept: enterPlace(holder, namespace, replaced, true),
    network: `/proc/${holder.pid}/root/run/netns/${namespace}`,
    resolver: `${servers[0]}:53`,
    environment: proxyAt(place),
  };
}

/**
 * Whom a place asks for names: what its network tells it, a site's own server, Azure's resolver, or on the internet one
 * beside it. A gateway hands its clients the servers of its network.
 */
function serversAt({ network }: Ground, place: Place): readonly string[] {
  if (place.kind === 'internet') return [beside];
  if (place.kind === 'site') {
    const server = network.dnsServers.find(({ name }) => place.site.dns === `dnsServer/${name}`);
    const address = server && addressOf(network, server);
    return [address === undefined ? beside : formatIp(address)];
  }
  const here = positionOf(network, place);
  const told: readonly Ip[] = here ? serversOf(here) : [];
  if (place.kind === 'client' && told.length === 0) return [beside];
  return (told.length > 0 ? told : [azureDns]).map((server) => formatIp(server));
}

/** As administrators set it on their machines; what is for a whole domain is spelled `.example.org` there. */
function proxyAt(place: Place): Readonly<Record<string, string>> {
  const proxy = place.kind === 'site' ? place.site.proxy : undefined;
  if (!proxy) return {};
  const none = [
    'localhost',
    '127.0.0.1',
    ...proxy.bypass.map((each) => each.replace(/^\*(?=\.)/, '')),
  ].join();
  return Object.fromEntries(
    Object.entries({ http_proxy: proxy.address, https_proxy: proxy.address, no_proxy: none }).flatMap(
      ([name, value]) => [
        [name, value],
        [name.toUpperCase(), value],
      ],
    ),
  );
}

function hostsAt(place: Place): readonly string[] {
  if (place.kind !== 'site') return [];
  return place.site.hosts.flatMap(({ entries }) =>
    entries.map(({ address, name }) => `${formatIp(address)} ${name}`),
  );
}
