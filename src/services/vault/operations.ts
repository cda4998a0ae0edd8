/**
 * The operations of a vault, with the right that each needs under either permission model. None is done yet.
 *
 * @module
 */

/** Objects that a vault keeps. */
export type Kind = 'secrets' | 'keys' | 'certificates';

/** What a request asks for. */
export interface Operation {
  readonly name: string;
  readonly kind: Kind;
  /** Name of the object; empty for a list. */
  readonly item: string;
  /** Data action below `Microsoft.KeyVault/vaults/`. */
  readonly action: string;
  /** Permission of an access policy. */
  readonly permission: string;
}

/** Method and shape of the path below the kind -> name, data action and permission. `N` and `V` are any name. */
type Rows = Readonly<Record<string, readonly [name: string, action: string, permission: string]>>;

const secrets: Rows = {
  'GET ': ['Get Secrets', 'readMetadata/action', 'list'],
  'GET N': ['Get Secret', 'getSecret/action', 'get'],
  'GET N/V': ['Get Secret', 'getSecret/action', 'get'],
  'GET N/versions': ['Get Secret Versions', 'readMetadata/action', 'list'],
  'PUT N': ['Set Secret', 'setSecret/action', 'set'],
  'PATCH N/V': ['Update Secret', 'update/action', 'set'],
  'DELETE N': ['Delete Secret', 'delete', 'delete'],
  'POST N/backup': ['Backup Secret', 'backup/action', 'backup'],
  'POST restore': ['Restore Secret', 'restore/action', 'restore'],
};

const keys: Rows = {
  'GET ': ['Get Keys', 'read', 'list'],
  'GET N': ['Get Key', 'read', 'get'],
  'GET N/V': ['Get Key', 'read', 'get'],
  'GET N/versions': ['Get Key Versions', 'read', 'list'],
  'GET N/rotationpolicy': ['Get Key Rotation Policy', 'read', 'getrotationpolicy'],
  'PUT N/rotationpolicy': ['Update Key Rotation Policy', 'update/action', 'setrotationpolicy'],
  'PUT N': ['Import Key', 'import/action', 'import'],
  'PATCH N/V': ['Update Key', 'update/action', 'update'],
  'DELETE N': ['Delete Key', 'delete', 'delete'],
  'POST N/create': ['Create Key', 'create/action', 'create'],
  'POST N/rotate': ['Rotate Key', 'rotate/action', 'rotate'],
  'POST N/backup': ['Backup Key', 'backup/action', 'backup'],
  'POST restore': ['Restore Key', 'restore/action', 'restore'],
  'POST N/V/encrypt': ['Encrypt', 'encrypt/action', 'encrypt'],
  'POST N/V/decrypt': ['Decrypt', 'decrypt/action', 'decrypt'],
  'POST N/V/sign': ['Sign', 'sign/action', 'sign'],
  'POST N/V/verify': ['Verify', 'verify/action', 'verify'],
  'POST N/V/wrapkey': ['Wrap Key', 'wrap/action', 'wrapKey'],
  'POST N/V/unwrapkey': ['Unwrap Key', 'unwrap/action', 'unwrapKey'],
};

const certificates: Rows = {
  'GET ': ['Get Certificates', 'read', 'list'],
  'GET N': ['Get Certificate', 'read', 'get'],
  'GET N/V': ['Get Certificate', 'read', 'get'],
  'GET N/versions': ['Get Certificate Versions', 'read', 'list'],
  'GET N/policy': ['Get Certificate Policy', 'read', 'get'],
  'PATCH N/V': ['Update Certificate', 'update/action', 'update'],
  'DELETE N': ['Delete Certificate', 'delete', 'delete'],
  'POST N/create': ['Create Certificate', 'create/action', 'create'],
  'POST N/import': ['Import Certificate', 'import/action', 'import'],
  'POST N/backup': ['Backup Certificate', 'backup/action', 'backup'],
  'POST restore': ['Restore Certificate', 'restore/action', 'restore'],
};

/** Of what was deleted and can still be had back; alike for every kind. */
const deleted: Rows = {
  'GET ': ['Get Deleted', 'read', 'list'],
  'GET N': ['Get Deleted', 'read', 'get'],
  'DELETE N': ['Purge Deleted', 'purge/action', 'purge'],
  'POST N/recover': ['Recover Deleted', 'recover/action', 'recover'],
};

const kinds: Readonly<Record<Kind, { readonly rows: Rows; readonly one: string }>> = {
  secrets: { rows: secrets, one: 'Secret' },
  keys: { rows: keys, one: 'Key' },
  certificates: { rows: certificates, one: 'Certificate' },
};

/** What a path names: an operation, a path that takes other methods, or nothing. */
export type Found =
  | { readonly kind: 'operation'; readonly operation: Operation }
  | { readonly kind: 'method' }
  | { readonly kind: 'none' };

/** Finds the operation of a method and path. */
export function operationOf(method: string, path: string): Found {
  const [first = '', ...rest] = path.replace(/^\//, '').replace(/\/$/, '').split('/');
  const gone = /^deleted(?=.)/i.exec(first)?.[0] ?? '';
  const kind = kindOf(first.slice(gone.length));
  if (kind === undefined || rest.includes('')) return { kind: 'none' };
  const { rows, one } = kinds[kind];
  const table = gone === '' ? rows : deleted;
  for (const shape of shapesOf(rest)) {
    const row = table[`${method} ${shape}`];
    if (!row) continue;
    const [name, action, permission] = row;
    // Names of secrets that are gone are metadata, like those of living ones.
    const own = kind === 'secrets' && action === 'read' ? 'readMetadata/action' : action;
    const operation = {
      name: gone === '' ? name : `${name} ${one}`,
      kind,
      item: shape.startsWith('N') ? (rest[0] ?? '') : '',
      action: `${kind}/${own}`,
      permission,
    };
    return { kind: 'operation', operation };
  }
  const known = shapesOf(rest).some((shape) => Object.keys(table).some((key) => key.endsWith(` ${shape}`)));
  return { kind: known ? 'method' : 'none' };
}

/** Shapes that a path may have, the most literal first: `abc/versions` is `N/versions`, then `N/V`. */
function shapesOf(rest: readonly string[]): readonly string[] {
  const [first, second, third] = rest.map((word) => word.toLowerCase());
  if (rest.length > 3) return [];
  if (first === undefined) return [''];
  if (second === undefined) return [first, 'N'];
  if (third === undefined) return [`N/${second}`, 'N/V'];
  return [`N/V/${third}`];
}

function kindOf(text: string): Kind | undefined {
  const lower = text.toLowerCase();
  return lower === 'secrets' || lower === 'keys' || lower === 'certificates' ? lower : undefined;
}
