/**
 * Requests over connections that are kept: `ADDRESS PORT CLIENTS MILLISECONDS NAME ROOT`, the root being a file. Prints requests a second.
 */

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

const [host, port, clients, milliseconds, servername = '', root = ''] = process.argv.slice(2);
const ca = readFileSync(root);
const agent = new Agent({ keepAlive: true, maxSockets: Number(clients), servername, ca });

function once() {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, agent, path: '/' }, (incoming) => {
      incoming.resume().on('end', resolve);
    });
    outgoing.on('error', reject).end();
  });
}

await Promise.all(Array.from({ length: Number(clients) }, once));
let done = 0;
const start = performance.now();
const client = async () => {
  while (performance.now() - start < Number(milliseconds)) {
    await once();
    done++;
  }
};
await Promise.all(Array.from({ length: Number(clients) }, client));
console.log((done / (performance.now() - start)) * 1000);
agent.destroy();
