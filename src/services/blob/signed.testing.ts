/**
 * Requests signed as clients sign them, for tests.
 *
 * @module
 */

import { type SasTarget, sasText } from './sas.ts';
import { sharedKeyLiteText, sharedKeyText, signatureOf } from './shared-key.ts';

/** The well-known key of development accounts. */
export const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

type Headers = Readonly<Record<string, string | undefined>>;

/** Returns the headers of a request along with their signature. */
export function signed(
  account: string,
  line: string,
  headers: Headers,
  scheme: 'SharedKey' | 'SharedKeyLite' = 'SharedKey',
): Headers {
  const [method = '', target = ''] = line.split(' ');
  const text = scheme === 'SharedKey' ? sharedKeyText : sharedKeyLiteText;
  const signature = signatureOf(text({ method, target, headers }, account), key);
  return { ...headers, authorization: `${scheme} ${account}:${signature}` };
}

/** Returns a query that is signed: of a service, an account or a user, by the fields that it has. */
export function signedQuery(target: SasTarget, fields: Readonly<Record<string, string>>, by = key): string {
  const kind =
    fields['ss'] === undefined ? (fields['skoid'] === undefined ? 'service' : 'delegation') : 'account';
  const sas = {
    kind,
    signature: '',
    version: fields['sv'] ?? '',
    field: (name: string) => fields[name] ?? '',
  } as const;
  const query = new URLSearchParams({ ...fields, sig: signatureOf(sasText(sas, target), by) });
  return query.toString().replaceAll('+', '%20');
}
