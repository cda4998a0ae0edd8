/**
 * The gateway's HTTP side: CONNECT and absolute-form requests (RFC 9110 section 9.3.6, RFC 9112 section 3.2.2).
 *
 * Only the header of the first request is read and, for absolute form, written anew; everything after it is
 * the server's, byte for byte.
 *
 * @module
 */

import { never } from '../../lib/result.ts';
import type { Outcome, Warden } from './decision.ts';
import type { Intake } from './intake.ts';
import { type Answer, ownAnswer, printAnswer, refusalAnswer } from './refusal.ts';
import { parseTarget, type Target } from './target.ts';

interface Field {
  readonly name: string;
  readonly value: string;
}

interface Request {
  readonly method: string;
  readonly version: string;
  readonly target: Target;
  /** The authority as written: what `Host` must say. */
  readonly authority: string;
  /** Path and query as written, in origin form; none for CONNECT. */
  readonly path: string | undefined;
  readonly fields: readonly Field[];
}

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/(1\.[01])\r\n$/;
const fieldLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*\r\n$/;
const absoluteForm = /^http:\/\/([^/?#]+)([/?][^#]*)?$/i;

/** Fields that end at a proxy. `Transfer-Encoding` is none here: the body passes as it was framed. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'upgrade',
]);

/** Fields that frame the message: a client must not have them dropped by naming them in `Connection`. */
const framing: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

const malformed = ownAnswer(
  400,
  'Bad Request',
  'http_request_error',
  'Not a proxy request: send CONNECT host:port, or a request for http://host/.',
);

const noIpv6 = ownAnswer(
  502,
  'Bad Gateway',
  'destination_ip_unroutable',
  'IPv6 destinations are not carried: the networks here are IPv4.',
);

/** Says nothing but how to sign in: who has no credentials learns nothing about the network. */
const unproved: Answer = {
  status: 407,
  reason: 'Proxy Authentication Required',
  fields: [['Proxy-Authenticate', 'Basic realm="cloister", charset="UTF-8"']],
};

/** Reads one proxy request and finds out what becomes of it. */
export async function readHttp(intake: Intake, warden: Warden): Promise<Outcome> {
  const request = await readRequest(intake);
  if (request === undefined || request.target.kind === 'malformed') return end(malformed);
  const bodiless = request.method === 'HEAD';
  const place = placeOf(request.fields, warden);
  if (place === undefined) return end(unproved);
  if (request.target.kind === 'ipv6') return end(noIpv6, bodiless);
  const { host, port } = request.target;
  const decision = warden.decide({ place, host, port });
  switch (decision.verdict) {
    case 'refuse':
      return end(refusalAnswer(decision), bodiless);
    case 'connect': {
      const { deliver } = decision;
      if (request.path !== undefined) {
        return {
          kind: 'connect',
          answer: Buffer.alloc(0),
          first: originForm(request, request.path),
          deliver,
        };
      }
      const answer = Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n');
      return { kind: 'connect', answer, first: Buffer.alloc(0), deliver };
    }
    default:
      return never(decision);
  }
}

function end(answer: Answer, bodiless = false): Outcome {
  return { kind: 'end', answer: printAnswer(answer, bodiless) };
}

/** Reads a request line and its fields; nothing where they are not HTTP/1 addressed to a proxy. */
async function readRequest(intake: Intake): Promise<Request | undefined> {
  // A TLS greeting and the like never hold the line feed that takeLine() waits for.
  const first = await intake.peek();
  if (first < 0x21 || first > 0x7e) return undefined;
  const [, method, target, version] = requestLine.exec(await text(intake)) ?? [];
  if (method === undefined || target === undefined || version === undefined) return undefined;
  const fields: Field[] = [];
  for (let line = await text(intake); line !== '\r\n'; line = await text(intake)) {
    const [, name, value] = fieldLine.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    fields.push({ name, value });
  }
  if (method === 'CONNECT') {
    return { method, version, target: parseTarget(target), authority: target, path: undefined, fields };
  }
  const [, authority, rest = ''] = absoluteForm.exec(target) ?? [];
  if (authority === undefined) return undefined;
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  // RFC 9112 section 3.2.4: OPTIONS for a whole server has no path to put into origin form.
  const whole = method === 'OPTIONS' && rest === '';
  return { method, version, target: parseTarget(authority, 80), authority, path: whole ? '*' : path, fields };
}

async function text(intake: Intake): Promise<string> {
  return (await intake.takeLine()).toString('latin1');
}

/** Returns the place that the `Proxy-Authorization` field proves (RFC 7617), or that needs no proof. */
function placeOf(fields: readonly Field[], warden: Warden): string | undefined {
  const [given, second] = fields.filter(({ name }) => name.toLowerCase() === 'proxy-authorization');
  if (given === undefined) return warden.admit(undefined);
  const [, encoded] = /^basic +([A-Za-z0-9+/=_-]+)$/i.exec(given.value) ?? [];
  if (encoded === undefined || second !== undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0
    ? undefined
    : warden.admit({ username: pair.slice(0, colon), password: pair.slice(colon + 1) });
}

/**
 * Prints the request as its server expects it, without what concerned the proxy.
 *
 * `Host` is what the request line says, whatever the client's own field says (RFC 9112 section 3.2.2): the
 * decision was made for that host. One request a connection, because the next could name another one.
 */
function originForm({ method, version, authority, fields }: Request, path: string): Buffer {
  const named = fields
    .filter(({ name }) => name.toLowerCase() === 'connection')
    .flatMap(({ value }) => value.split(',').map((option) => option.trim().toLowerCase()));
  const dropped = new Set([...hopByHop, 'host', ...named.filter((name) => !framing.has(name))]);
  const kept = fields.filter(({ name }) => !dropped.has(name.toLowerCase()));
  const lines = [
    `${method} ${path} HTTP/${version}`,
    `Host: ${authority}`,
    ...kept.map(({ name, value }) => `${name}: ${value}`),
    'Connection: close',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
