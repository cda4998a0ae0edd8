/**
 * The form of the table of example flows: variations of the example estate, one flow a line.
 *
 * @module
 */

import { parse } from 'yaml';
import type { JsonObject } from '../../src/lib/json.ts';
import type { Scenario } from './scenario.ts';

/** Without the deployment, whose own private endpoints are connections of what the workspace is made of. */
export const undeployed = `
  - remove: all-traffic-to-blue
  - remove: mlw-clinic/length-of-stay/blue
`;

/** One flow: how it must end, everything that must be named as in its way, and the rule that says so. */
export interface FlowRow {
  readonly flow: string;
  readonly ends: string;
  /** `resource property`, all of them and in order. */
  readonly blockers: readonly string[];
  /** Rule of the reference. */
  readonly why: string;
}

/** The example estate with a few changes, and flows on it. */
export interface Variation {
  readonly title: string;
  readonly scenario: Scenario;
  readonly rows: readonly FlowRow[];
}

/**
 * A variation. The changes are the YAML of docs/semantics/README.md, the rows are lines of
 * `flow | how it ends | blockers, separated by ; | rule of the reference`.
 */
export function variation(title: string, changes: string, rows: string, beside = ''): Variation {
  return {
    title,
    scenario: {
      base: 'examples/secure-workspace',
      change: (parse(changes) ?? []) as readonly JsonObject[],
      ...(beside === '' ? {} : { beside: parse(beside) as JsonObject }),
    },
    rows: rows
      .trim()
      .split('\n')
      .map((line) => {
        const [flow = '', ends = '', blockers = '', why = '', ...more] = line
          .split('|')
          .map((cell) => cell.trim());
        if (why === '' || more.length > 0) throw new Error(`not a row: ${line}`);
        return { flow, ends, blockers: blockers.split(';').flatMap((cell) => cell.trim() || []), why };
      }),
  };
}
