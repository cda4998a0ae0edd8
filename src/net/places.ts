/**
 * How people write places and targets: the shortest suffix that is unique (`vm/jumpbox`, `rg1/vm/jumpbox`), or a
 * full resource id.
 *
 * @module
 */

import { parseFqdn } from '../lib/fqdn.ts';
import { formatIp, type Ip, parseIp } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import { nearest } from '../lib/near.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import type { MachineFact, Surface } from './facts.ts';
import { sameItems } from './gather.ts';
import type { Network, Service } from './model.ts';
import type { Place } from './position.ts';
import type { Target } from './walk.ts';

/** Why a text names nothing, and what it may have meant. */
export interface NamingProblem {
  readonly message: string;
  readonly candidates: readonly string[];
}

/** `subscription/group/kind/name...`; any suffix of it that is unique will do. */
interface Path {
  readonly text: string;
  readonly lower: string;
  /** In lower case: all of it, and what is left without the subscription and without the group. */
  readonly suffixes: readonly string[];
}

interface Named<T> {
  readonly path: Path;
  readonly id: string;
  readonly make: (label: string) => T;
}

interface Aim {
  readonly target: Target;
  readonly port: number | undefined;
}

/** Everything that can be named in a network, prepared once. */
export class Names {
  readonly #places: readonly Named<Place>[];
  readonly #targets: readonly Named<Target>[];
  readonly #labels: ReadonlyMap<string, number>;

  constructor(network: Network) {
    const names = prepare(network);
    prepared.set(network.nics, names);
    this.#places = names.places;
    this.#targets = names.targets;
    this.#labels = names.labels;
  }

