/**
 * Scenarios: a small estate in a few readable lines, and the flows that must hold on it. docs/semantics/README.md
 * describes the language; the pages there and the table of example flows are written in it.
 *
 * @module
 */

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { open } from '../../src/app/files.ts';
import type { Opened } from '../../src/app/open.ts';
import { why } from '../../src/app/why.ts';
import { formatIp } from '../../src/lib/ip.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import type { Trace } from '../../src/net/trace.ts';
import { Draft } from './scenario-draft.ts';

/** What a scenario says. */
export interface Scenario {
  /** A folder of the repository to start from; nothing: an empty resource group. */
  readonly base?: string;
  /** Additions, settings and removals, in order. */
  readonly change?: readonly JsonObject[];
  /** Members of cloister.yaml. */
  readonly beside?: JsonObject;
  /** `from -> to[:port][/udp] [as caller]` and how it ends. */
  readonly flows?: Readonly<Record<string, string>>;
  /** Part of the error that the deployment ends with. */
  readonly refused?: string;
}

const members = ['base', 'change', 'beside', 'flows', 'refused'];

/** Reads a scenario. Throws where it says something that no scenario can. */
export function readScenario(text: string): Scenario {
  const scenario = parse(text) as Scenario;
  const stranger = Object.keys(scenario).find((member) => !members.includes(member));
  if (stranger !== undefined) throw new Error(`a scenario has no '${stranger}'`);
  return scenario;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Writes a scenario's template and cloister.yaml into a folder of their own, for as long as the work takes. */
export async function withFolder<T>(
  { base, change = [], beside = {} }: Scenario,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-scenario-'));
  try {
    const draft = base === undefined ? new Draft() : await Draft.of(join(root, base));
    for (const edit of change) draft.edit(edit);
    writeFileSync(join(folder, 'main.json'), JSON.stringify(draft.template(), undefined, 2));
    const content = base === undefined ? {} : copyContent(join(root, base), folder);
    writeFileSync(join(folder, 'cloister.yaml'), stringify({ ...content, ...beside }));
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the example's cloister.yaml says, with the files that it names. */
function copyContent(from: string, folder: string): JsonObject {
  mkdirSync(join(folder, 'model'));
  cpSync(join(from, 'model', 'regression.onnx'), join(folder, 'model', 'regression.onnx'));
  cpSync(join(from, 'model', 'score.py'), join(folder, 'model', 'score.py'));
  return {
    content: { 'storage/stclinic/models/length-of-stay/1/regression.onnx': 'model/regression.onnx' },
    sites: { 'branch-office': { via: 'internet' } },
  };
}

/** Deploys a scenario offline. Rejects with InputError where the deployment is refused. */
export function openScenario(scenario: Scenario): Promise<Opened> {
  return withFolder(scenario, (folder) => open([folder]));
}

/** A question, as `why` takes it. */
export interface Asked {
  readonly from: string;
  readonly to: string;
  readonly protocol?: string;
  readonly as?: string;
}

/** Reads the left side of a flow. */
export function readFlow(text: string): Asked {
  const match = /^(\S+) -> (\S+?)(?:\/(udp|icmp))?(?: as (\S+))?$/.exec(text);
  if (!match) throw new Error(`not a flow: ${text}`);
  const [, from = '', to = '', protocol, as] = match;
  return { from, to, ...(protocol === undefined ? {} : { protocol }), ...(as === undefined ? {} : { as }) };
}

/** How a flow is said to end. Members that are absent are not claimed. */
interface Claim {
  readonly disposition: string;
  readonly address?: string;
  readonly resource?: string;
  readonly rule?: string;
  readonly assumed?: readonly string[];
}

const claim =
  /^(?<disposition>[a-z-]+)(?: at (?<address>[\d.]+))?(?: by (?<resource>[^,]+?))?(?:, (?<rule>.+?))?(?: assuming (?<assumed>[a-z, -]+))?$/;

/** Reads the right side of a flow. */
export function readClaim(text: string): Claim {
  const groups = claim.exec(text)?.groups;
  if (!groups) throw new Error(`not an end of a flow: ${text}`);
  const { assumed, ...said } = Object.fromEntries(
    Object.entries(groups).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return {
    disposition: said['disposition'] ?? '',
    ...said,
    ...(assumed === undefined ? {} : { assumed: assumed.split(', ') }),
  };
}

/** Answers a flow with exactly the members that a claim has, so that the two can be compared. */
export function endingOf(trace: Trace, claimed: Claim): Claim {
  const last = trace.steps.at(-1);
  return {
    disposition: trace.disposition,
    ...(claimed.address === undefined ? {} : { address: trace.address ?? 'none' }),
    ...(claimed.resource === undefined ? {} : { resource: shortName(last?.resource ?? '') }),
    ...(claimed.rule === undefined ? {} : { rule: last?.rule ?? '' }),
    ...(claimed.assumed === undefined ? {} : { assumed: trace.assumed }),
  };
}

/** The last segment of an id, without the suffix that a service invents. */
export function shortName(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1).replace(/\.[0-9a-f-]{36}$/, '');
}

/** Asks a flow of an opened estate. */
export function ask({ linked }: Opened, flow: string): Trace {
  return why(linked.network, readFlow(flow));
}

/** `public/jumpbox-ip` is the address that the resource got. */
export function placed(flow: string, { linked }: Opened): string {
  return flow.replace(/public\/([\w-]+)/, (_, name: string) => {
    const found = [...linked.network.publicAddresses].find(([id]) => shortName(id) === name);
    if (!found) throw new Error(`there is no public address ${name}`);
    return formatIp(found[1]);
  });
}

/** An answer as `why --json` prints it. */
export function printed(trace: Trace): string {
  return `${JSON.stringify(trace satisfies object as unknown as Json, undefined, 2)}\n`;
}
