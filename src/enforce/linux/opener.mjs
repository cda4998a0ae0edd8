/**
 * Opens sockets in the network namespace that it was started in, and hands them to the process that started it.
 *
 *     node opener.mjs tcp 0.0.0.0:443 udp 168.63.129.16:53 ...
 *
 * It is plain JavaScript, type-checked and copied by tsc, so that the same file runs from src/ and from dist/. It ends
 * when all are handed over; the first that cannot be opened ends it with its reason.
 *
 * @module
 */

import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * Opens one.
 *
 * @param {string} protocol
 * @param {string} at
 * @returns {Promise<import('node:net').Server | import('node:dgram').Socket>}
 */
function open(protocol, at) {
  const [address, port] = at.split(':');
  return new Promise((resolve, reject) => {
    if (protocol === 'tcp') {
      const server = createServer({ pauseOnConnect: true });
      server.once('error', reject);
      server.listen({ host: address, port: Number(port), backlog: 511 }, () => resolve(server));
    } else {
      // Bound to one address, it answers from that address.
      const socket = createSocket('udp4');
      socket.once('error', reject);
      socket.bind(Number(port), address, () => resolve(socket));
    }
  });
}

const words = process.argv.slice(2);
for (let at = 0; at < words.length; at += 2) {
  const handle = await open(words[at] ?? '', words[at + 1] ?? '');
  await new Promise((resolve) => process.send?.(at / 2, handle, {}, resolve));
}
process.exit(0);
