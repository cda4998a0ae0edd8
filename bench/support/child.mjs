/**
 * Processes that a bench starts: their output, their end, and what they send.
 */

import { fork, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { root } from './measure.mjs';

/** Runs node to its end. Answers how long it took, in milliseconds, and what it said. */
export function run(args, { env = {}, codes = [0] } = {}) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => {
      const milliseconds = performance.now() - start;
      if (codes.includes(code)) resolve({ milliseconds, stdout, stderr, code });
      else reject(new Error(`node ${args.join(' ')} ended with ${code}:\n${stderr}`));
    });
  });
}

/** Starts a helper of this folder; resolves with its first message, and a way to end it. */
export function helper(name, argument) {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const child = fork(file, [JSON.stringify(argument)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
    child.once('message', (message) => {
      const ended = new Promise((done) => child.once('exit', done));
      const end = () => {
        child.disconnect();
        return ended;
      };
      resolve({ message, pid: child.pid, end });
    });
  });
}

/** Resident memory of a process in MiB: now, and at most so far. Undefined where there is no /proc. */
export function memoryOf(pid) {
  let status;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return undefined;
  }
  const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { now: of('VmRSS'), most: of('VmHWM') };
}

/** A port that nobody listens at. */
export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Starts a server that is not ours; resolves when its port takes connections. */
export async function serve(command, args, port, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
  const ended = new Promise((done) => child.once('exit', done));
  const end = () => {
    child.kill();
    return ended;
  };
  let gone = false;
  child
    .once('error', (error) => (gone = error))
    .once('exit', (code) => (gone = new Error(`${command}: ${code}`)));
  for (let attempt = 0; attempt < 300; attempt++) {
    if (gone) throw gone;
    if (await listens(port)) return { pid: child.pid, end };
    await new Promise((done) => setTimeout(done, 100));
  }
  child.kill();
  throw new Error(`${command} does not listen`);
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
