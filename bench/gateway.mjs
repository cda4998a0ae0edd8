/**
 * Requests through a gateway to a data plane (a vault's /healthstatus, inside, over its private door), with
 * connections that are kept and with a new one each: requests a second, and median and 99th percentile of the time
 * of one request.
 *
 * Peer: a plain CONNECT proxy in front of an HTTPS server that answers the same bytes (support/plain.mjs). Ratios
 * are Cloister's figure over the peer's: above 1 is faster for rates, slower for times.
 */

import { readFileSync } from 'node:fs';
import { ensureBuilt } from '../bin/ensure-built.mjs';
import { helper } from './support/child.mjs';
import { alternate, choose, print, quantile, say, spread, tidy } from './support/measure.mjs';
import { tunnel } from './support/tunnel.mjs';

ensureBuilt();

const host = 'st0x0.blob.core.windows.net';
const path = '/container/blob';
const rounds = choose(5, 1);
const milliseconds = choose(900, 40);
const clients = 4;

const instance = await helper('instance.mjs', { memory: true, size: 100 });
const { inside } = instance.message;
const cloister = { ...inside, ca: readFileSync(inside.ca, 'utf8') };
const sample = answerOf(await once(cloister));
say(`gateway: ${host}${path} answers ${sample.status}, ${sample.body.length} bytes`);
const proxy = await helper('plain.mjs', { host, ...sample });
const plain = proxy.message;
const copied = answerOf(await once(plain));
if (copied.status !== sample.status || copied.body !== sample.body)
  throw new Error('the peer answers otherwise');

async function once(way) {
  const exchange = await tunnel(way, host);
  const text = await exchange.ask(path);
  exchange.close();
  return text;
}

/** Status, headers and body of an answer. What HTTP servers write themselves is left out. */
function answerOf(text) {
  const [head, body] = text.split('\r\n\r\n');
  const [line, ...rest] = head.split('\r\n');
  const headers = Object.fromEntries(
    rest
      .map((header) => header.split(/: (.*)/s).slice(0, 2))
      .filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name.toLowerCase())),
  );
  return { status: Number(line.split(' ')[1]), headers, body };
}

/** Clients that each wait for their answer, for a while. Answers the rate and every time, in order. */
async function drive(way, kept) {
  const times = [];
  const open = kept ? await Promise.all(Array.from({ length: clients }, () => tunnel(way, host))) : [];
  const start = performance.now();
  const client = async (who) => {
    do {
      const asked = performance.now();
      const exchange = open[who] ?? (await tunnel(way, host));
      await exchange.ask(path);
      times.push(performance.now() - asked);
      if (!kept) exchange.close();
    } while (performance.now() - start < milliseconds);
  };
  await Promise.all(Array.from({ length: clients }, (_, who) => client(who)));
  const spent = performance.now() - start;
  for (const exchange of open) exchange.close();
  times.sort((a, b) => a - b);
  return { rate: (times.length / spent) * 1000, median: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

const results = {};
try {
  for (const [name, kept] of [
    ['kept', true],
    ['new', false],
  ]) {
    for (const way of [cloister, plain]) await drive(way, kept);
    const runs = await alternate(rounds, {
      cloister: () => drive(cloister, kept),
      plain: () => drive(plain, kept),
    });
    const of = (who, what, unit) =>
      spread(
        runs[who].map((run) => run[what]),
        unit,
      );
    const each = (who) => ({
      rate: of(who, 'rate', 'requests/s'),
      median: of(who, 'median', 'ms'),
      p99: of(who, 'p99', 'ms'),
    });
    const ratio = (what) =>
      spread(
        runs.cloister.map((run, at) => run[what] / runs.plain[at][what]),
        'ratio',
      );
    const ratios = { rate: ratio('rate'), median: ratio('median'), p99: ratio('p99') };
    results[name] = { cloister: each('cloister'), plain: each('plain'), ratios };
    const rates = `${results[name].cloister.rate.median} and ${results[name].plain.rate.median} a second`;
    say(`gateway: ${name}: ${rates}, ratio ${tidy(ratios.rate.median)}`);
  }
} finally {
  await Promise.all([instance.end(), proxy.end()]);
}
print('gateway', [], { clients, answer: { host, path, status: sample.status }, ...results });
