/**
 * A client of HTTP/1.1 with as little of its own as can be: requests over one connection, one after the other, of
 * whose answers it keeps the head and counts the rest. Through a gateway, directly with TLS, or without.
 */

import { connect } from 'node:net';
import { connect as secure } from 'node:tls';
import { gatewayTo } from './tunnel.mjs';

/** Opens a connection; `way` has `gateway` and credentials, or `port`; with `ca` TLS is made over it. */
export async function line(way, host) {
  const socket = way.gateway === undefined ? await direct(way.port) : await gatewayTo(way, host);
  if (way.ca === undefined) return new Line(socket, host);
  const stream = secure({ socket, servername: host, ca: way.ca });
  await new Promise((resolve, reject) => stream.once('secureConnect', resolve).once('error', reject));
  return new Line(stream, host);
}

function direct(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

class Line {
  #stream;
  #host;
  #head = '';
  #missing = -1;
  #done;
  #failed;

  constructor(stream, host) {
    this.#stream = stream;
    this.#host = host;
    stream.on('data', (chunk) => this.#take(chunk));
    stream.on('error', (error) => this.#failed?.(error));
    stream.on('close', () => this.#failed?.(new Error('the connection was closed')));
  }

  /** Sends a request and takes its answer in. Rejects where the answer has not the status that is wanted. */
  async ask(method, path, wanted, headers = {}, body = undefined) {
    const fields = { host: this.#host, 'content-length': body?.length ?? 0, ...headers };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const answered = new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
    });
    this.#stream.cork();
    this.#stream.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    if (body) this.#stream.write(body);
    this.#stream.uncork();
    const head = await answered;
    const status = Number(head.split(' ')[1]);
    if (status !== wanted) throw new Error(`${method} ${path}: ${head}`);
    return head;
  }

  close() {
    this.#failed = undefined;
    this.#stream.destroy();
  }

  #take(chunk) {
    let rest = chunk.length;
    if (this.#missing < 0) {
      this.#head += chunk.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      rest = this.#head.length - end - 4;
      this.#head = this.#head.slice(0, end);
      this.#missing = Number(/\r\ncontent-length: (\d+)/i.exec(this.#head)?.[1] ?? 0);
    }
    this.#missing -= rest;
    if (this.#missing > 0) return;
    const head = this.#head;
    this.#head = '';
    this.#missing = -1;
    this.#done?.(head);
  }
}
