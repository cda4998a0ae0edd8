/**
 * Findings that a team has decided to live with, until a day.
 *
 * @module
 */

import { matchesGlob } from '../../lib/glob.ts';
import type { FindingCode } from '../codes.ts';
import type { Fault, Finding } from '../finding.ts';
import type { Written } from './intent.ts';

/** A decision to live with findings. */
export interface Accept {
  readonly code: FindingCode;
  /** A glob over subjects. */
  readonly subject: string;
  readonly because: string;
  /** ISO 8601 date: the last day that it holds. Undefined: for good. */
  readonly until: string | undefined;
  readonly at: Written;
}

/** Accepts that end within so many days are reported. */
const warnedDays = 14;

/** What is left of the findings, what was accepted, and what is to be said about the accepts themselves. */
export interface Accepted {
  readonly findings: readonly Finding[];
  readonly accepted: readonly Finding[];
  readonly faults: readonly (readonly ['accept-expiring' | 'accept-unused', Fault])[];
}

/** Takes accepted findings out. An accept whose day has passed accepts nothing. */
export function applyAccepts(
  findings: readonly Finding[],
  accepts: readonly Accept[],
  today: string,
): Accepted {
  const faults: (readonly ['accept-expiring' | 'accept-unused', Fault])[] = [];
  const accepted = new Set<Finding>();
  for (const accept of accepts) {
    const { code, subject, until, at } = accept;
    const fits = findings.filter((f) => f.code === code && matchesGlob(subject, f.subject));
    const where = { subject: 'cloister.yaml', at: `${at.file}${at.line === undefined ? '' : `:${at.line}`}` };
    const what = `the accept of ${code} for ${subject}`;
    const left = until === undefined ? undefined : daysBetween(today, until);
    if (left !== undefined && left < 0) {
      faults.push([
        'accept-expiring',
        { ...where, says: `${what} ended on ${until}: it accepts nothing now` },
      ]);
      continue;
    }
    if (fits.length === 0) faults.push(['accept-unused', { ...where, says: `${what} matches no finding` }]);
    else if (left !== undefined && left <= warnedDays) {
      const days = left === 0 ? 'today' : `in ${left} ${left === 1 ? 'day' : 'days'}`;
      faults.push(['accept-expiring', { ...where, says: `${what} ends ${days}, on ${until}` }]);
    }
    for (const finding of fits) accepted.add(finding);
  }
  return {
    findings: findings.filter((finding) => !accepted.has(finding)),
    accepted: [...accepted],
    faults,
  };
}

/** Whole days from one ISO 8601 date to another. */
function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
}
