/**
 * A network as a drawing: which boxes there are, where they stand, and which of them a finding is about. Plain data;
 * `map-svg.ts` paints it.
 *
 * Networks are on the left with their subnets and what is in them, services on the right, the world above. The
 * drawing is narrow, so that it is read at a phone's width as it is.
 *
 * @module
 */

import { formatPrefix } from '../../lib/ip.ts';
import { keyOf, nameOf } from '../../lib/key.ts';
import { isVia } from '../../net/gateways.ts';
import { withoutManagedNetworks } from '../../net/managed-networks.ts';
import type { Network, Service, Subnet, Vnet } from '../../net/model.ts';

/** What a box stands for. */
export type BoxKind =
  | 'internet'
  | 'site'
  | 'network'
  | 'subnet'
  | 'machine'
  | 'endpoint'
  | 'gateway'
  | 'firewall'
  | 'place'
  | 'service';

/** One box. Lengths are in units of the drawing, which is 400 wide. */
export interface Box {
  /** `keyOf` of the resource, or the label of a place outside. */
  readonly id: string;
  readonly kind: BoxKind;
  readonly name: string;
  /** Second line: a prefix, a group, a type. */
  readonly note: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A private link, a peering, or a way in. */
export interface Line {
  readonly from: string;
  readonly to: string;
  readonly kind: 'link' | 'pending' | 'peering' | 'outside';
}

/** The whole drawing. */
export interface NetworkMap {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
}

const width = 400;
const gap = 8;
const row = 24;
const head = 20;
const left = { x: 4, width: 236 };
const right = { x: 290, width: 106 };

/** Lays a network out. */
export function mapOf(whole: Network): NetworkMap {
  const network = withoutManagedNetworks(whole);
  const world = outside(network);
  const top = world.length === 0 ? gap : row + 3 * gap;
  let y = top;
  const inside: Box[] = [];
  for (const vnet of network.vnets.values()) {
    const boxes = vnetBoxes(network, vnet, y);
    inside.push(...boxes);
    y = Math.max(...boxes.map((box) => box.y + box.height)) + 2 * gap;
  }
  const loose = looseBoxes(network, new Set(inside.map(({ id }) => id)), y);
  y = Math.max(y, ...loose.map((box) => box.y + box.height + 2 * gap));
  const services = serviceBoxes(network, top, y);
  const boxes = [...world, ...inside, ...loose, ...services];
  const height = Math.max(...boxes.map((box) => box.y + box.height), 0) + gap;
  return { width, height, boxes, lines: linesOf(network, boxes) };
}

/** The services that are drawn: those of the estate, and none of Azure's own. */
function drawn(network: Network): readonly Service[] {
  return [...network.services.values()].filter(({ fact }) => fact.service !== 'platform');
}

function outside(network: Network): readonly Box[] {
  const names = ['internet', ...[...network.sites.values()].map(({ name }) => `site/${name}`)];
  const each = (width - 2 * 4 - gap * (names.length - 1)) / names.length;
  return names.map((name, at) => ({
    id: name,
    kind: name === 'internet' ? 'internet' : 'site',
    name,
    note: '',
    x: 4 + at * (each + gap),
    y: gap,
    width: each,
    height: row,
  }));
}

function vnetBoxes(network: Network, vnet: Vnet, y: number): readonly Box[] {
  const boxes: Box[] = [];
  let at = y + head + 4;
  for (const subnet of vnet.subnets) {
    const contents = contentsOf(network, subnet);
    const height = head + contents.length * row + (contents.length === 0 ? 2 : 6);
    const x = left.x + gap;
    boxes.push({
      id: keyOf(subnet.fact.id),
      kind: 'subnet',
      name: nameOf(subnet.fact.id),
      note: subnet.fact.prefixes.map(formatPrefix).join(', '),
      x,
      y: at,
      width: left.width - 2 * gap,
      height,
    });
    for (const [index, content] of contents.entries()) {
      const top = at + head + index * row;
      boxes.push({ ...content, x: x + gap, y: top, width: left.width - 4 * gap, height: row - 4 });
    }
    at += height + gap;
  }
  const { fact } = vnet;
  const around: Box = {
    id: keyOf(fact.id),
    kind: 'network',
    name: nameOf(fact.id),
    note: fact.prefixes.map(formatPrefix).join(', '),
    x: left.x,
    y,
    width: left.width,
    height: at - y,
  };
  return [around, ...boxes];
}

type Content = Pick<Box, 'id' | 'kind' | 'name' | 'note'>;

/** What stands in a subnet: machines, firewalls, resolvers, gateways, private endpoints. */
function contentsOf(network: Network, { fact }: Subnet): readonly Content[] {
  const here = (subnet: string): boolean => keyOf(subnet) === keyOf(fact.id);
  const box = (id: string, kind: BoxKind, note: string): Content => ({
    id: keyOf(id),
    kind,
    name: nameOf(id),
    note,
  });
  const standing = [...network.nics.values()].filter(({ configurations }) =>
    configurations.some(({ subnet }) => here(subnet)),
  );
  const all = [
    ...standing.flatMap(({ id, runs, endpoint }): Content[] => {
      if (endpoint !== undefined) return [];
      if (runs === 'firewall') return [box(id, 'firewall', 'firewall')];
      if (runs === 'resolver') return [box(id, 'gateway', 'resolver')];
      const owner = machineOf(network, id);
      return [owner === undefined ? box(id, 'place', 'interface') : box(owner, 'machine', 'machine')];
    }),
    ...[...network.gateways.values()]
      .filter((gateway) => here(gateway.fact.subnet))
      .map((gateway) => box(gateway.fact.id, 'gateway', gateway.fact.type)),
    ...[...network.endpoints.values()]
      .filter(({ subnet }) => here(subnet))
      .map(({ id, group }) => box(id, 'endpoint', group)),
  ];
  return [...new Map(all.map((content) => [content.id, content])).values()];
}

/** The machine that an interface belongs to. */
function machineOf(network: Network, nic: string): string | undefined {
  return [...network.machines.values()].find(({ nics }) => nics.some((id) => keyOf(id) === keyOf(nic)))?.id;
}

/** The box that shows a resource: its own, or of what it belongs to. */
export function boxOf(network: Network, map: NetworkMap, id: string): Box | undefined {
  const nic = network.nics.get(keyOf(id));
  const shown = nic ? (nic.endpoint ?? machineOf(network, nic.id) ?? nic.id) : id;
  for (let at: string = keyOf(shown); at !== ''; at = at.split('/').slice(0, -2).join('/')) {
    const found = map.boxes.find((box) => box.id === at);
    if (found) return found;
  }
  return undefined;
}

/** Places that stand nowhere in particular: what Azure runs, and what is only stored. */
function looseBoxes(network: Network, known: ReadonlySet<string>, y: number): readonly Box[] {
  return [...network.workloads.values(), ...network.opaque.values()]
    .filter(({ id, place }) => place !== undefined && !known.has(keyOf(id)))
    .map(({ id, place = '' }, at) => ({
      id: keyOf(id),
      kind: 'place',
      name: nameOf(id),
      note: place.split('/')[0] ?? '',
      x: left.x,
      y: y + at * (row + 4),
      width: left.width,
      height: row,
    }));
}

/** Services stand beside the private endpoints that lead to them, as far as there is room. */
function serviceBoxes(network: Network, top: number, bottom: number): readonly Box[] {
  const services = drawn(network);
  const step = Math.max(40, Math.min(72, (bottom - top) / Math.max(1, services.length)));
  return services.map(({ fact }, at) => ({
    id: keyOf(fact.id),
    kind: 'service',
    name: nameOf(fact.id),
    note: fact.service === 'endpoint' ? 'online endpoint' : fact.service,
    x: right.x,
    y: top + at * step,
    width: right.width,
    height: 34,
  }));
}

function linesOf(network: Network, boxes: readonly Box[]): readonly Line[] {
  const shown = new Set(boxes.map(({ id }) => id));
  const links = [...network.endpoints.values()].map((endpoint): Line => {
    const status = network.connections.get(keyOf(endpoint.id))?.status;
    const [from, to] = [keyOf(endpoint.id), keyOf(endpoint.target)];
    return { from, to, kind: status === 'Approved' ? 'link' : 'pending' };
  });
  const peerings = [...network.vnets.values()].flatMap((vnet) =>
    vnet.peerings.map((peering): Line => {
      return { from: keyOf(peering.vnet), to: keyOf(peering.remote), kind: 'peering' };
    }),
  );
  const once = new Map(peerings.map((line) => [[line.from, line.to].toSorted().join(), line]));
  const doors = drawn(network)
    .filter(({ fact }) => fact.door?.publicAccess === true)
    .map(({ fact }): Line => ({ from: 'internet', to: keyOf(fact.id), kind: 'outside' }));
  const sites = [...network.sites.values()].flatMap((site) =>
    [...network.gateways.values()]
      .filter(({ fact }) => isVia(site, fact))
      .map(({ fact }): Line => ({ from: `site/${site.name}`, to: keyOf(fact.id), kind: 'outside' })),
  );
  return [...links, ...once.values(), ...doors, ...sites].filter(
    ({ from, to }) => shown.has(from) && shown.has(to),
  );
}
