/**
 * Makes an image: this machine's Python with the libraries that it needs, and a program over it. Nothing is fetched.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Made, tarOf } from '../../src/compute/image/tar.testing.ts';
import type { JsonObject } from '../../src/lib/json.ts';

/** What the standard library has and servers do not need. */
const unneeded = [
  'test',
  'idlelib',
  'tkinter',
  'ensurepip',
  'site-packages',
  '__pycache__',
  'lib2to3',
  'config-*',
];

/** An archive of Python: its program, its libraries and its modules, where they are on this machine, without links. */
export function pythonLayer(): { readonly layer: Buffer; readonly python: string } {
  const ask = `import sys, sysconfig
paths = sysconfig.get_paths()
print("\\n".join([sys.executable, paths["stdlib"], paths["platstdlib"]]))`;
  const said = execFileSync('python3', ['-I', '-c', ask], { encoding: 'utf8' }).trim().split('\n');
  const [python = '', ...modules] = said;
  const extensions = join(modules.at(-1) ?? '', 'lib-dynload');
  const programs = [python, ...readdirSync(extensions).map((name) => join(extensions, name))];
  return { layer: archiveOf([python, ...modules], programs), python };
}

/** An archive of programs of this machine's system, with the libraries that they need. */
export function programLayer(...names: readonly string[]): Buffer {
  const programs = names.map((name) => `/bin/${name}`);
  return archiveOf(programs, programs);
}

function archiveOf(paths: readonly string[], programs: readonly string[]): Buffer {
  const linked = execFileSync('ldd', programs, { encoding: 'utf8' });
  const libraries = [...linked.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
  const excluded = unneeded.map((name) => `--exclude=${name}`);
  const relative = [...new Set([...paths, ...libraries])].map((path) => path.replace(/^\//, ''));
  return execFileSync('tar', ['-C', '/', '-chf', '-', ...excluded, ...relative], { maxBuffer: 2 ** 28 });
}

/** Writes an image as skopeo reads it: `oci:<folder>:v1`. */
export function writeImage(
  folder: string,
  layers: readonly (Buffer | readonly Made[])[],
  config: JsonObject,
): void {
  const blobs = join(folder, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  const put = (mediaType: string, bytes: Buffer): JsonObject => {
    writeFileSync(join(blobs, digest(bytes)), bytes);
    return { mediaType, digest: `sha256:${digest(bytes)}`, size: bytes.length };
  };
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  const oci = 'application/vnd.oci.image';
  const archives = layers.map((layer) => (Buffer.isBuffer(layer) ? layer : tarOf(layer as readonly Made[])));
  const described = archives.map((bytes) => put(`${oci}.layer.v1.tar+gzip`, gzipSync(bytes, { level: 1 })));
  const configuration = put(
    `${oci}.config.v1+json`,
    json({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: archives.map((bytes) => `sha256:${digest(bytes)}`) },
    }),
  );
  const mediaType = `${oci}.manifest.v1+json`;
  const manifest = put(
    mediaType,
    json({ schemaVersion: 2, mediaType, config: configuration, layers: described }),
  );
  const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'v1' } };
  writeFileSync(join(folder, 'index.json'), json({ schemaVersion: 2, manifests: [named] }));
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}
