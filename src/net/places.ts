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
import type { Surface } from './facts.ts';
import type { Network, Service } from './model.ts';
import type { Place } from './position.ts';
import type { Target } from './walk.ts';

/** Why a text names nothing, and what it may have meant. */
export interface NamingProblem {
  readonly message: string;
  readonly candidates: readonly string[];
}

interface Named<T> {
  /** `subscription/group/kind/name...`; any suffix of it that is unique will do. */
  readonly path: string;
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
    this.#places = placesOf(network);
    this.#targets = targetsOf(network);
    this.#labels = countSuffixes([...this.#places, ...this.#targets]);
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
    const found = all.filter(({ path, id }) => {
      const full = path.toLowerCase();
      return full === wanted || full.endsWith(`/${wanted}`) || keyOf(id) === wanted;
    });
    const [only] = found;
    if (only && found.length === 1) return ok(only.make(this.#label(only)));
    const below = all.filter(({ path, id }) => {
      const full = `/${path.toLowerCase()}`;
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
    const parts = named.path.split('/');
    if (parts.length <= 2) return named.path;
    for (let from = 2; from >= 0; from--) {
      const suffix = parts.slice(from).join('/');
      if (this.#labels.get(suffix.toLowerCase()) === 1) return suffix;
    }
    return named.id;
  }
}

const order = ['internet', 'site', 'vnet', 'vm', 'nic', 'compute', 'deployment'];

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
    const parts = path.toLowerCase().split('/');
    for (let from = 0; from <= 2 && from < parts.length; from++) {
      const suffix = parts.slice(from).join('/');
      counts.set(suffix, (counts.get(suffix) ?? 0) + 1);
    }
  }
  return counts;
}

/** `subscription/group` of an id. */
function home(id: string): string {
  const parts = id.split('/');
  return `${parts[2] ?? ''}/${parts[4] ?? ''}`;
}

function placesOf(network: Network): Named<Place>[] {
  const places: Named<Place>[] = [
    { path: 'internet', id: 'internet', make: (label) => ({ kind: 'internet', label }) },
  ];
  for (const site of network.sites.values()) {
    const path = `site/${site.name}`;
    places.push({ path, id: path, make: (label) => ({ kind: 'site', label, site }) });
  }
  for (const { vnet, subnet } of network.subnets.values()) {
    const { id } = subnet.fact;
    const path = `${home(id)}/vnet/${nameOf(vnet.fact.id)}/${nameOf(id)}`;
    places.push({ path, id, make: (label) => ({ kind: 'subnet', label, subnet: id }) });
  }
  for (const machine of network.machines.values()) {
    const [nic] = machine.nics;
    const path = `${home(machine.id)}/vm/${nameOf(machine.id)}`;
    if (nic !== undefined)
      places.push({ path, id: machine.id, make: (label) => ({ kind: 'nic', label, nic }) });
  }
  for (const nic of network.nics.values()) {
    // The interface of a private endpoint receives and never starts a flow (PE-4).
    if (nic.endpoint !== undefined) continue;
    const path = `${home(nic.id)}/nic/${nameOf(nic.id)}`;
    places.push({ path, id: nic.id, make: (label) => ({ kind: 'nic', label, nic: nic.id }) });
  }
  for (const { id, type, place } of network.opaque.values()) {
    if (place === undefined) continue;
    const path = `${home(id)}/${place}`;
    places.push({ path, id, make: (label) => ({ kind: 'opaque', label, resource: id, type }) });
  }
  return places;
}

function targetsOf(network: Network): Named<Target>[] {
  const targets: Named<Target>[] = [];
  for (const service of network.services.values()) {
    for (const surface of shownSurfaces(service)) {
      const { path, id } = pathOf(service, surface);
      targets.push({ path, id, make: (label) => ({ kind: 'name', label, name: surface.name }) });
    }
  }
  for (const machine of network.machines.values()) {
    const address = firstAddress(network, machine.nics[0]);
    const path = `${home(machine.id)}/vm/${nameOf(machine.id)}`;
    if (address !== undefined) {
      targets.push({ path, id: machine.id, make: (label) => ({ kind: 'address', label, address }) });
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

function pathOf({ fact }: Service, surface: Surface): { path: string; id: string } {
  const { id, service } = fact;
  const name = nameOf(id);
  switch (service) {
    case 'platform':
      return { path: id, id };
    case 'storage':
      return { path: `${home(id)}/storage/${name}/${surface.group}`, id: `${id}/${surface.group}` };
    case 'endpoint':
      return { path: `${home(id)}/endpoint/${nameOf(fact.behind ?? '')}/${name}`, id };
    default:
      return { path: `${home(id)}/${service}/${name}`, id };
  }
}
