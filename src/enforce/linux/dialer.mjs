/**
 * Makes connections in the network and with the names of the place that it was started at, and hands them to the
 * process that started it. That asks by a message `{ id, host, port }`; what cannot be made is answered with its reason.
 *
 *     node dialer.mjs MILLISECONDS
 *
 * It is plain JavaScript, type-checked and copied by tsc, so that the same file runs from src/ and from dist/. It ends
 * when nobody asks any more: the process that started it is gone then.
 *
 * @module
 */

import { connect } from 'node:net';

const patience = Number(process.argv[2]);

process.on('message', (asked) => {
  const { id, host, port } = /** @type {{ id: number, host: string, port: number }} */ (asked);
  const socket = connect({ host, port, family: 4, autoSelectFamily: false });
  // Who reads what comes is another process.
  socket.pause();
  const late = setTimeout(() => socket.destroy(new Error(`connect ETIMEDOUT ${host}:${port}`)), patience);
  socket.once('connect', () => process.send?.({ id }, socket));
  socket.once('error', ({ message }) => process.send?.({ id, why: message }));
  for (const end of ['connect', 'close']) socket.once(end, () => clearTimeout(late));
});
process.once('disconnect', () => process.exit(0));
