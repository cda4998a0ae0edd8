/**
 * Loaded into a server with `node --import`: writes each answer of Azure Resource Manager as one line of JSON,
 * {method, target, status, headers, body}, to the file that RECORD_ANSWERS names. Secrets are masked.
 */

import { appendFileSync } from 'node:fs';
import { ServerResponse } from 'node:http';

const file = process.env.RECORD_ANSWERS;
const secret =
  /^(key|value|primaryKey|secondaryKey|accessToken|sasToken|password|\w*(StorageKey|AccessKey|InstrumentationKey))$/;
const heard = new WeakMap();

/** What this answer says so far; undefined where it is not Azure Resource Manager's. */
function told(response) {
  if (response.req?.headers.host !== 'management.azure.com') return undefined;
  const known = heard.get(response) ?? { chunks: [], headers: {} };
  heard.set(response, known);
  return known;
}

function wrap(name, listen) {
  const original = ServerResponse.prototype[name];
  ServerResponse.prototype[name] = function (...args) {
    const answer = told(this);
    if (answer) listen(answer, args, this);
    return original.apply(this, args);
  };
}

function hear({ chunks }, [chunk]) {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
}

if (file !== undefined) {
  wrap('writeHead', (answer, args) => {
    for (const [header, value] of Object.entries(args.at(-1) ?? {}))
      answer.headers[header.toLowerCase()] = value;
  });
  wrap('write', hear);
  wrap('end', (answer, args, response) => {
    hear(answer, args);
    const { method, url: target } = response.req;
    const headers = { ...response.getHeaders(), ...answer.headers };
    const text = Buffer.concat(answer.chunks).toString('utf8');
    const masked = method === 'POST' && response.statusCode < 300;
    const body = text === '' ? undefined : JSON.parse(text, masked ? mask : undefined);
    const line = { method, target, status: response.statusCode, headers, body };
    appendFileSync(file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  });
}

function mask(name, value) {
  return typeof value === 'string' && secret.test(name) ? 'masked' : value;
}
