/**
 * Paths in the root folder of an image, which are never followed out of it: its links mean what they mean inside.
 *
 * @module
 */

import { lstatSync, mkdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImageError } from './image-error.ts';

/** Links followed on the way to one name, as in the kernel. */
const mostLinks = 40;

/** Returns the parts of a path; `..` and what is empty lead nowhere. */
export function partsOf(path: string): readonly string[] {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part.includes('\0')) throw new ImageError('a name holds a zero byte');
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

/**
 * Returns the real folder, outside, that a folder inside is: links are followed inside, and what is missing is made.
 *
 * @throws ImageError where something else is in the way.
 */
export function folderIn(root: string, parts: readonly string[]): string {
  const wanted = [...parts];
  const found: string[] = [];
  for (let links = 0; wanted.length > 0; ) {
    const part = wanted.shift() ?? '';
    if (part === '..') {
      found.pop();
      continue;
    }
    const path = join(root, ...found, part);
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.isSymbolicLink()) {
      links += 1;
      if (links > mostLinks) throw new ImageError(`/${parts.join('/')} leads round in circles`);
      const target = readlinkSync(path);
      if (target.startsWith('/')) found.length = 0;
      wanted.unshift(...target.split('/').filter((each) => each !== '' && each !== '.'));
      continue;
    }
    if (!there) mkdirSync(path, { mode: 0o755 });
    else if (!there.isDirectory()) throw new ImageError(`/${[...found, part].join('/')} is no folder`);
    found.push(part);
  }
  return join(root, ...found);
}

/** Returns the real path of a name inside, whose folder is made. The name itself is not followed. */
export function nameIn(root: string, path: string): string {
  const parts = partsOf(path);
  const name = parts.at(-1);
  return name === undefined ? root : join(folderIn(root, parts.slice(0, -1)), name);
}

/** Makes something to mount on: a folder or an empty file, in place of a link. */
export function makeMountPoint(root: string, path: string, kind: 'folder' | 'file'): void {
  const at = nameIn(root, path);
  const there = lstatSync(at, { throwIfNoEntry: false });
  if (there && (kind === 'folder' ? there.isDirectory() : there.isFile())) return;
  rmSync(at, { force: true });
  if (kind === 'folder') mkdirSync(at, { mode: 0o755 });
  else writeFileSync(at, '');
}
