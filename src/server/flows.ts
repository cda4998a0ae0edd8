/**
 * What goes into the flow log: decisions of the gateways as they are made, and those of the kernel's routers whenever
 * somebody looks. Routers remember for five minutes, so nothing is missed between two looks (ADR 25).
 *
 * @module
 */

import type { FlowLine, FlowsAnswer } from '../api/control.ts';
import type { Decision, Destination } from '../enforce/userspace/decision.ts';
import { formatIp } from '../lib/ip.ts';
import { keyOfPlace } from '../net/position.ts';
import type { FlowLog } from './flow-log.ts';
import type { Ground } from './front/passage.ts';
import type { Kernel, RoutedFlow } from './kernel/kernel.ts';
import type { NamedFlow } from './kernel/listeners.ts';

/** Time between two looks at the kernel's records, in milliseconds. */
const interval = 30_000;

/** The flows of an instance. */
export class Flows {
  readonly #log: FlowLog;
  readonly #ground: Ground;
  #kernel: Kernel | undefined;
  #timer: NodeJS.Timeout | undefined;
  #problems: readonly string[] = [];

  constructor(log: FlowLog, ground: Ground) {
    this.#log = log;
    this.#ground = ground;
  }

  /** Looks at a kernel from now on, if there is one. */
  watch(kernel: Kernel | undefined): void {
    if (!kernel) return;
    this.#kernel = kernel;
    this.#timer = setInterval(() => void this.#look(), interval).unref();
  }

  /** Hears what a gateway decided. */
  decided({ place, host, port }: Destination, decision: Decision): void {
    const refusal = decision.verdict === 'refuse' ? decision : undefined;
    const line: FlowLine = {
      time: new Date().toISOString(),
      at: 'gateway',
      place,
      protocol: 'tcp',
      source: null,
      sourcePort: null,
      destination: host,
      port,
      decision: refusal?.disposition ?? 'passed',
      gate: refusal?.resource ?? null,
      rule: refusal?.rule ?? null,
    };
    void this.#log.add([line]);
  }

  /** Hears what a firewall denied by the name that was asked for: a router only knows that it was asked. */
  denied(flow: NamedFlow): void {
    const { at, place, source, sourcePort, destination, port, name, disposition, by } = flow;
    const line: FlowLine = {
      time: new Date().toISOString(),
      at,
      place,
      protocol: 'tcp',
      source: formatIp(source),
      sourcePort,
      destination: formatIp(destination),
      port,
      name: name ?? null,
      decision: disposition,
      gate: by?.resource ?? null,
      rule: by?.rule ?? null,
    };
    void this.#log.add([line]);
  }

  /** The last flows, those of this moment among them. */
  async answer(): Promise<FlowsAnswer> {
    await this.#look();
    const { recent, problem } = this.#log;
    const problems = [...(problem === undefined ? [] : [problem]), ...this.#problems];
    return { flows: recent, ...(problems.length === 0 ? {} : { problem: problems.join('; ') }) };
  }

  /** Writes down what there is, and looks no more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#look();
  }

  /** Never rejects: what could not be asked is said with the answer. */
  async #look(): Promise<void> {
    if (!this.#kernel) return this.#log.add([]);
    try {
      const { flows, problems } = await this.#kernel.look();
      this.#problems = problems;
      const places = this.#ground.names.places();
      // A machine and its interface are one place: the machine's name comes first.
      const labels = new Map(places.map((place) => [keyOfPlace(place), place.label] as const).toReversed());
      await this.#log.add(flows.map((flow) => lineOf(flow, labels)));
    } catch (error) {
      this.#problems = [error instanceof Error ? error.message : String(error)];
    }
  }
}

function lineOf({ record, at, sender }: RoutedFlow, labels: ReadonlyMap<string, string>): FlowLine {
  const { protocol, source, sourcePort, destination, port, ended, age } = record;
  const ending = typeof ended === 'string' ? undefined : ended;
  return {
    time: new Date(Date.now() - age * 1000).toISOString(),
    at,
    place: (sender === undefined ? undefined : labels.get(sender)) ?? null,
    protocol,
    source: formatIp(source),
    sourcePort,
    destination: formatIp(destination),
    port,
    decision: typeof ended === 'string' ? ended : ended.disposition,
    gate: ending?.by.resource ?? null,
    rule: ending?.by.rule ?? null,
  };
}
