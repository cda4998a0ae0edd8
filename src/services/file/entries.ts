/**
 * Directories and files: made, read, written in ranges, described, removed.
 *
 * @module
 */

import { bodyOf } from '../blob/body.ts';
import { metadataHeaders, metadataOf, stateHeaders } from '../blob/details.ts';
import { answer, invalidHeader, notImplemented, StorageError } from '../blob/error.ts';
import { rangeOf } from '../blob/range.ts';
import { xml, xmlHead } from '../blob/xml.ts';
import type { ByteRange } from '../content.ts';
import type { DataResponse } from '../data-plane.ts';
import { type Call, entryHeaders, fileHeaders } from './call.ts';
import { cut, rangesOf } from './extents.ts';
import type { File } from './row.ts';

const mebibyte = 1024 * 1024;
/** The largest range that one request may write (docs: Put Range). */
const largestRange = 4 * mebibyte;
/** The largest file (docs: Create File). */
const largestFile = 4 * mebibyte * mebibyte;
const httpNames = ['content-encoding', 'content-language', 'content-disposition', 'cache-control'] as const;

type Headers = Readonly<Record<string, string | undefined>>;

/** Makes a directory. */
export async function createDirectory({ request, at, files }: Call): Promise<DataResponse> {
  const said = entryOf(request.headers, 'Directory');
  const directory = await files.create(at, (base) => ({ ...base, ...said, kind: 'directory' as const }));
  return answer(request, 201, { ...entryHeaders(directory), 'content-length': '0' });
}

/** Answers a directory's properties and metadata. */
export async function getDirectory({ request, at, files }: Call): Promise<DataResponse> {
  // The share itself is the directory that everything else is in.
  if (at.path === '') return answer(request, 200, stateHeaders(await files.share(at)));
  const directory = await files.node(at, 'directory');
  return answer(request, 200, { ...entryHeaders(directory), ...metadataHeaders(directory.metadata) });
}

/** Replaces a directory's metadata. */
export async function setDirectoryMetadata({ request, at, files }: Call): Promise<DataResponse> {
  const metadata = metadataOf(request.headers);
  return answer(request, 200, entryHeaders(await files.edit(at, 'directory', () => ({ metadata }))));
}

/** Removes a directory that is empty. */
export async function deleteDirectory({ request, at, files }: Call): Promise<DataResponse> {
  await files.remove(at, 'directory');
  return answer(request, 202, {});
}

/** Makes a file of a size, all zeros. */
export async function createFile({ request, at, files }: Call): Promise<DataResponse> {
  const { headers } = request;
  if (headers['x-ms-type']?.toLowerCase() !== 'file') {
    throw invalidHeader('x-ms-type', headers['x-ms-type'] ?? '', 'It is file.');
  }
  const size = sizeOf(headers['x-ms-content-length']);
  if (size === undefined) {
    throw new StorageError('MissingRequiredHeader', { details: { HeaderName: 'x-ms-content-length' } });
  }
  const said = { ...entryOf(headers, 'Archive'), ...httpOf(headers) };
  const file = await files.create(at, (base) => ({
    ...base,
    ...said,
    kind: 'file' as const,
    size,
    extents: [],
  }));
  return answer(request, 201, { ...entryHeaders(file), 'content-length': '0' });
}

/** Writes a range of a file, or makes it zeros. */
export async function putRange({ request, at, files }: Call): Promise<DataResponse> {
  const { headers } = request;
  const range = writtenRange(headers);
  const verb = headers['x-ms-write']?.toLowerCase();
  if (headers['x-ms-copy-source'] !== undefined) throw notImplemented('Put Range From URL');
  switch (verb) {
    case 'update': {
      if (range.to - range.from >= largestRange) {
        throw new StorageError('RequestBodyTooLarge', { details: { MaxLimit: String(largestRange) } });
      }
      return answer(request, 201, written(await files.write(at, range, bodyOf({ request }, largestRange))));
    }
    case 'clear': {
      const file = await files.edit(at, 'file', (before) => {
        if (range.to >= before.size) throw new StorageError('InvalidRange');
        return { extents: cut(before.extents, range) };
      });
      return answer(request, 201, written(file));
    }
    default:
      throw invalidHeader('x-ms-write', verb ?? '', 'It is update or clear.');
  }
}

/** Answers a file, or a range of it. */
export async function getFile({ request, at, files }: Call): Promise<DataResponse> {
  const { headers } = request;
  if (headers['x-ms-range-get-content-md5'] !== undefined) throw notImplemented('x-ms-range-get-content-md5');
  const { file, range, bytes } = await files.read(at, ({ size }) => rangeOf(headers, size));
  const { 'content-md5': md5, ...own } = fileHeaders(file);
  if (!range) {
    const whole = { ...own, ...(md5 === undefined ? {} : { 'content-md5': md5 }) };
    return answer(request, 200, { ...whole, 'content-length': String(file.size) }, bytes);
  }
  const partial = {
    ...own,
    'content-length': String(range.to - range.from + 1),
    'content-range': `bytes ${range.from}-${range.to}/${file.size}`,
    ...(md5 === undefined ? {} : { 'x-ms-content-md5': md5 }),
  };
  return answer(request, 206, partial, bytes);
}

