/**
 * The operations of a vault, with the right that each needs under either permission model. What no runner does is refused by its
 * name.
 *
 * @module
 */

/** Objects that a vault keeps. */
export type Kind = 'secrets' | 'keys' | 'certificates' | 'storage';

/** What a request asks for. */
export interface Operation {
  readonly name: string;
  readonly kind: Kind;
  /** Name of the object; empty for a list. */
  readonly item: string;
  /** Version of the object; empty for the one that is current. */
  readonly version: string;
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
  'PATCH N': ['Update Secret', 'update/action', 'set'],
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
  'GET N/attestation': ['Get Key Attestation', 'read', 'get'],
  'GET N/V/attestation': ['Get Key Attestation', 'read', 'get'],
  'GET N/rotationpolicy': ['Get Key Rotation Policy', 'read', 'getrotationpolicy'],
  'PUT N/rotationpolicy': ['Update Key Rotation Policy', 'update/action', 'setrotationpolicy'],
  'PUT N': ['Import Key', 'import/action', 'import'],
  'PATCH N': ['Update Key', 'update/action', 'update'],
  'PATCH N/V': ['Update Key', 'update/action', 'update'],
  'DELETE N': ['Delete Key', 'delete', 'delete'],
  'POST N/create': ['Create Key', 'create/action', 'create'],
  'POST N/rotate': ['Rotate Key', 'rotate/action', 'rotate'],
  'POST N/backup': ['Backup Key', 'backup/action', 'backup'],
  'POST restore': ['Restore Key', 'restore/action', 'restore'],
  'POST N/encrypt': ['Encrypt', 'encrypt/action', 'encrypt'],
  'POST N/V/encrypt': ['Encrypt', 'encrypt/action', 'encrypt'],
  'POST N/decrypt': ['Decrypt', 'decrypt/action', 'decrypt'],
  'POST N/V/decrypt': ['Decrypt', 'decrypt/action', 'decrypt'],
  'POST N/sign': ['Sign', 'sign/action', 'sign'],
  'POST N/V/sign': ['Sign', 'sign/action', 'sign'],
  'POST N/verify': ['Verify', 'verify/action', 'verify'],
  'POST N/V/verify': ['Verify', 'verify/action', 'verify'],
  'POST N/wrapkey': ['Wrap Key', 'wrap/action', 'wrapKey'],
  'POST N/V/wrapkey': ['Wrap Key', 'wrap/action', 'wrapKey'],
  'POST N/unwrapkey': ['Unwrap Key', 'unwrap/action', 'unwrapKey'],
  'POST N/V/unwrapkey': ['Unwrap Key', 'unwrap/action', 'unwrapKey'],
  'POST N/release': ['Release Key', 'release/action', 'release'],
  'POST N/V/release': ['Release Key', 'release/action', 'release'],
};

const certificates: Rows = {
  'GET ': ['Get Certificates', 'read', 'list'],
  'GET N': ['Get Certificate', 'read', 'get'],
  'GET N/V': ['Get Certificate', 'read', 'get'],
  'GET N/versions': ['Get Certificate Versions', 'read', 'list'],
  'GET N/policy': ['Get Certificate Policy', 'read', 'get'],
  'PATCH N/policy': ['Update Certificate Policy', 'update/action', 'update'],
  'GET N/pending': ['Get Certificate Operation', 'read', 'get'],
  'PATCH N/pending': ['Update Certificate Operation', 'update/action', 'update'],
  'DELETE N/pending': ['Delete Certificate Operation', 'delete', 'delete'],
  'POST N/pending/merge': ['Merge Certificate', 'create/action', 'create'],
  'GET contacts': ['Get Certificate Contacts', 'read', 'managecontacts'],
  'PUT contacts': ['Set Certificate Contacts', 'update/action', 'managecontacts'],
  'DELETE contacts': ['Delete Certificate Contacts', 'delete', 'managecontacts'],
  'GET issuers': ['Get Certificate Issuers', 'read', 'listissuers'],
  'GET issuers/N': ['Get Certificate Issuer', 'read', 'getissuers'],
  'PUT issuers/N': ['Set Certificate Issuer', 'update/action', 'setissuers'],
  'PATCH issuers/N': ['Update Certificate Issuer', 'update/action', 'setissuers'],
  'DELETE issuers/N': ['Delete Certificate Issuer', 'delete', 'deleteissuers'],
  'PATCH N/V': ['Update Certificate', 'update/action', 'update'],
  'DELETE N': ['Delete Certificate', 'delete', 'delete'],
  'POST N/create': ['Create Certificate', 'create/action', 'create'],
  'POST N/import': ['Import Certificate', 'import/action', 'import'],
  'POST N/backup': ['Backup Certificate', 'backup/action', 'backup'],
  'POST restore': ['Restore Certificate', 'restore/action', 'restore'],
};

