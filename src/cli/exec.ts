/**
 * `cloister exec`: run a program as if it stood at a place. Its exit code is ours; 125 to 127 are our own.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import type { StateOptions } from './flags.ts';
import { report, runningInstance } from './report.ts';

/** Exit codes of our own: we failed, it could not be run, it was not found. */
export const failed = 125;
const notRunnable = 126;
const notFound = 127;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** Runs the program with the place's environment; terminal, folder and signals are passed on. */
export async function exec(
  command: readonly string[],
  options: StateOptions & { from: string; as?: string },
): Promise<number> {
  const [program = '', ...args] = command;
  try {
    const client = await runningInstance(options, 'Start one with: cloister up FILE');
    const session = await client.enter(options.from, options.as, true);
    try {
      const [first, ...rest] = session.entry
        ? ([...session.entry.command, process.cwd(), ...command] as const)
        : [program, ...args];
      const env = session.entry
        ? { ...apart(outside(process.env)), ...session.entry.environment }
        : { ...outside(process.env), ...session.environment };
      if (session.entry) closeInherited();
      return await ended(spawn(first ?? '', rest, { stdio: 'inherit', env }), program);
    } finally {
      await client.leave(session.username).catch(() => {});
    }
  } catch (error) {
    report(error);
    return failed;
  }
}

/** The environment without whom one is outside: a program signs in as who it is here. */
function outside(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const known = /^(AZURE_(CLIENT|TENANT|USERNAME|PASSWORD|FEDERATED|AUTHORITY)|IDENTITY_|IMDS_|MSI_)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !known.test(name)));
}

/** Without what leads past the network of a place: proxies, and sockets of agents and daemons. */
function apart(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const proxy = /^(?:(?:https?|all|no|ftp|rsync|socks)_proxy|NODE_USE_ENV_PROXY)$/i;
  return Object.fromEntries(
    Object.entries(env).filter(([name, value = '']) => !proxy.test(name) && !namesSocket(value)),
  );
}

/** `/path`, `unix:/path`, `unix:path=/path,...`, `unix:///path` */
function namesSocket(value: string): boolean {
  const paths = value.matchAll(/(?:^|[;,=:])(?:\/\/)?(\/[^;,]*)/g);
  return value.startsWith('unix:') || [...paths].some(([, path = '']) => isSocket(path));
}

function isSocket(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isSocket() === true;
  } catch {
    // What we may not look at, the program may not use.
    return false;
  }
}

const closeOnExec = 0o2000000;

/**
 * Closes what whoever started us left open and what leads outside: connections, devices, folders. Pipes and files are for
 * the program to read, as `<(...)` of a shell is. What Node itself opened is closed when a program is started.
 */
function closeInherited(): void {
  for (const fd of readdirSync('/proc/self/fd').map(Number)) {
    if (fd <= 2) continue;
    try {
      const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
      const opened = fstatSync(fd);
      const harmless = opened.isFIFO() || opened.isFile();
      if (!harmless && (Number.parseInt(flags ?? '0', 8) & closeOnExec) === 0) closeSync(fd);
    } catch {
      // It was the descriptor that the list was read with.
    }
  }
}

/** Waits for the program, and hands it the signals that come here. */
function ended(child: ChildProcess, program: string): Promise<number> {
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  return new Promise<number>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT' && !hasInterpreterProblem(program);
      const says = missing ? 'no such program' : error.message;
      process.stderr.write(`cloister exec: ${program}: ${says}\n`);
      resolve(missing ? notFound : notRunnable);
    });
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  }).finally(() => {
    for (const signal of signals) process.off(signal, pass);
  });
}

/** A script whose interpreter is missing is there, and cannot be run. */
function hasInterpreterProblem(program: string): boolean {
  return program.includes('/') && statSync(program, { throwIfNoEntry: false })?.isFile() === true;
}
