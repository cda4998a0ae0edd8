/**
 * Makes archives for tests, well-formed ones of whatever is asked for.
 *
 * @module
 */

/** An entry to make. A file unless told. */
export interface Made {
  readonly path: string;
  readonly kind?: 'file' | 'folder' | 'symlink' | 'link' | 'device' | 'pipe';
  readonly target?: string;
  readonly text?: string | Uint8Array;
  readonly mode?: number;
}

const types = { file: '0', link: '1', symlink: '2', device: '4', folder: '5', pipe: '6' } as const;

/** Returns an archive of the entries. Names have at most 100 bytes. */
export function tarOf(entries: readonly Made[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(1024)]);
}

function blocksOf({ path, kind = 'file', target = '', text = '', mode = 0o644 }: Made): Buffer[] {
  const body = kind === 'file' ? Buffer.from(text) : Buffer.alloc(0);
  const header = Buffer.alloc(512);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;
  header.write(path, 0, 100);
  header.write(octal(mode, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(body.length, 12), 124);
  header.write(octal(0, 12), 136);
  header.write(' '.repeat(8), 148);
  header.write(types[kind], 156);
  header.write(target, 157, 100);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
}
