/**
 * The evaluator for sets: proof by generalisation.
 *
 * Take any flow of the question, walk it, and find all flows that take the same way (generalise.ts); they end the
 * same. Take them away, and go on with a flow of what is left, until nothing is. There is no rule of Azure here: each
 * mechanism is asked through `walk`, and a mechanism that is new there is proved here the same day.
 *
 * @module
 */

import { type Intervals, intersect } from '../../lib/intervals.ts';
import { formatIp, type Ip } from '../../lib/ip.ts';
import { type Protocol, protocolNumbers } from '../../lib/ports.ts';
import type { Network } from '../../net/model.ts';
import { addressesOf, positionOf } from '../../net/position.ts';
import { internetClient } from '../../net/tags.ts';
import type { Trace } from '../../net/trace.ts';
import { type Flow, follow } from '../../net/walk.ts';
import { Algebra } from '../sets/algebra.ts';
import { boxesOf, type Preferences, usual, witness } from '../sets/boxes.ts';
import { box } from '../sets/first-match.ts';
import { Outcomes } from '../sets/outcomes.ts';
import { BudgetExceeded, type Diagram, nothing } from '../sets/store.ts';
import { type Chosen, generalise } from './generalise.ts';
import type { Answer, Question, Region, Verdict } from './question.ts';
import { Surveyor } from './survey.ts';
import { Tables } from './tables.ts';

/** How much work an answer may take before it is `unknown: budget`. */
export interface Budget {
  /** Ways that are told apart, for each question. */
  readonly ways: number;
  /** Edges of all diagrams together. */
  readonly edges: number;
}

const ample: Budget = { ways: 20_000, edges: 1 << 25 };
const protocolNames = new Map(
  Object.entries(protocolNumbers).map(([name, number]) => [number as number, name as Protocol]),
);

/** Answers questions about Networks. What was compiled for one is there for the next. */
export class Prover {
  readonly algebra: Algebra;
  readonly #tables: Tables;
  readonly #budget: Budget;

  constructor(budget: Partial<Budget> = {}) {
    this.#budget = { ...ample, ...budget };
    this.algebra = new Algebra(new Outcomes(), this.#budget.edges);
    this.#tables = new Tables(this.algebra);
  }

  /** Divides the flows of a question by how they end. */
  reach(network: Network, question: Question): Answer {
    const sources = sourcesOf(network, question);
    const found = new Map<string, Way>();
    let budget = false;
    try {
      let rest = this.#flowsOf(question, sources);
      const wanted = preferences(network, question, sources);
      for (let ways = 0; rest !== nothing; ways++) {
        if (ways === this.#budget.ways) {
          budget = true;
          break;
        }
        const way = this.#way(network, question, sources, rest, wanted);
        rest = this.algebra.subtract(rest, way.flows);
        const key = endingOf(way.trace);
        const alike = found.get(key);
        found.set(key, alike ? { ...alike, flows: this.algebra.union(alike.flows, way.flows) } : way);
      }
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error;
      budget = true;
    }
    const regions = [...found.values()].map((way) => this.#region(way));
    return answerOf(question, regions, budget);
  }

  /** One flow of a set, and all that take its way. */
  #way(
    network: Network,
    question: Question,
    sources: Intervals | undefined,
    flows: Diagram,
    wanted: Preferences,
  ): Way {
    const point = witness(this.algebra, flows, wanted);
    if (!point) throw new Error('an empty set has no flow');
    const { source, destination, ...others } = point;
    const chosen: Chosen = {
      ...others,
      ...(sources ? { source } : {}),
      ...(question.to.kind === 'name' ? {} : { destination }),
    };
    const example = flowOf(question, chosen);
    const surveyor = new Surveyor();
    const { trace } = follow(network, example, surveyor);
    // Each address of an interface stands in a subnet of its own.
    const near =
      question.from.kind === 'nic' && sources
        ? this.algebra.intersect(flows, this.#tables.in('source', [[source, source]]))
        : flows;
    return { flows: generalise(this.#tables, near, chosen, surveyor.asked), example, trace };
  }

  #flowsOf({ to, protocols, ports, sourcePorts }: Question, sources: Intervals | undefined): Diagram {
    const numbers = (protocols ?? [...protocolNames.values()]).map((name) => protocolNumbers[name]);
    const addresses = to.kind === 'addresses' ? to.addresses : addressSet(to);
    return box(this.algebra, {
      ...(sources ? { source: sources } : {}),
      ...(addresses ? { destination: addresses } : {}),
      protocol: numbers.map((number) => [number, number]),
      ...(ports ? { port: ports } : {}),
      ...(sourcePorts ? { sourcePort: sourcePorts } : {}),
    });
  }

  #region({ flows, example, trace }: Way): Region {
    const { disposition } = trace;
    return {
      verdict: verdictOf(trace),
      disposition,
      flows,
      example,
      trace,
      ranges: (most) => boxesOf(this.algebra, flows, most),
    };
  }
}

interface Way {
  readonly flows: Diagram;
  readonly example: Flow;
  readonly trace: Trace;
}

function answerOf({ from, to }: Question, regions: readonly Region[], budget: boolean): Answer {
  const of = (verdict: Verdict): Region[] => regions.filter((region) => region.verdict === verdict);
  return {
    from,
    to,
    regions,
    delivered: of('delivered'),
    denied: of('denied'),
    unknown: of('unknown'),
    budget,
  };
}

function verdictOf({ disposition }: Trace): Verdict {
  return disposition === 'delivered' || disposition === 'unknown' ? disposition : 'denied';
}

/** Ways that end at the same stage of the same resource are shown as one; what is unknown, as one for each reason. */
function endingOf({ disposition, steps }: Trace): string {
  const last = steps.at(-1);
  const why = disposition === 'unknown' ? last?.says : '';
  return [disposition, last?.stage, last?.resource, why].join('|');
}

/** The addresses that flows may come from; undefined where the walk does not ask for one. */
function sourcesOf(network: Network, { from, sources }: Question): Intervals | undefined {
  const own = addressesOf(network, from);
  if (!own || own.length === 0) return undefined;
  return sources ? intersect(own, sources) : own;
}

function addressSet(to: Exclude<Question['to'], { kind: 'addresses' }>): Intervals | undefined {
  return to.kind === 'address' ? [[to.address, to.address]] : undefined;
}

/** The address that `walk` itself would pick comes first. */
function preferences(network: Network, { from }: Question, sources: Intervals | undefined): Preferences {
  if (!sources) return usual;
  const own = from.kind === 'internet' ? internetClient : positionOf(network, from)?.address;
  return own === undefined ? usual : { ...usual, source: [own] };
}

function flowOf({ from, to, as }: Question, chosen: Chosen): Flow {
  const { source, destination = 0, protocol = 6, port = 443, sourcePort = 49152 } = chosen;
  const address = destination as Ip;
  return {
    from,
    to: to.kind === 'addresses' ? { kind: 'address', label: formatIp(address), address } : to,
    port,
    protocol: protocolNames.get(protocol) ?? 'tcp',
    ...(as ? { as } : {}),
    ...(source === undefined ? {} : { source: source as Ip }),
    sourcePort,
  };
}
