/**
 * `npm start`: the main job on the example. Deploy a private workspace, score a model through its private endpoint,
 * see the same request refused from the internet, and learn why.
 *
 * @module
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AzureClient } from '../api/azure.ts';
import { ControlClient, findInstance, type Session } from '../api/control.ts';
import { type Answer, PlaceClient } from '../api/proxied.ts';
import { open } from '../app/files.ts';
import { type Trace, whyText } from '../app/index.ts';
import type { JsonObject } from '../lib/json.ts';
import { stateOf } from './flags.ts';
import { untilSignal } from './until-stopped.ts';
import { deployAll } from './up.ts';

const example = fileURLToPath(new URL('../../examples/secure-workspace', import.meta.url));
const inside = 'vm/jumpbox';
const outside = 'internet';

/** What the main job came to; the last line of `--json`. */
interface Report {
  readonly deployed: number;
  readonly seconds: number;
  readonly scored: { from: string; address: string | null; status: number; result: unknown };
  readonly refused: { from: string; status: number; code: string; disposition: string };
  readonly hosts: readonly string[];
}

/** Runs the main job; `--once` ends by itself, `--json` prints one line on stdout. */
export async function start(args: readonly string[]): Promise<number> {
  const once = args.includes('--once');
  const json = args.includes('--json');
  const at = args.indexOf('--state');
  const given = at < 0 ? undefined : args[at + 1];
  const unknown = args.find(
    (arg, index) => !['--once', '--json', '--state'].includes(arg) && index !== at + 1,
  );
  if (unknown !== undefined) {
    process.stderr.write(
      `npm start: unknown flag '${unknown}'; there are --once, --json and --state FOLDER\n`,
    );
    return 2;
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const temporary = once && given === undefined ? mkdtempSync(join(tmpdir(), 'cloister-once-')) : undefined;
  const { folder, memory } = stateOf(given === undefined ? {} : { state: given });
  const state = temporary ?? folder;
  const running = await findInstance(state);
  if (running) say(`an instance runs in ${state} already; deploying to it`);
  const started = performance.now();
  const signal = untilSignal();
  const { Instance } = await import('../server/instance.ts');
  const instance = running
    ? undefined
    : await Instance.start({ folder: state, memory: memory && temporary === undefined });
  try {
    const client = new ControlClient(running ?? (instance?.file as NonNullable<typeof running>));
    const work = mainJob(client, started, say);
    // Who stops it in the middle is not told of what failed for that.
    work.catch(() => {});
    const report = await Promise.race([work, signal]);
    if (!report) return 1;
    const held = holds(report);
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
    if (!held) say('not everything held: see above');
    if (!once && instance) {
      tell(say);
      await Promise.race([instance.stopping, signal]);
    }
    return held ? 0 : 1;
  } finally {
    await instance?.close();
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}

async function mainJob(client: ControlClient, started: number, say: (line: string) => void): Promise<Report> {
  say(`deploying ${example}`);
  const { sources } = await open([example]);
  const deployed = await deployAll(client, sources, {}, say);
  return job(client, deployed, started, say);
}

function holds({ deployed, scored, refused, hosts }: Report): boolean {
  return (
    deployed > 0 &&
    scored.status === 200 &&
    scored.address !== null &&
    Array.isArray(scored.result) &&
    refused.status === 403 &&
    refused.disposition === 'refused-by-door' &&
    hosts.length > 0
  );
}

async function job(
  client: ControlClient,
  deployed: number,
  started: number,
  say: (line: string) => void,
): Promise<Report> {
  const endpoint = 'endpoint/mlw-clinic/length-of-stay';
  const asked = JSON.parse(readFileSync(join(example, 'model', 'score-request.json'), 'utf8')) as JsonObject;
  const admin = await client.enter(outside);
  const azure = new AzureClient(admin);
  const path = await scoringResource(azure, admin);
  const { primaryKey } = await azure.post(`${path}/listKeys`);
  const { scoringUri } = (await azure.get(path))['properties'] as JsonObject;
  const score = (session: Session): Promise<Answer> =>
    request(session, String(scoringUri), String(primaryKey), asked);
  const jumpbox = await client.enter(inside);
  const good = await score(jumpbox);
  const seconds = Math.round(performance.now() - started) / 1000;
  const way = JSON.parse(await client.why({ from: inside, to: endpoint })) as Trace;
  say(`\nscored from ${inside}: ${good.status} ${good.body}\n`);
  say(whyText(way));
  const bad = await score(admin);
  const refusal = JSON.parse(await client.why({ from: outside, to: endpoint })) as Trace;
  const code = errorCode(bad.body);
  say(`the same request from the internet: ${bad.status} ${code}\n`);
  say(whyText(refusal));
  const hosts = (await client.hosts()).map(({ address, name }) => `${address} ${name}`);
  say(`hosts entries for a VPN client:\n${hosts.map((line) => `  ${line}`).join('\n')}`);
  azure.close();
  for (const session of [admin, jumpbox]) await client.leave(session.username);
  return {
    deployed,
    seconds,
    scored: { from: inside, address: way.address, status: good.status, result: parsed(good.body) },
    refused: { from: outside, status: bad.status, code, disposition: refusal.disposition },
    hosts,
  };
}

async function scoringResource(azure: AzureClient, { environment }: Session): Promise<string> {
  const root = `/subscriptions/${environment['AZURE_SUBSCRIPTION_ID']}`;
  const { value } = await azure.get(`${root}/providers/Microsoft.MachineLearningServices/workspaces`);
  const [workspace] = value as readonly JsonObject[];
  return `${String(workspace?.['id'])}/onlineEndpoints/length-of-stay`;
}

async function request(session: Session, uri: string, key: string, body: JsonObject): Promise<Answer> {
  const client = new PlaceClient(session);
  try {
    return await client.send(uri, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  } finally {
    client.close();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function errorCode(text: string): string {
  const body = parsed(text) as { error?: { code?: string } } | string;
  return typeof body === 'object' && body !== null ? (body.error?.code ?? '') : '';
}

function tell(say: (line: string) => void): void {
  say(`
It stays up. In another terminal, try:

  bin/cloister why --from vm/jumpbox --to storage/stclinic/blob
  bin/cloister why --from internet --to vault/kv-clinic
  bin/cloister exec --from vm/jumpbox -- curl -s https://kv-clinic.vault.azure.net/healthstatus
  bin/cloister places
  bin/cloister status

End it with Ctrl-C.`);
}
