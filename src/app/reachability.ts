/**
 * The intent of a virtual network verifier, proven: which of its flows reach, which do not and why, as ranges
 * (docs/semantics/network-verifier.md).
 *
 * @module
 */

import { type Intervals, intersect, union } from '../lib/intervals.ts';
import { intervalOf, parsePrefix } from '../lib/ip.ts';
import { keyOf } from '../lib/key.ts';
import { type Protocol, parsePorts } from '../lib/ports.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import { publicAddresses } from '../net/azure.ts';
import type { Network } from '../net/model.ts';
import { Names } from '../net/places.ts';
import { addressesOf } from '../net/position.ts';
import type { Blocker, Disposition, Step } from '../net/trace.ts';
import { type IntentContent, internet } from '../providers/network/verifier.ts';
import { Prover } from '../verify/reach/prover.ts';
import type { Aim, Region, Verdict } from '../verify/reach/question.ts';
import { type Ranges, rangesOf } from './ranges.ts';

/** How all flows of an intent end. */
export interface Reachability {
  readonly outcome: 'Reached' | 'PartiallyReached' | 'NotReached' | 'Unknown';
  readonly reached: readonly FlowsOfRun[];
  readonly blocked: readonly FlowsOfRun[];
  readonly unknown: readonly FlowsOfRun[];
  /** False: the budget of the proof ended before every flow was looked at. */
  readonly complete: boolean;
}

/** Flows that end alike, with one of them as an example. */
export interface FlowsOfRun {
  readonly flows: readonly Ranges[];
  readonly to: string;
  readonly disposition: Disposition;
  readonly steps: readonly Step[];
  readonly blockers: readonly Blocker[];
}

/** Ranges that a set of flows is told with at most. */
const mostRanges = 16;

/** Proves an intent. Fails where it asks about no flow at all. */
export function reachabilityOf(network: Network, intent: IntentContent): Result<Reachability> {
  const { ipTraffic } = intent;
  const named = new Names(network).place(
    intent.sourceResourceId === internet ? 'internet' : intent.sourceResourceId,
  );
  if (!named.ok) return fail(named.error.message);
  const from = named.value;
  const sources = intersect(addressesOf(network, from) ?? [], addressesIn(ipTraffic.sourceIps));
  if (sources.length === 0) return none('sourceIps', ipTraffic.sourceIps, intent.sourceResourceId);
  const aims = aimsAt(network, intent.destinationResourceId, addressesIn(ipTraffic.destinationIps));
  if (aims.length === 0)
    return none('destinationIps', ipTraffic.destinationIps, intent.destinationResourceId);
  const prover = new Prover();
  const protocols = protocolsOf(ipTraffic.protocols);
  const answers = aims.map((to) =>
    prover.reach(network, {
      from,
      to,
      sources,
      sourcePorts: portsIn(ipTraffic.sourcePorts),
      ports: portsIn(ipTraffic.destinationPorts),
      ...(protocols ? { protocols } : {}),
    }),
  );
  const regions = answers.flatMap((answer) => answer.regions);
  const of = (verdict: Verdict): FlowsOfRun[] =>
    regions.filter((region) => region.verdict === verdict).map(flowsOf);
  const complete = answers.every(({ budget }) => !budget);
  const parts = { reached: of('delivered'), blocked: of('denied'), unknown: of('unknown') };
  return ok({ outcome: outcomeOf(parts, complete), ...parts, complete });
}

function none(member: string, given: readonly string[], id: string): Result<never> {
  return fail(`None of the ${member} ${given.join(', ')} is an address of ${id}.`);
}

function outcomeOf(
  { reached, blocked, unknown }: Pick<Reachability, 'reached' | 'blocked' | 'unknown'>,
  complete: boolean,
): Reachability['outcome'] {
  if (reached.length > 0 && blocked.length > 0) return 'PartiallyReached';
  if (unknown.length > 0 || !complete) return 'Unknown';
  return reached.length > 0 ? 'Reached' : 'NotReached';
}

function flowsOf(region: Region): FlowsOfRun {
  const { trace } = region;
  return {
    flows: region.ranges(mostRanges).boxes.map(rangesOf),
    to: trace.to,
    disposition: region.disposition,
    steps: trace.steps,
    blockers: trace.blockers,
  };
}

/** What flows go to: the names of a service, the addresses of machines, or what is on the internet. */
function aimsAt(network: Network, id: string, wanted: Intervals): readonly Aim[] {
  const service = network.services.get(keyOf(id));
  if (service) return service.fact.surfaces.map(({ name }) => ({ kind: 'name', label: name, name }));
  const addresses = intersect(id === internet ? publicAddresses : machineAddresses(network, id), wanted);
  return addresses.length === 0 ? [] : [{ kind: 'addresses', label: id, addresses }];
}

/** Addresses of a machine, or of all machines in a subnet. */
function machineAddresses(network: Network, id: string): Intervals {
  const machine = network.machines.get(keyOf(id));
  const nics = machine
    ? machine.nics.flatMap((nic) => network.nics.get(keyOf(nic)) ?? [])
    : [...network.nics.values()].filter(({ endpoint, runs }) => endpoint === undefined && runs === undefined);
  const configurations = nics
    .flatMap((nic) => nic.configurations)
    .filter(({ subnet }) => machine !== undefined || keyOf(subnet) === keyOf(id));
  return union(configurations.map(({ address }) => [address, address]));
}

function addressesIn(texts: readonly string[]): Intervals {
  return union(
    ...texts.map((text): Intervals => {
      const prefix = parsePrefix(text === '*' ? '0.0.0.0/0' : text);
      return prefix ? [intervalOf(prefix)] : [];
    }),
  );
}

function portsIn(texts: readonly string[]): Intervals {
  return union(
    ...texts.map((text): Intervals => {
      const range = parsePorts(text);
      return range ? [range] : [];
    }),
  );
}

/** Undefined: any. */
function protocolsOf(words: IntentContent['ipTraffic']['protocols']): readonly Protocol[] | undefined {
  return words.includes('Any') ? undefined : words.map((word) => word.toLowerCase() as Protocol);
}