/** Answers a file's properties and metadata. */
export async function getFileProperties({ request, at, files }: Call): Promise<DataResponse> {
  const file = await files.node(at, 'file');
  return answer(request, 200, { ...fileHeaders(file), 'content-length': String(file.size) });
}

/** Sets a file's size and headers. */
export async function setFileProperties({ request, at, files }: Call): Promise<DataResponse> {
  const { headers } = request;
  const size = sizeOf(headers['x-ms-content-length']);
  const http = httpOf(headers);
  const file = await files.edit(at, 'file', (before) => {
    const wanted = size ?? before.size;
    const gone = { from: wanted, to: Math.max(before.size, wanted) };
    return { ...http, size: wanted, extents: cut(before.extents, gone) };
  });
  return answer(request, 200, entryHeaders(file));
}

/** Replaces a file's metadata. */
export async function setFileMetadata({ request, at, files }: Call): Promise<DataResponse> {
  const metadata = metadataOf(request.headers);
  return answer(request, 200, entryHeaders(await files.edit(at, 'file', () => ({ metadata }))));
}

/** Answers metadata alone. */
export async function getMetadata({ request, at, files, query }: Call): Promise<DataResponse> {
  const kind = query.get('restype')?.toLowerCase() === 'directory' ? 'directory' : 'file';
  const node = await files.node(at, kind);
  return answer(request, 200, { ...stateHeaders(node), ...metadataHeaders(node.metadata) });
}

/** Lists the ranges of a file that hold bytes. */
export async function listRanges({ request, at, files }: Call): Promise<DataResponse> {
  const file = await files.node(at, 'file');
  const asked = rangeOf(request.headers, Math.max(file.size, 1)) ?? { from: 0, to: file.size };
  const ranges = rangesOf(file.extents)
    .map(({ from, to }) => ({ from: Math.max(from, asked.from), to: Math.min(to, asked.to) }))
    .filter(({ from, to }) => from <= to)
    .map(({ from, to }) => xml('Range', [xml('Start', String(from)), xml('End', String(to))]));
  const headers = {
    ...stateHeaders(file),
    'x-ms-content-length': String(file.size),
    'content-type': 'application/xml',
  };
  return answer(request, 200, headers, `${xmlHead}${xml('Ranges', ranges)}`);
}

/** Removes a file. */
export async function deleteFile({ request, at, files }: Call): Promise<DataResponse> {
  await files.remove(at, 'file');
  return answer(request, 202, {});
}

function written(file: File): Record<string, string> {
  return {
    ...stateHeaders(file),
    'x-ms-request-server-encrypted': 'true',
    'x-ms-file-last-write-time': new Date(file.modified).toISOString().replace('Z', '0000Z'),
    'content-length': '0',
  };
}

/** What a writer says about a directory or a file. Permissions and times of its own are not kept. */
function entryOf(
  headers: Headers,
  kind: 'Directory' | 'Archive',
): { metadata: Readonly<Record<string, string>>; attributes: string } {
  const permission = headers['x-ms-file-permission'];
  if (permission !== undefined && !/^(inherit|preserve)$/i.test(permission)) {
    throw notImplemented('permissions of files (x-ms-file-permission)');
  }
  if (headers['x-ms-file-permission-key'] !== undefined) {
    throw notImplemented('permissions of files (x-ms-file-permission-key)');
  }
  const attributes = headers['x-ms-file-attributes'] ?? 'none';
  return {
    metadata: metadataOf(headers),
    attributes: /^(none|preserve)$/i.test(attributes) ? kind : attributes,
  };
}

function httpOf(headers: Headers): Pick<File, 'contentType' | 'http' | 'md5'> {
  const http = httpNames.flatMap((name) => {
    const value = headers[`x-ms-${name}`];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return {
    contentType: headers['x-ms-content-type'] || 'application/octet-stream',
    http: Object.fromEntries(http),
    md5: headers['x-ms-content-md5'] ?? '',
  };
}

function sizeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const size = /^\d{1,15}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  if (size <= largestFile) return size;
  throw invalidHeader('x-ms-content-length', text, 'A file has up to 4 TiB.');
}

/** The range that a write names; it has an end. */
function writtenRange(headers: Headers): ByteRange {
  const name = headers['x-ms-range'] === undefined ? 'range' : 'x-ms-range';
  const text = headers[name] ?? '';
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first !== undefined && to >= from) return { from, to };
  throw invalidHeader(name, text, 'A range is written bytes=first-last.');
}
