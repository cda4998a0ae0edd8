/**
 * What checks read: the Network, answers about flows, and what the estate needs.
 *
 * @module
 */

import { keyOf } from '../lib/key.ts';
import type { ServiceFact, Surface } from '../net/facts.ts';
import type { Network, Service } from '../net/model.ts';
import { Names } from '../net/places.ts';
import type { Place } from '../net/position.ts';
import type { Disposition, Trace } from '../net/trace.ts';
import { type Flow, walk } from '../net/walk.ts';
import type { Requirement } from './requirements.ts';

/** What a proof is about. */
export interface Subject {
  readonly network: Network;
  /** ISO 8601 date: what an accept that ends is compared with. */
  readonly today: string;
  /** Object id of who deploys, where cloister.yaml says so. */
  readonly deployer?: string | undefined;
}

/** A flow that must work, from what the estate contains. */
export interface Need {
  readonly from: Place;
  readonly service: Service;
  readonly surface: Surface;
  readonly requirement: Requirement;
}

/** Everything that a check may look at. Nothing here changes; answers are remembered. */
export class Model {
  readonly network: Network;
  readonly today: string;
  readonly deployer: string | undefined;
  readonly names: Names;
  readonly #traces = new Map<string, Trace>();
  readonly #derive: (model: Model) => readonly Need[];
  #needs: readonly Need[] | undefined;

  constructor({ network, today, deployer }: Subject, derive: (model: Model) => readonly Need[]) {
    this.#derive = derive;
    this.network = network;
    this.today = today;
    this.deployer = deployer;
    this.names = new Names(network);
  }

  /** How one flow ends. */
  trace(flow: Flow): Trace {
    const key = `${flow.from.label}\n${flow.to.label}\n${flow.protocol}/${flow.port}\n${flow.as?.label ?? ''}`;
    let trace = this.#traces.get(key);
    if (!trace) {
      trace = walk(this.network, flow);
      this.#traces.set(key, trace);
    }
    return trace;
  }

  /** How a flow over TCP from a place to a name of a service ends. */
  reach(from: Place, service: Service, surface: Surface): Disposition {
    return this.trace(flowTo(from, service, surface)).disposition;
  }

  /** What must work, from what the estate contains. */
  get needs(): readonly Need[] {
    this.#needs ??= this.#derive(this);
    return this.#needs;
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
