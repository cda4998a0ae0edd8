/**
 * The peer of the resolvers: unbound with one thread, and names as local data.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes its configuration into a folder; `at` is `address@port`. Answers the command that runs it in the foreground. */
export function unboundCommand(folder, at, hosts) {
  const config = join(folder, 'unbound.conf');
  const data = hosts.map(({ name, address }) => `  local-data: "${name}. 60 IN A ${address}"\n`);
  const lines = [
    'server:',
    `  interface: ${at}`,
    '  access-control: 0.0.0.0/0 allow',
    '  num-threads: 1',
    '  do-daemonize: no',
    '  use-syslog: no',
    '  verbosity: 0',
    '  chroot: ""',
    '  username: ""',
    `  directory: "${folder}"`,
    '  pidfile: ""',
    '  module-config: "iterator"',
    '  local-zone: "." static',
  ];
  writeFileSync(config, `${lines.join('\n')}\n${data.join('')}`);
  return ['unbound', '-d', '-c', config];
}

/** Reads what dnsperf says: the figures of one run: answers a second, and questions that got none. */
export function readDnsperf(stdout) {
  const figure = (pattern) => Number(pattern.exec(stdout)?.[1] ?? Number.NaN);
  const good = figure(/NOERROR (\d+)/);
  if (good !== figure(/Queries completed:\s+(\d+)/)) throw new Error(`not every answer was good:\n${stdout}`);
  return { rate: figure(/Queries per second:\s+([\d.]+)/), lost: figure(/Queries lost:\s+(\d+)/) };
}

/** The command that asks, as both benches ask. */
export function dnsperfCommand(address, port, questions, seconds) {
  const load = ['-l', String(seconds), '-c', '4', '-q', '100'];
  return ['dnsperf', '-s', address, '-p', String(port), '-d', questions, ...load];
}
