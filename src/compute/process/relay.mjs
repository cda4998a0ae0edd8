/**
 * Takes connections at sockets to ports of the network that it was started in.
 *
 *     node relay.mjs SOCKET PORT [SOCKET PORT ...]
 *
 * It is plain JavaScript, type-checked and copied by tsc, so that the same file runs from src/ and from dist/. It ends
 * when its standard input does: the process that started it is gone then.
 *
 * @module
 */

import { connect, createServer } from 'node:net';

const words = process.argv.slice(2);
process.stdin.resume().once('close', () => process.exit(0));

for (let at = 0; at < words.length; at += 2) {
  const port = Number(words[at + 1]);
  createServer({ allowHalfOpen: true }, (from) => {
    const to = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    // Whichever end breaks, breaks the other: who asks is told that nobody answers.
    from.once('error', () => to.destroy());
    to.once('error', () => from.destroy());
    from.pipe(to).pipe(from);
  }).listen(words[at]);
}
