/**
 * A PostgreSQL server of a test's own: a fresh cluster in a temporary folder, reached by a socket in it.
 *
 * @module
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const packaged = '/usr/lib/postgresql';

/** The folder of the newest server's programs; undefined where there is none. */
function programs(): string | undefined {
  const versions = existsSync(packaged) ? readdirSync(packaged) : [];
  const folders = versions.sort((a, b) => Number(b) - Number(a)).map((it) => join(packaged, it, 'bin'));
  const path = (process.env['PATH'] ?? '').split(delimiter);
  return [...path, ...folders].find((folder) => folder !== '' && existsSync(join(folder, 'initdb')));
}

const bin = programs();

/** Why there is no server to test with; undefined where there is one. A server that is required is not missed. */
export const missing =
  bin !== undefined
    ? undefined
    : 'the programs of PostgreSQL (initdb, postgres) are not here: install postgresql';
if (missing !== undefined) {
  if (process.env['CLOISTER_REQUIRE_ALL'] === '1') throw new Error(missing);
  console.log(`skipped: PostgreSQL, because ${missing}`);
}

/** PostgreSQL does not run as root: root runs it as `nobody`. */
function user(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** A running server. */
export class Cluster {
  readonly #folder: string;
  readonly #socket: string;
  #server: ChildProcess | undefined;

  private constructor(folder: string, socket: string) {
    this.#folder = folder;
    this.#socket = socket;
  }

  static async start(): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'cloister-pg-'));
    const [data, socket] = [join(folder, 'data'), join(folder, 's')];
    const { uid, gid } = user();
    for (const each of [data, socket]) mkdirSync(each, { mode: 0o700 });
    if (uid !== undefined && gid !== undefined)
      for (const each of [folder, data, socket]) chownSync(each, uid, gid);
    execFileSync(
      join(bin ?? '', 'initdb'),
      ['-D', data, '-U', 'cloister', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      { ...user(), cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const cluster = new Cluster(folder, socket);
    await cluster.run();
    return cluster;
  }

  /** Of its one database. */
  get address(): string {
    return `postgres://cloister@${encodeURIComponent(this.#socket)}/postgres`;
  }

  /** Starts the server (again). */
  async run(...settings: readonly string[]): Promise<void> {
    const flags = ['listen_addresses=', `unix_socket_directories=${this.#socket}`, ...settings];
    this.#server = spawn(
      join(bin ?? '', 'postgres'),
      ['-D', join(this.#folder, 'data'), ...flags.flatMap((flag) => ['-c', flag])],
      { ...user(), cwd: this.#folder, stdio: 'ignore' },
    );
    for (;;) {
      if (this.#server.exitCode !== null) throw new Error(`postgres ended with ${this.#server.exitCode}`);
      const up = await this.query('SELECT 1').then(
        () => true,
        () => false,
      );
      if (up) return;
      await sleep(30);
    }
  }

  /** Ends the server: at once (SIGQUIT, as in a crash), or in order (SIGINT). */
  async end(signal: 'SIGQUIT' | 'SIGINT' = 'SIGINT'): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server || server.exitCode !== null) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
  }

  /** Asks something in a session of its own. */
  async query(text: string): Promise<readonly unknown[]> {
    const client = new pg.Client({ connectionString: this.address });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query(text)).rows ?? [];
    } finally {
      await client.end().catch(() => {});
    }
  }

  /** Drops the estate. */
  async clear(): Promise<void> {
    await this.query('DROP SCHEMA IF EXISTS cloister CASCADE');
  }

  async remove(): Promise<void> {
    await this.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