  /** Every place, with the shortest unique label, in a stable order. */
  places(): readonly Place[] {
    return this.#places
      .map((named) => named.make(this.#label(named)))
      .toSorted((a, b) => rank(a) - rank(b) || (a.label < b.label ? -1 : 1));
  }

  /** Every target's label. */
  targets(): readonly string[] {
    return this.#targets.map((named) => this.#label(named)).toSorted();
  }

  /** Finds a place. */
  place(text: string): Result<Place, NamingProblem> {
    return this.#find(this.#places, text, 'place');
  }

  /** Finds a target: a resource, a name or an address, with `:port` behind it if it is not 443. */
  target(text: string): Result<Aim, NamingProblem> {
    const match = /^(?<what>.*?)(?::(?<port>\d{1,5}))?$/.exec(text);
    const what = match?.groups?.what ?? text;
    const port = match?.groups?.port === undefined ? undefined : Number(match.groups.port);
    if (port !== undefined && (port < 1 || port > 65535)) {
      return fail({ message: `'${text}' has a port outside 1 to 65535`, candidates: [] });
    }
    const address = parseIp(what);
    if (address !== undefined) {
      return ok({ target: { kind: 'address', label: formatIp(address), address }, port });
    }
    const known = this.#find(this.#targets, what, 'target');
    if (known.ok) return ok({ target: known.value, port });
    // What ends in a number is an address with a typing error, not a name.
    const isName = what.includes('.') && !/[/*]|(?:^|\.)\d+\.?$/.test(what);
    const name = isName ? parseFqdn(what) : undefined;
    if (name !== undefined) return ok({ target: { kind: 'name', label: name, name }, port });
    return known;
  }

  #find<T>(all: readonly Named<T>[], text: string, what: string): Result<T, NamingProblem> {
    const wanted = text.toLowerCase().replace(/\/$/, '');
    const tail = `/${wanted}`;
    const found = all.filter(({ path, id }) => {
      const { lower } = path;
      return lower === wanted || lower.endsWith(tail) || keyOf(id) === wanted;
    });
    const [only] = found;
    if (only && found.length === 1) return ok(only.make(this.#label(only)));
    const below = all.filter(({ path, id }) => {
      const full = `/${path.lower}`;
      return wanted !== '' && (full.includes(`/${wanted}/`) || keyOf(id).startsWith(`${wanted}/`));
    });
    if (found.length === 0 && below.length > 0) {
      const candidates = below.map((named) => this.#label(named)).toSorted();
      return fail({ message: `'${text}' is not a ${what}, and has ${below.length} below it`, candidates });
    }
    const labels = (found.length > 0 ? found : all).map((named) => this.#label(named));
    if (found.length > 1) {
      return fail({
        message: `'${text}' is the name of ${found.length} ${what}s`,
        candidates: labels.toSorted(),
      });
    }
    const near = nearest(text, labels);
    const kind = `/${wanted.split('/')[0]}/`;
    const sameKind = labels.filter((label) => `/${label.toLowerCase()}`.includes(kind));
    return fail({
      message: `there is no ${what} '${text}'${near === undefined ? '' : `; did you mean '${near}'?`}`,
      candidates: (sameKind.length > 0 ? sameKind : labels).toSorted(),
    });
  }

  /** The shortest suffix that starts at a kind and is unique; the id where none is. */
  #label<T>(named: Named<T>): string {
    const { text, suffixes } = named.path;
    if (text.split('/').length <= 2) return text;
    const shortest = suffixes.findLast((suffix) => this.#labels.get(suffix) === 1);
    return shortest === undefined ? named.id : text.slice(-shortest.length);
  }
}

interface Prepared {
  readonly inputs: readonly unknown[];
  readonly places: readonly Named<Place>[];
  readonly targets: readonly Named<Target>[];
  readonly labels: ReadonlyMap<string, number>;
}

const prepared = new WeakMap<Network['nics'], Prepared>();

/** Most changes of an estate (a rule, an approval) leave every name as it was: what was prepared is taken over. */
function prepare(network: Network): Prepared {
  const { nics, machines, workloads, opaque, sites, gateways, balancers, publicAddresses } = network;
  const facts = [...network.subnets.values()].flatMap(({ vnet, subnet }) => [vnet.fact, subnet.fact]);
  const services = [...network.services.values()].map((service) => service.fact);
  const inputs = [
    machines,
    workloads,
    opaque,
    sites,
    gateways,
    balancers,
    publicAddresses,
    ...facts,
    ...services,
  ];
  const known = prepared.get(nics);
  if (known && sameItems(known.inputs, inputs)) return known;
  const places = placesOf(network);
  const targets = targetsOf(network);
  return { inputs, places, targets, labels: countSuffixes([...places, ...targets]) };
}

const order = ['internet', 'site', 'vpn', 'vnet', 'vm', 'nic', 'compute', 'deployment'];

function rank(place: Place): number {
  const kind = place.label.split('/').find((part) => order.includes(part)) ?? '';
  return kind === '' ? order.length : order.indexOf(kind);
}

function countSuffixes(all: readonly Named<unknown>[]): Map<string, number> {
  const counts = new Map<string, number>();
  const seen = new Set<string>();
  for (const { path, id } of all) {
    // A machine is a place and a target under one name: that is not an ambiguity.
    if (seen.has(keyOf(id))) continue;
    seen.add(keyOf(id));
    for (const suffix of path.suffixes) counts.set(suffix, (counts.get(suffix) ?? 0) + 1);
  }
  return counts;
}

const paths = new WeakMap<object, Path>();

/** The path of what a fact is about. Remembered a fact: most of them live through most changes of an estate. */
function pathFor(fact: object, text: () => string): Path {
  let path = paths.get(fact);
  if (!path) {
    path = pathOf(text());
    paths.set(fact, path);
  }
  return path;
}

function pathOf(text: string): Path {
  const lower = text.toLowerCase();
  const suffixes = [lower];
  for (let at = lower.indexOf('/'); at >= 0 && suffixes.length <= 2; at = lower.indexOf('/', at + 1)) {
    suffixes.push(lower.slice(at + 1));
  }
  return { text, lower, suffixes };
}

/** `subscription/group` of an id. */
function home(id: string): string {
  const parts = id.split('/');
  return `${parts[2] ?? ''}/${parts[4] ?? ''}`;
}

function placesOf(network: Network): Named<Place>[] {
  const places: Named<Place>[] = [
    { path: pathOf('internet'), id: 'internet', make: (label) => ({ kind: 'internet', label }) },
  ];
  for (const site of network.sites.values()) {
    const id = `site/${site.name}`;
    places.push({ path: pathOf(id), id, make: (label) => ({ kind: 'site', label, site }) });
  }
  for (const { fact } of network.gateways.values()) {
    if (fact.clients.length === 0) continue;
    const path = pathFor(fact, () => `${home(fact.id)}/vpn/${nameOf(fact.id)}`);
    places.push({ path, id: fact.id, make: (label) => ({ kind: 'client', label, gateway: fact.id }) });
  }
  for (const { vnet, subnet } of network.subnets.values()) {
    if (vnet.fact.managed) continue;
    const { id } = subnet.fact;
    const path = pathFor(subnet.fact, () => `${home(id)}/vnet/${nameOf(vnet.fact.id)}/${nameOf(id)}`);
    places.push({ path, id, make: (label) => ({ kind: 'subnet', label, subnet: id }) });
  }
  for (const machine of network.machines.values()) {
    const [nic] = machine.nics;
    const path = machinePath(machine);
    if (nic !== undefined)
      places.push({ path, id: machine.id, make: (label) => ({ kind: 'nic', label, nic }) });
  }
  for (const nic of network.nics.values()) {
    // The interface of a private endpoint receives and never starts a flow (PE-4), nor does what Azure runs.
    if (nic.endpoint !== undefined || nic.runs !== undefined) continue;
    const path = pathFor(nic, () => `${home(nic.id)}/nic/${nameOf(nic.id)}`);
    places.push({ path, id: nic.id, make: (label) => ({ kind: 'nic', label, nic: nic.id }) });
  }
  for (const fact of network.workloads.values()) {
    const { id, place } = fact;
    const path = pathFor(fact, () => `${home(id)}/${place}`);
    places.push({ path, id, make: (label) => ({ kind: 'workload', label, workload: id }) });
  }
  for (const fact of network.opaque.values()) {
    const { id, type, place } = fact;
    if (place === undefined) continue;
    const path = pathFor(fact, () => `${home(id)}/${place}`);
    places.push({ path, id, make: (label) => ({ kind: 'opaque', label, resource: id, type }) });
  }
  return places;
}

function targetsOf(network: Network): Named<Target>[] {
  const targets: Named<Target>[] = [];
  for (const service of network.services.values()) {
    for (const surface of shownSurfaces(service)) {
      const { text, id } = aimOf(service, surface);
      const path = pathFor(surface, () => text);
      targets.push({ path, id, make: (label) => ({ kind: 'name', label, name: surface.name }) });
    }
  }
  for (const machine of network.machines.values()) {
    const address = firstAddress(network, machine.nics[0]);
    const path = machinePath(machine);
    if (address !== undefined) {
      targets.push({ path, id: machine.id, make: (label) => ({ kind: 'address', label, address }) });
    }
  }
  for (const { fact } of network.balancers.values()) {
    for (const frontend of fact.frontends) {
      const { id, address = network.publicAddresses.get(keyOf(frontend.publicAddress ?? '')) } = frontend;
      const alone = fact.frontends.length === 1;
      const path = pathFor(
        frontend,
        () => `${home(id)}/lb/${nameOf(fact.id)}${alone ? '' : `/${nameOf(id)}`}`,
      );
      if (address !== undefined) {
        const named = alone ? fact.id : id;
        targets.push({ path, id: named, make: (label) => ({ kind: 'address', label, address }) });
      }
    }
  }
  return targets;
}

function firstAddress(network: Network, nic: string | undefined): Ip | undefined {
  return nic === undefined ? undefined : network.nics.get(keyOf(nic))?.configurations[0]?.address;
}

/** One name stands for a service, except where each sub-resource is a target of its own. */
function shownSurfaces(service: Service): readonly Surface[] {
  const { service: kind, surfaces } = service.fact;
  return kind === 'storage' ? surfaces : surfaces.slice(0, 1);
}

function machinePath(machine: MachineFact): Path {
  return pathFor(machine, () => `${home(machine.id)}/vm/${nameOf(machine.id)}`);
}

function aimOf({ fact }: Service, surface: Surface): { text: string; id: string } {
  const { id, service } = fact;
  const name = nameOf(id);
  switch (service) {
    case 'platform':
      return { text: id, id };
    case 'storage':
      return { text: `${home(id)}/storage/${name}/${surface.group}`, id: `${id}/${surface.group}` };
    case 'endpoint':
      return { text: `${home(id)}/endpoint/${nameOf(fact.behind ?? '')}/${name}`, id };
    default:
      return { text: `${home(id)}/${service}/${name}`, id };
  }
}
