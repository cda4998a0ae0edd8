/**
 * The process behind an `onnx` deployment: loads one model and answers the Azure ML inference contract on a socket.
 *
 *     node onnx-replica.mjs SOCKET MODEL_FOLDER
 *
 * It is plain JavaScript, type-checked and copied by tsc, so that the same file runs from src/ and from dist/.
 * It listens once the model is loaded: nobody can reach it before it is ready. When its standard input ends, the
 * process that started it is gone, and it ends too. It removes its folder itself, in case nobody else is left to.
 *
 * @module
 */

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, dirname, join } from 'node:path';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';

/** @typedef {{ status: number, body: unknown }} Answer What to send, as JSON. */
/** @typedef {readonly (readonly number[])[]} Rows A table of numbers whose rows are equally long. */
/** @typedef {'float32' | 'float64' | 'int32' | 'int64'} Kind Element types that rows of numbers can be made into. */

/** Bytes of a request body. */
const maxBody = 16 * 2 ** 20;

/** A request that the model cannot be asked. */
class BadArgument extends Error {}

const [socket = '', folder = ''] = process.argv.slice(2);

for (const [source, event] of /** @type {const} */ ([
  [process.stdin.resume(), 'close'],
  [process, 'SIGTERM'],
])) {
  source.once(event, () => {
    try {
      rmSync(dirname(socket), { recursive: true, force: true });
    } catch {
      // In a sandbox it goes with everything else.
    }
    process.exit(0);
  });
}

// One thread: replicas are the unit of parallelism, and worker threads would double the memory.
env.wasm.numThreads = 1;
const file = modelFile();
const session = await InferenceSession.create(new Uint8Array(readFileSync(file)));
const { input, kind, columns, batch, output } = signature();
/** The end of the last run: a session runs one request at a time. @type {Promise<unknown>} */
let last = Promise.resolve();

createServer((request, response) => {
  const start = performance.now();
  void answer(request).then(({ status, body }) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const type = typeof body === 'string' ? 'text/plain' : 'application/json';
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
    if (request.url === '/') return;
    console.log(`${request.method} ${request.url} ${status} ${(performance.now() - start).toFixed(1)} ms`);
  });
}).listen(socket, () => console.log(`${basename(file)} is loaded`));

/** Finds the answer to a request. Never rejects. @param {import('node:http').IncomingMessage} request */
async function answer(request) {
  const path = request.url?.split('?')[0];
  if (path === '/') return { status: 200, body: 'Healthy' };
  if (path !== '/score') return refusal(404, 'NotFound', 'This model answers POST /score.');
  if (request.method !== 'POST') return refusal(405, 'MethodNotAllowed', 'Use POST.');
  try {
    const body = await bodyOf(request);
    if (body === undefined) return refusal(413, 'RequestTooLarge', `The body is over ${maxBody} bytes.`);
    const rows = rowsOf(body);
    const run = last.then(() => predict(rows));
    last = run.catch(() => {});
    return { status: 200, body: await run };
  } catch (error) {
    if (error instanceof BadArgument) return refusal(400, 'BadArgument', error.message);
    console.error(error);
    return refusal(500, 'ScoringFailed', error instanceof Error ? error.message : String(error));
  }
}

/** @param {number} status @param {string} code @param {string} message @returns {Answer} */
function refusal(status, code, message) {
  return { status, body: { error: { code, message } } };
}

/** Reads the body, or reads past it where it is too large. @param {AsyncIterable<Buffer>} request */
async function bodyOf(request) {
  /** @type {Buffer[]} */
  let chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > maxBody) chunks = [];
    else chunks.push(chunk);
  }
  return length > maxBody ? undefined : Buffer.concat(chunks).toString('utf8');
}

