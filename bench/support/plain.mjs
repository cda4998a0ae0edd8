/**
 * The peer of the gateway: a CONNECT proxy as anybody would write it with node, in front of an HTTPS server that
 * answers given bytes. Both in one process, as Cloister is; its key is of the same kind.
 */

import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect } from 'node:net';
import { Authority } from '../../dist/server/front/ca.js';

const { host, status, headers, body } = JSON.parse(process.argv[2]);
const material = await Authority.create();
const secureContext = await new Authority(material).secureContextFor(host);
const options = { keepAliveTimeout: 120_000, SNICallback: (_name, done) => done(null, secureContext) };
const server = createHttps(options, (request, response) => {
  request.resume();
  response.writeHead(status, headers);
  response.end(body);
});
await listening(server);

const credentials = `Basic ${Buffer.from('bench:bench').toString('base64')}`;
const proxy = createHttp();
proxy.on('connect', (request, socket, head) => {
  socket.on('error', () => socket.destroy());
  if (request.headers['proxy-authorization'] !== credentials) {
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
    return;
  }
  const upstream = connect({ port: server.address().port, host: '127.0.0.1', noDelay: true }, () => {
    socket.setNoDelay(true);
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  });
  upstream.on('error', () => socket.destroy());
  socket.on('close', () => upstream.destroy());
});
await listening(proxy);
process.once('disconnect', () => process.exit(0));
process.send({
  gateway: proxy.address().port,
  username: 'bench',
  password: 'bench',
  ca: material.certificatePem,
});

function listening(server) {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}
