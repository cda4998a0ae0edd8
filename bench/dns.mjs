/**
 * Questions to the resolver of a place over UDP: answers a second, with dnsperf as the client.
 *
 * Peer: unbound with one thread, which has the same names as local data. Both are asked the same list, on loopback,
 * for as long, by one dnsperf after the other. Ratio: Cloister's rate over unbound's. Lost: questions without answer.
 */

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { freePort, helper } from './support/child.mjs';
import { alternate, atLeast, choose, goal, print, say, spread } from './support/measure.mjs';
import { dnsperfCommand, readDnsperf, unboundCommand } from './support/unbound.mjs';

ensureBuilt();

const run = promisify(execFile);
const rounds = choose(5, 1);
const seconds = choose(3, 1);
const resources = choose(2_000, 100);

const folder = mkdtempSync(join(tmpdir(), 'cloister-dns-'));
const instance = await helper('instance.mjs', { memory: true, size: resources, names: true });
const { resolver, hosts } = instance.message;
const questions = join(folder, 'questions');
writeFileSync(questions, hosts.map(({ name }) => `${name} A\n`).join(''));
const peer = await unbound();

/** unbound in the foreground, with one thread. */
async function unbound() {
  const port = await freePort();
  const [program, ...args] = unboundCommand(folder, `127.0.0.1@${port}`, hosts);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((done) => child.once('exit', done));
  const end = () => {
    child.kill();
    return ended;
  };
  const [{ name }] = hosts;
  for (let attempt = 0; ; attempt++) {
    try {
      await run('dig', ['+time=1', '+tries=1', '@127.0.0.1', '-p', String(port), name]);
      return { port, end };
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

/** Answers a second, and questions that got none. */
async function ask(port) {
  const [program, ...args] = dnsperfCommand('127.0.0.1', port, questions, seconds);
  const { stdout } = await run(program, args);
  return readDnsperf(stdout);
}

try {
  for (const port of [resolver, peer.port]) await ask(port);
  const runs = await alternate(rounds, { cloister: () => ask(resolver), unbound: () => ask(peer.port) });
  const of = (who) => ({
    rate: spread(
      runs[who].map(({ rate }) => rate),
      'answers/s',
    ),
    lost: runs[who].reduce((sum, { lost }) => sum + lost, 0),
  });
  const ratio = spread(
    runs.cloister.map(({ rate }, at) => rate / runs.unbound[at].rate),
    'ratio',
  );
  const results = { names: hosts.length, cloister: of('cloister'), unbound: of('unbound'), ratio };
  say(
    `dns: ${results.cloister.rate.median} and ${results.unbound.rate.median} a second, ratio ${ratio.median}`,
  );
  print(
    'dns',
    [goal('answers beside unbound with one thread', 0.7, 'ratio', ratio.median, atLeast)],
    results,
  );
} finally {
  await Promise.all([instance.end(), peer.end()]);
  rmSync(folder, { recursive: true, force: true });
}