/** Returns the rows that the body asks about. @param {string} body @returns {Rows} */
function rowsOf(body) {
  const document = parsed(body);
  const data = document?.input_data ?? document?.data;
  const rows = Array.isArray(data) ? data : data?.data;
  if (!Array.isArray(rows) || rows.length === 0) {
    throw new BadArgument('The body must be {"input_data": [[number, ...], ...]} with at least one row.');
  }
  const width = columns ?? (Array.isArray(rows[0]) ? rows[0].length : 0);
  const names = Array.isArray(data) ? undefined : data.columns;
  if (Array.isArray(names) && names.length !== width) {
    throw new BadArgument(`"columns" names ${names.length} columns; the model takes ${width}.`);
  }
  rows.forEach((row, at) => {
    if (!Array.isArray(row)) throw new BadArgument(`Row ${at} is not an array.`);
    if (row.length !== width || width === 0) {
      throw new BadArgument(
        `Row ${at} has ${row.length} columns; the model takes ${width || 'at least one'}.`,
      );
    }
    const wrong = row.findIndex((value) => !acceptable(value));
    if (wrong >= 0) {
      const wanted = kind.startsWith('int') ? 'a whole number' : 'a finite number';
      const value = JSON.stringify(row[wrong]).slice(0, 40);
      throw new BadArgument(`Row ${at}, column ${wrong}: ${value} is not ${wanted}.`);
    }
  });
  if (batch !== undefined && rows.length % batch !== 0) {
    throw new BadArgument(`The model takes rows in batches of ${batch}; there are ${rows.length}.`);
  }
  return rows;
}

/** @param {string} body */
function parsed(body) {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new BadArgument(`The body is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** Reports whether the model's element type can hold the value. @param {unknown} value */
function acceptable(value) {
  if (kind === 'int32') return typeof value === 'number' && value === (value | 0);
  return kind === 'int64' ? Number.isSafeInteger(value) : Number.isFinite(value);
}

/** Returns one prediction a row: a number where the output has one column, else an array. @param {Rows} rows */
async function predict(rows) {
  const size = batch ?? rows.length;
  const predictions = [];
  for (let at = 0; at < rows.length; at += size) {
    const part = rows.slice(at, at + size);
    const results = await session.run({ [input]: tensor(part) }, [output]);
    const result = results[output];
    if (result === undefined) throw new Error(`the model gave no output "${output}"`);
    const values = Array.from(/** @type {Iterable<unknown>} */ (result.data), plain);
    const width = values.length / size;
    for (let row = 0; row < size; row++) {
      predictions.push(width === 1 ? values[row] : values.slice(row * width, (row + 1) * width));
    }
  }
  return predictions;
}

/** JSON has no 64 bit integers. @param {unknown} value */
function plain(value) {
  return typeof value === 'bigint' ? Number(value) : value;
}

/** @param {Rows} rows */
function tensor(rows) {
  const values = rows.flat();
  const shape = [rows.length, values.length / rows.length];
  if (kind === 'int64') return new Tensor(kind, BigInt64Array.from(values, BigInt), shape);
  return new Tensor(kind, values, shape);
}

/** Returns the path of the model: the only .onnx file, or the only model.onnx, in the folder or below. */
function modelFile() {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.onnx'),
  );
  const named = found.filter((name) => basename(name) === 'model.onnx');
  const [only] = found.length === 1 ? found : named;
  if (only !== undefined && (found.length === 1 || named.length === 1)) return join(folder, only);
  const list = found.length === 0 ? 'none' : found.sort().join(', ');
  return fatal(`${folder} must hold one .onnx file, or one named model.onnx; it holds ${list}`);
}

/** What the model takes and gives. Ends the process where rows of numbers are not what it takes. */
function signature() {
  const [only, ...more] = session.inputMetadata;
  const output = session.outputNames[0];
  if (only === undefined || more.length > 0 || !only.isTensor || output === undefined) {
    return fatal(`${basename(file)}: only models with one input tensor can be scored by rows`);
  }
  if (only.shape.length !== 2)
    return fatal(`${basename(file)}: the input "${only.name}" is not [rows, columns]`);
  const kinds = /** @type {const} */ (['float32', 'float64', 'int32', 'int64']);
  /** @type {Kind | undefined} */
  const kind = kinds.find((known) => known === only.type);
  if (kind === undefined) return fatal(`${basename(file)}: the input "${only.name}" holds ${only.type}`);
  const [batch, columns] = only.shape.map((size) =>
    typeof size === 'number' && size > 0 ? size : undefined,
  );
  return { input: only.name, kind, columns, batch, output };
}

/** Says why this replica cannot run and ends it. @param {string} message @returns {never} */
function fatal(message) {
  console.error(message);
  process.exit(1);
}
