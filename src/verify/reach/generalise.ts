/**
 * From one flow to all flows that take the same way.
 *
 * The walk of a flow depends on its coordinates only through what it asked. So every flow that gets the same answers
 * to the same questions ends the same, and those flows are a set: the intersection of the sets for which each table,
 * set and map answers as it did.
 *
 * A table is asked about a point that is made of the flow: coordinates as they are, translated to a constant, or
 * swapped for the reply. Which is which is told by value. A value that equals one of the flow's own may be a constant
 * by accident; it is taken for the flow's own all the same, which can only make the set smaller, never wrong.
 *
 * @module
 */

import type { Point } from '../../net/table.ts';
import { type Field, fields, levelOf } from '../sets/space.ts';
import { type Diagram, nothing } from '../sets/store.ts';
import type { Asked } from './survey.ts';
import type { Tables } from './tables.ts';

/** The coordinates that were chosen for a flow; those that are absent do not belong to the question. */
export type Chosen = { readonly [F in Field]?: number };

/** Coordinates between which values can pass. */
const kin: Readonly<Record<Field, readonly Field[]>> = {
  source: ['source', 'destination'],
  destination: ['destination', 'source'],
  protocol: ['protocol'],
  port: ['port', 'sourcePort'],
  sourcePort: ['sourcePort', 'port'],
};

/** Returns those flows of a set that get the same answers as the chosen one, which is among them. */
export function generalise(tables: Tables, flows: Diagram, chosen: Chosen, asked: readonly Asked[]): Diagram {
  let alike = flows;
  for (const one of asked) {
    alike = one.kind === 'table' ? byTable(tables, alike, chosen, one) : bySet(tables, alike, chosen, one);
    if (alike === nothing) throw new Error('a flow is not among those that get its answers');
  }
  return alike;
}

function bySet(
  tables: Tables,
  flows: Diagram,
  chosen: Chosen,
  asked: Exclude<Asked, { kind: 'table' }>,
): Diagram {
  const { algebra } = tables;
  const { value } = asked;
  let alike = flows;
  for (const field of fields) {
    if (chosen[field] !== value || (asked.kind === 'map' && levelOf[field] > 1)) continue;
    if (asked.kind === 'set') {
      const inside = tables.in(field, asked.set);
      alike = asked.inside ? algebra.intersect(alike, inside) : algebra.subtract(alike, inside);
    } else if (asked.found) alike = algebra.intersect(alike, tables.in(field, [[value, value]]));
    else alike = algebra.subtract(alike, tables.in(field, tables.keysOf(asked.map)));
  }
  return alike;
}

function byTable(
  tables: Tables,
  flows: Diagram,
  chosen: Chosen,
  { table, point }: Extract<Asked, { kind: 'table' }>,
): Diagram {
  const whole = tables.of(table, {
    sourceUnknown: point.source === undefined,
    anySourcePort: point.sourcePort === undefined,
    via: point.via,
    subnet: point.subnet,
  });
  const { algebra } = tables;
  let diagram = whole;
  let alike = flows;
  for (const level of tables.support(whole)) {
    const left = tables.support(diagram);
    // What was fixed before may have made this coordinate irrelevant.
    if (!left.has(level)) continue;
    const field = fields[level] as Field;
    const value = point[field] ?? 0;
    const owners = kin[field].filter((other) => chosen[other] === value);
    if (owners.length === 1 && owners[0] === field) continue;
    const fixed = tables.fix(diagram, level, value);
    const [owner] = owners;
    if (owner !== undefined && owners.length === 1 && left.size === 1) {
      // The route of the reply is asked with the flow's source as its destination.
      const moved = algebra.move(diagram, levelOf[owner]);
      return algebra.keep(alike, moved, answerAt(tables, fixed, point));
    }
    // Not clear whose it is, or one of several that were swapped: just this value of each that it may be.
    for (const own of owners) alike = algebra.intersect(alike, tables.in(own, [[value, value]]));
    diagram = fixed;
  }
  return algebra.keep(alike, diagram, answerAt(tables, diagram, point));
}

/** What a diagram answers at a point. */
function answerAt({ algebra }: Tables, diagram: Diagram, point: Point): number {
  const { source = 0, sourcePort = 0, destination, protocol, port } = point;
  return algebra.at(diagram, { source, destination, protocol, port, sourcePort });
}