/** Storage accounts whose keys a vault rotates. */
const storage: Rows = {
  'GET ': ['Get Storage Accounts', 'read', 'list'],
  'GET N': ['Get Storage Account', 'read', 'get'],
  'PUT N': ['Set Storage Account', 'set/action', 'set'],
  'PATCH N': ['Update Storage Account', 'set/action', 'update'],
  'DELETE N': ['Delete Storage Account', 'delete', 'delete'],
  'POST N/regeneratekey': ['Regenerate Storage Account Key', 'regeneratekey/action', 'regeneratekey'],
  'POST N/backup': ['Backup Storage Account', 'backup/action', 'backup'],
  'POST restore': ['Restore Storage Account', 'restore/action', 'restore'],
  'GET N/sas': ['Get Sas Definitions', 'read', 'listsas'],
  'GET N/sas/V': ['Get Sas Definition', 'read', 'getsas'],
  'PUT N/sas/V': ['Set Sas Definition', 'sas/set/action', 'setsas'],
  'PATCH N/sas/V': ['Update Sas Definition', 'sas/set/action', 'setsas'],
  'DELETE N/sas/V': ['Delete Sas Definition', 'sas/delete', 'deletesas'],
};

/** Of what was deleted and can still be had back; alike for every kind. */
const deleted: Rows = {
  'GET ': ['Get Deleted', 'read', 'list'],
  'GET N': ['Get Deleted', 'read', 'get'],
  'DELETE N': ['Purge Deleted', 'purge/action', 'purge'],
  'POST N/recover': ['Recover Deleted', 'recover/action', 'recover'],
};

interface Family {
  readonly rows: Rows;
  /** What one is called. */
  readonly one: string;
  /** What data actions begin with. */
  readonly actions: string;
}

const kinds: Readonly<Record<Kind, Family>> = {
  secrets: { rows: secrets, one: 'Secret', actions: 'secrets' },
  keys: { rows: keys, one: 'Key', actions: 'keys' },
  certificates: { rows: certificates, one: 'Certificate', actions: 'certificates' },
  storage: { rows: storage, one: 'Storage Account', actions: 'storageaccounts' },
};

/** What a path names: an operation, a path that takes other methods, or nothing. */
export type Found =
  | { readonly kind: 'operation'; readonly operation: Operation }
  | { readonly kind: 'method' }
  | { readonly kind: 'none' };

/** Finds the operation of a method and path. */
export function operationOf(method: string, path: string): Found {
  const [first = '', ...rest] = segmentsOf(path);
  const gone = /^deleted(?=.)/i.exec(first)?.[0] ?? '';
  const kind = kindOf(first.slice(gone.length));
  // Clients that do not know the version leave it empty: `keys/k//sign`.
  const empty = rest.length === 3 && rest[1] === '' ? 1 : 0;
  if (kind === undefined || rest.filter((segment) => segment === '').length > empty) return { kind: 'none' };
  const { rows, one, actions } = kinds[kind];
  const table = gone === '' ? rows : deleted;
  const shapes = shapesOf(rest);
  for (const shape of shapes) {
    const row = table[`${method} ${shape}`];
    if (!row) continue;
    const [name, action, permission] = row;
    // Names of secrets that are gone are metadata, like those of living ones.
    const own = kind === 'secrets' && action === 'read' ? 'readMetadata/action' : action;
    const parts = shape.split('/');
    const operation = {
      name: gone === '' ? name : `${name} ${one}${shape === '' ? 's' : ''}`,
      kind,
      item: rest[parts.indexOf('N')] ?? '',
      version: rest[parts.indexOf('V')] ?? '',
      action: `${actions}/${own}`,
      permission,
    };
    return { kind: 'operation', operation };
  }
  const known = shapes.some((shape) => Object.keys(table).some((key) => key.endsWith(` ${shape}`)));
  return { kind: known ? 'method' : 'none' };
}

/**
 * Returns the decoded segments of a path; none where it cannot be decoded. Who puts `/secrets` after a vaultUri, which
 * ends in a slash, sends two.
 */
function segmentsOf(path: string): readonly string[] {
  const segments = path.replace(/^\/+/, '').replace(/\/$/, '').split('/');
  try {
    return segments.map(decodeURIComponent);
  } catch {
    return [];
  }
}

/** Shapes that a path may have, the most literal first: `abc/versions` is `N/versions`, then `N/V`. */
function shapesOf(rest: readonly string[]): readonly string[] {
  const [first, second, third] = rest.map((word) => word.toLowerCase());
  if (rest.length > 3) return [];
  if (first === undefined) return [''];
  if (second === undefined) return [first, 'N'];
  if (third === undefined) return [`N/${second}`, `${first}/N`, 'N/V'];
  return [`N/${second}/${third}`, `N/${second}/V`, `N/V/${third}`];
}

function kindOf(text: string): Kind | undefined {
  const lower = text.toLowerCase();
  return Object.hasOwn(kinds, lower) ? (lower as Kind) : undefined;
}
