/**
 * Every answer of Azure Resource Manager that a client got, against what is known of Azure's: statuses, headers of
 * long-running operations, errors, and the members of each resource.
 *
 * @module
 */

import { asList, asText, type Json, member } from '../../../src/lib/json.ts';
import { parseUuid } from '../../../src/lib/uuid.ts';
import { Findings, readShapes, type Shapes } from './shapes.ts';

/** One recorded answer; names of headers are in lower case. */
export interface Answer {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | readonly string[]>>;
  readonly body?: Json;
}

/** What was looked at, and what was found. */
export interface Judgement {
  readonly answers: number;
  readonly fields: number;
  /** Types whose members were looked at. */
  readonly types: readonly string[];
  /** What no source says: types, members and actions. */
  readonly assumed: readonly string[];
  readonly problems: readonly string[];
}

const statuses: Readonly<Record<string, readonly number[]>> = {
  GET: [200, 202, 204],
  HEAD: [200, 204],
  PUT: [200, 201, 202],
  PATCH: [200, 202],
  DELETE: [200, 202, 204],
  POST: [200, 202, 204],
};
const images = 'Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions';
const final = ['Succeeded', 'Failed', 'Canceled'];

/** Looks at a transcript: one line of JSON an answer. */
export function judge(transcript: string): Judgement {
  const answers = transcript
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Answer);
  const shapes = readShapes();
  const findings = new Findings(shapes);
  for (const answer of answers) look(answer, shapes, findings);
  const { fields, types, assumed, problems } = findings;
  return {
    answers: answers.length,
    fields,
    types: [...types].sort(),
    assumed: [...assumed].sort(),
    problems: [...new Set(problems)],
  };
}

function look(answer: Answer, shapes: Shapes, findings: Findings): void {
  const { method, status, body, headers } = answer;
  const path = (answer.target.split('?')[0] ?? '').replace(/\/{2,}/g, '/').replace(/\/$/, '');
  const at = `${method} ${path.split('/').slice(-2).join('/')} ${status}`;
  const wrong = (says: string): void => void findings.problems.push(`${at}: ${says}`);
  if (parseUuid(String(headers['x-ms-request-id'])) === undefined) wrong('lacks x-ms-request-id');
  if (body === undefined) {
    if (status !== 200 && status !== 202 && status !== 204 && method !== 'HEAD') wrong('has no body');
  } else if (headers['content-type'] !== 'application/json; charset=utf-8') {
    wrong(`is ${String(headers['content-type'])}`);
  }
  if (status >= 400) {
    if (method !== 'HEAD') findings.check(shapes.others.error, body, at);
    return;
  }
  if (!statuses[method]?.includes(status)) wrong(`${method} is not answered so`);
  if (status === 204 && body !== undefined) wrong('a 204 has no body');
  if (status === 202 && !isAddress(headers['location'])) wrong('a 202 says Location, an absolute address');
  operationOf(answer, wrong);
  if (body !== undefined) content(answer, path, at, shapes, findings);
}

/** A resource that is not ready says where to ask; one that does not say so is ready. */
function operationOf({ method, headers, body }: Answer, wrong: (says: string) => void): void {
  const address = headers['azure-asyncoperation'];
  const state = asText(member(member(body, 'properties'), 'provisioningState'));
  if (address === undefined) {
    const written = method === 'PUT' || method === 'PATCH';
    if (written && state !== undefined && !final.includes(state)) wrong(`is ${state}, and says no operation`);
    return;
  }
  if (!isAddress(address)) wrong('Azure-AsyncOperation is no absolute address');
  if (!/^\d+$/.test(String(headers['retry-after']))) wrong('says an operation without Retry-After');
  if (state !== undefined && final.includes(state)) wrong(`says an operation, and is ${state}`);
}

function isAddress(value: unknown): boolean {
  return (
    typeof value === 'string' && /^https:\/\/management\.azure\.com\/\S+[?&]api-version=\d{4}-/.test(value)
  );
}

function content(
  { method, body = null }: Answer,
  path: string,
  at: string,
  shapes: Shapes,
  findings: Findings,
): void {
  const segments = path.split('/').slice(1);
  const provider = segments.map((part) => part.toLowerCase()).lastIndexOf('providers');
  const [namespace = '', ...tail] = provider < 0 ? ['Microsoft.Resources'] : segments.slice(provider + 1);
  const types = tail.filter((_, index) => index % 2 === 0);
  if (/operationstatuses/i.test(types[0] ?? '')) {
    findings.check(shapes.others.operation, body, at);
    return;
  }
  if (method === 'POST') {
    const action = [namespace, ...types.slice(0, -1), tail.at(-1)].join('/');
    const known = Object.keys(shapes.actions).find((name) => name.toLowerCase() === action.toLowerCase());
    if (known === undefined) findings.assumed.add(action);
    else findings.check(shapes.actions[known] ?? 'any', body, at);
    return;
  }
  const type = [namespace, ...types].join('/');
  if (tail.length === 0) bare(body, at, shapes, findings);
  else if (tail.length % 2 === 0) findings.resource(type, body, at);
  // Compute lists the marketplace without `value`.
  else if (type === images && Array.isArray(body))
    for (const item of body) findings.check({ 'id!': 'id', 'name!': 'text', 'location!': 'text' }, item, at);
  else collection(type, body, at, shapes, findings);
}

function collection(type: string, body: Json, at: string, shapes: Shapes, findings: Findings): void {
  findings.check(shapes.others.collection, body, at);
  for (const [index, item] of asList(member(body, 'value')).entries()) {
    const own = asText(member(item, 'type')) ?? type;
    findings.resource(own, item, `${at} value[${index}]`);
  }
}

/** Subscriptions, groups, namespaces, everything in a group: an id, or a list of what has one. */
function bare(body: Json, at: string, shapes: Shapes, findings: Findings): void {
  if (member(body, 'value') === undefined) {
    findings.check({ 'id!': 'id', '*': 'any' }, body, at);
    return;
  }
  findings.check(shapes.others.collection, body, at);
  for (const item of asList(member(body, 'value'))) findings.check({ 'id!': 'text', '*': 'any' }, item, at);
}
