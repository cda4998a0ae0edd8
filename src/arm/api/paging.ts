/**
 * Lists of resources and groups by pages: `$top` is how many, `$skiptoken` is where the last page ended.
 *
 * Collections of a type have options of their own, which their providers read.
 *
 * @module
 */

import { asList, member } from '../../lib/json.ts';
import { ArmError } from '../error.ts';
import type { ArmAnswer, ArmHost, ArmRequest } from './request.ts';

const pagedLists = /^\/subscriptions\/[^/]+(?:\/resourcegroups|(?:\/resourcegroups\/[^/]+)?\/resources)$/i;

/** Takes one page out of the answer, where one is asked for. */
export function paged<F>(host: ArmHost<F>, request: ArmRequest, path: string, answer: ArmAnswer): ArmAnswer {
  const top = numberOf(request, '$top');
  if (top === undefined || !pagedLists.test(path)) return answer;
  const every = asList(member(answer.body, 'value'));
  const from = numberOf(request, '$skiptoken') ?? 0;
  const until = from + top;
  const value = every.slice(from, until);
  if (until >= every.length) return { ...answer, body: { value } };
  const names = ['api-version', '$filter', '$expand'] as const;
  const kept = names.flatMap((name): [string, string][] => {
    const given = request.query.get(name);
    return given === null ? [] : [[name, given]];
  });
  const query = [...kept, ['$top', String(top)], ['$skiptoken', String(until)]]
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join('&');
  return { ...answer, body: { value, nextLink: `${host.url(path)}?${query}` } };
}

function numberOf(request: ArmRequest, name: '$top' | '$skiptoken'): number | undefined {
  const text = request.query.get(name);
  if (text === null) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= (name === '$top' ? 1 : 0)) return number;
  throw new ArmError('InvalidParameter', `The value '${text}' of '${name}' is not a whole number above 0.`, {
    target: name,
  });
}
