/**
 * Fits the length of a hospital stay to four features and writes the model: `node train.mjs [OUTPUT_FOLDER]`.
 *
 * Reads data.csv beside this file and writes, to the given folder or beside this file,
 *   regression.onnx     one Gemm: input `input` float [N,4], output `output` float [N,1], opset 13
 *   coefficients.json   the same numbers, for score.py
 * It needs nothing but Node, and the same data gives the same bytes.
 *
 * @module
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const [header, ...records] = readFileSync(join(here, 'data.csv'), 'utf8').trim().split('\n');
const features = header.split(',').slice(0, -1);
const rows = records.map((record) => record.split(',').map(Number));
const [intercept, ...coefficients] = leastSquares(
  rows.map((row) => [1, ...row.slice(0, -1)]),
  rows.map((row) => row.at(-1)),
);

const folder = process.argv[2] ?? here;
writeFileSync(join(folder, 'regression.onnx'), gemmModel(coefficients, intercept));
writeFileSync(
  join(folder, 'coefficients.json'),
  `{
  "features": [${features.map((name) => JSON.stringify(name)).join(', ')}],
  "coefficients": [${coefficients.join(', ')}],
  "intercept": ${intercept}
}
`,
);

/** Returns the w that minimises |Xw - y|, from the normal equations (X'X) w = X'y. */
function leastSquares(x, y) {
  const width = x[0].length;
  const sum = (term) => x.reduce((total, row, at) => total + term(row, y[at]), 0);
  const system = Array.from({ length: width }, (_, i) => [
    ...Array.from({ length: width }, (_, j) => sum((row) => row[i] * row[j])),
    sum((row, target) => row[i] * target),
  ]);
  // Gauss-Jordan elimination, always on the largest pivot that is left.
  for (let at = 0; at < width; at++) {
    let pivot = at;
    for (let i = at + 1; i < width; i++) {
      if (Math.abs(system[i][at]) > Math.abs(system[pivot][at])) pivot = i;
    }
    [system[at], system[pivot]] = [system[pivot], system[at]];
    for (let i = 0; i < width; i++) {
      if (i === at) continue;
      const factor = system[i][at] / system[at][at];
      for (let j = at; j <= width; j++) system[i][j] -= factor * system[at][j];
    }
  }
  return system.map((row, at) => row[width] / row[at]);
}

/** Returns an ONNX ModelProto. Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
function gemmModel(weights, bias) {
  const columns = weights.length;
  return message(
    number(1, 7), // ir_version: the one that came with opset 13's release
    text(2, 'cloister-example'), // producer_name
    field(
      7, // graph
      field(1, text(1, 'input'), text(1, 'weights'), text(1, 'bias'), text(2, 'output'), text(4, 'Gemm')),
      text(2, 'regression'),
      field(5, tensor('weights', [columns, 1], weights)),
      field(5, tensor('bias', [1], [bias])),
      field(11, floats('input', columns)),
      field(12, floats('output', 1)),
    ),
    field(8, number(2, 13)), // opset_import: the default domain, version 13
  );
}

/** TensorProto: dims, data_type FLOAT, name, raw_data (little endian). */
function tensor(name, dims, values) {
  const raw = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => {
    raw.writeFloatLE(value, 4 * at);
  });
  return message(...dims.map((dim) => number(1, dim)), number(2, 1), text(8, name), field(9, raw));
}

/** ValueInfoProto of a float tensor [N, columns]. */
function floats(name, columns) {
  const shape = field(2, field(1, text(2, 'N')), field(1, number(1, columns)));
  return message(text(1, name), field(2, field(1, number(1, 1), shape)));
}

/** A length-delimited field: a nested message or bytes. */
function field(id, ...parts) {
  const body = message(...parts);
  return message(varint(id * 8 + 2), varint(body.length), body);
}

/** A text field. */
function text(id, value) {
  return field(id, Buffer.from(value, 'utf8'));
}

/** A field that holds a whole number. */
function number(id, value) {
  return message(varint(id * 8), varint(value));
}

/** Seven bits a byte, the lowest first; the top bit says that more follow. */
function varint(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}

/** Parts one after the other. */
function message(...parts) {
  return Buffer.concat(parts);
}
