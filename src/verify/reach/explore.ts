/**
 * Proof by generalisation: every flow of a question, divided by the way it takes.
 *
 * Take any flow, walk it, and find all flows that take the same way (generalise.ts); they end the same. Take them
 * away, and go on with a flow of what is left, until nothing is. There is no rule of Azure here: each mechanism is
 * asked through `walk`, and a mechanism that is new there is proved here the same day.
 *
 * @module
 */

import { has, type Intervals, union } from '../../lib/intervals.ts';
import { formatIp, type Ip } from '../../lib/ip.ts';
import { type Protocol, protocolNumbers } from '../../lib/ports.ts';
import type { Network } from '../../net/model.ts';
import type { Trace } from '../../net/trace.ts';
import { type Flow, follow } from '../../net/walk.ts';
import { witness } from '../sets/boxes.ts';
import { box } from '../sets/first-match.ts';
import type { Point5 } from '../sets/space.ts';
import { BudgetExceeded, type Diagram, nothing } from '../sets/store.ts';
import { type Chosen, generalise } from './generalise.ts';
import type { Question } from './question.ts';
import type { Role } from './roles.ts';
import { Surveyor } from './survey.ts';
import type { Tables } from './tables.ts';

/** A question without the place. */
export type Asked = Omit<Question, 'from' | 'sources'>;

/** Flows that end alike, one of them, and how it ends. */
export interface Way {
  readonly flows: Diagram;
  readonly example: Flow;
  readonly trace: Trace;
}

/** All ways. */
export interface Explored {
  readonly ways: readonly Way[];
  /** The budget ended first: flows that are in no way are unknown. */
  readonly budget: boolean;
  /** Tables that were asked: while they stay, so does all of this. */
  readonly read: ReadonlySet<object>;
  /** An address of the role itself was looked up on the way: its places are not alike. */
  readonly meetsItself: boolean;
}

/** Names of protocols by number. */
const protocolNames = new Map(
  Object.entries(protocolNumbers).map(([name, number]) => [number as number, name as Protocol]),
);

/** Divides the flows of a question that come from a role. `most`: ways that may be told apart. */
export function explore(network: Network, tables: Tables, role: Role, asked: Asked, most: number): Explored {
  const { algebra } = tables;
  const found = new Map<string, Way>();
  const read = new Set<object>();
  let meetsItself = false;
  let budget = false;
  try {
    let rest = flowsOf(tables, asked, role.sources);
    for (let ways = 0; rest !== nothing; ways++) {
      if (ways === most) {
        budget = true;
        break;
      }
      const { way, asked: log } = oneWay(network, tables, role, asked, rest);
      for (const one of log) {
        if (one.kind === 'table') read.add(one.table);
        else if (one.kind === 'map' && one.found && role.sources) {
          meetsItself ||= has(role.sources, one.value);
        }
      }
      rest = algebra.subtract(rest, way.flows);
      const key = endingOf(way.trace);
      const alike = found.get(key);
      found.set(key, alike ? { ...alike, flows: algebra.union(alike.flows, way.flows) } : way);
    }
  } catch (error) {
    if (!(error instanceof BudgetExceeded)) throw error;
    budget = true;
  }
  return { ways: [...found.values()], budget, read, meetsItself };
}

/** One flow of a set, and all that take its way. */
function oneWay(
  network: Network,
  tables: Tables,
  role: Role,
  asked: Asked,
  flows: Diagram,
): { readonly way: Way; readonly asked: Surveyor['asked'] } {
  const { algebra } = tables;
  const point = witness(algebra, flows, role.preferred);
  if (!point) throw new Error('an empty set has no flow');
  const { source, destination, ...others } = point;
  const chosen: Chosen = {
    ...others,
    ...(role.sources ? { source } : {}),
    ...(asked.to.kind === 'name' ? {} : { destination }),
  };
  const example = flowAt(role, asked, point);
  const surveyor = new Surveyor();
  const { trace } = follow(network, example, surveyor);
  const near = role.apart ? algebra.intersect(flows, tables.in('source', [[source, source]])) : flows;
  const alike = generalise(tables, near, chosen, surveyor.asked);
  return { way: { flows: alike, example, trace }, asked: surveyor.asked };
}

function flowsOf(tables: Tables, asked: Asked, sources: Intervals | undefined): Diagram {
  const { to, protocols, ports, sourcePorts } = asked;
  const numbers = (protocols ?? [...protocolNames.values()]).map((name) => protocolNumbers[name]);
  return box(tables.algebra, {
    ...(sources ? { source: sources } : {}),
    ...(to.kind === 'addresses' ? { destination: to.addresses } : {}),
    ...(to.kind === 'address' ? { destination: [[to.address, to.address]] } : {}),
    protocol: union(numbers.map((number) => [number, number])),
    ...(ports ? { port: ports } : {}),
    ...(sourcePorts ? { sourcePort: sourcePorts } : {}),
  });
}

/** A flow of a role, from the place that has its source. */
export function flowAt(role: Role, { to, as }: Asked, point: Point5): Flow {
  const { source, destination, protocol, port, sourcePort } = point;
  const address = destination as Ip;
  return {
    from: role.placeAt(source),
    to: to.kind === 'addresses' ? { kind: 'address', label: formatIp(address), address } : to,
    port,
    protocol: protocolNames.get(protocol) ?? 'tcp',
    ...(as ? { as } : {}),
    ...(role.sources ? { source: source as Ip } : {}),
    sourcePort,
  };
}

/** Ways that end at the same stage of the same resource are shown as one; what is unknown, as one for each reason. */
function endingOf({ disposition, steps }: Trace): string {
  const last = steps.at(-1);
  const why = disposition === 'unknown' ? last?.says : '';
  return [disposition, last?.stage, last?.resource, why].join('|');
}
