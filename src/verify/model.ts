/**
 * What checks read: the Network, answers about flows, and what the estate needs.
 *
 * @module
 */

import { keyOf } from '../lib/key.ts';
import type { ServiceFact, Surface } from '../net/facts.ts';
import { withoutManagedNetworks } from '../net/managed-networks.ts';
import type { Network, Service } from '../net/model.ts';
import { Names } from '../net/places.ts';
import type { Place } from '../net/position.ts';
import type { Disposition, Trace } from '../net/trace.ts';
import { type Flow, walk } from '../net/walk.ts';
import { Prover } from './reach/prover.ts';
import type { Answer, Question } from './reach/question.ts';
import type { Requirement } from './requirements.ts';

/** What a proof is about. */
export interface Subject {
  readonly network: Network;
  /** ISO 8601 date: what an accept that ends is compared with. */
  readonly today: string;
  /** Object id of who deploys, where cloister.yaml says so. */
  readonly deployer?: string | undefined;
  /** Who answers; one that knows an earlier state of the estate works out only what changed. */
  readonly prover?: Prover;
}

/** A flow that must work: derived from what the estate contains, or a team's own intent. */
export interface Must {
  readonly flow: Flow;
  readonly requirement: Requirement | undefined;
}

/** Everything that a check may look at. Nothing here changes; answers are remembered. */
export class Model {
  /** What the owner of the estate made: what checks look at, and repairs change. */
  readonly network: Network;
  /** With the networks that Azure manages: what flows meet. */
  readonly whole: Network;
  readonly today: string;
  readonly deployer: string | undefined;
  readonly names: Names;
  /** Every flow that must work. */
  readonly musts: readonly Must[];
  readonly #traces: Map<string, Trace>;
  readonly #prover: Prover;

  /** `before` is the model of the same subject: what it knows already is taken over. */
  constructor({ network, today, deployer, prover }: Subject, musts: readonly Must[] = [], before?: Model) {
    this.network = before?.network ?? withoutManagedNetworks(network);
    this.whole = before?.whole ?? network;
    this.today = today;
    this.deployer = deployer;
    this.names = before?.names ?? new Names(network);
    this.musts = musts;
    this.#traces = before ? before.#traces : new Map();
    this.#prover = before ? before.#prover : (prover ?? new Prover());
  }

  /** How one flow ends. */
  trace(flow: Flow): Trace {
    const key = `${flow.from.label}\n${flow.to.label}\n${flow.protocol}/${flow.port}\n${flow.as?.label ?? ''}\n${flow.source ?? ''}`;
    let trace = this.#traces.get(key);
    if (!trace) {
      trace = walk(this.whole, flow);
      this.#traces.set(key, trace);
    }
    return trace;
  }

  /** How all flows of a question end: from every address that the place may have, and of those that are asked for. */
  prove(question: Question): Answer {
    return this.#prover.reach(this.whole, question);
  }

  /** How a flow over TCP from a place to a name of a service ends. */
  reach(from: Place, service: Service, surface: Surface): Disposition {
    return this.trace(flowTo(from, service, surface)).disposition;
  }

  /** Flows that must work and do not, with how each ends. `unknown` is neither. */
  get failing(): readonly (Must & { readonly trace: Trace })[] {
    return this.musts
      .map((must) => ({ ...must, trace: this.trace(must.flow) }))
      .filter(({ trace }) => trace.disposition !== 'delivered' && trace.disposition !== 'unknown');
  }

  /** The service of a resource, if the estate has it. */
  service(id: string | undefined): Service | undefined {
    return id === undefined ? undefined : this.network.services.get(keyOf(id));
  }
}

/** The flow from a place to a name of a service, on the first port that it answers on. */
export function flowTo(from: Place, service: Service, surface: Surface): Flow {
  const label = labelOf(service.fact, surface);
  return {
    from,
    to: { kind: 'name', label, name: surface.name },
    port: surface.ports[0] ?? 443,
    protocol: 'tcp',
  };
}

/** `storage/stclinic/blob`, `workspace/mlw-clinic`: how people write a service's name. */
export function labelOf(fact: ServiceFact, surface: Surface): string {
  const name = fact.id.slice(fact.id.lastIndexOf('/') + 1);
  switch (fact.service) {
    case 'storage':
      return `storage/${name}/${surface.group}`;
    case 'endpoint':
      return `endpoint/${(fact.behind ?? '').split('/').at(-1) ?? ''}/${name}`;
    case 'platform':
      return surface.name;
    default:
      return surface === fact.surfaces[0] ? `${fact.service}/${name}` : surface.name;
  }
}
