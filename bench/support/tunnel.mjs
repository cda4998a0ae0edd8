/**
 * A client of a CONNECT proxy with as little of its own as can be, so that what is measured is the other side.
 */

import { connect } from 'node:net';
import { connect as secure } from 'node:tls';

/** Connects through a proxy. */
export function gatewayTo({ gateway, username, password }, host) {
  const credentials = Buffer.from(`${username}:${password}`).toString('base64');
  return new Promise((resolve, reject) => {
    const socket = connect({ port: gateway, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.write(
      `CONNECT ${host}:443 HTTP/1.1\r\nhost: ${host}:443\r\nproxy-authorization: Basic ${credentials}\r\n\r\n`,
    );
    let head = '';
    const onData = (chunk) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', onData).off('error', reject);
      if (head.startsWith('HTTP/1.1 200')) return resolve(socket);
      socket.destroy();
      reject(new Error(head));
    };
    socket.on('data', onData);
  });
}

/** Connects through a proxy and makes TLS over it, a full handshake each time. */
export async function tunnel(way, host) {
  const socket = await gatewayTo(way, host);
  const stream = secure({ socket, servername: host, ca: way.ca });
  await new Promise((resolve, reject) => stream.once('secureConnect', resolve).once('error', reject));
  return new Exchange(stream, host);
}

/** Requests over one connection, one after the other. */
class Exchange {
  #stream;
  #bytes;
  #text = '';
  #done;
  #failed;

  constructor(stream, host) {
    this.#stream = stream;
    this.#bytes = (path) => `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
    stream.on('data', (chunk) => this.#take(chunk));
    stream.on('error', (error) => this.#failed?.(error));
    stream.on('close', () => this.#failed?.(new Error('the connection was closed')));
  }

  /** The whole answer, as text. */
  ask(path) {
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#stream.write(this.#bytes(path));
    });
  }

  close() {
    this.#failed = undefined;
    this.#stream.destroy();
  }

  #take(chunk) {
    this.#text += chunk.toString('latin1');
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#text)?.[1] ?? 0);
    if (this.#text.length < end + 4 + length) return;
    const text = this.#text;
    this.#text = '';
    this.#done?.(text);
  }
}
