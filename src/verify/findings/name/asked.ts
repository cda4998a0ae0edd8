/**
 * Names that must work somewhere, and who answers for them there.
 *
 * @module
 */

import { keyOf } from '../../../lib/key.ts';
import type { Zone } from '../../../net/model.ts';
import { positionOf } from '../../../net/position.ts';
import { proxyFor, seenByProxy } from '../../../net/proxies.ts';
import type { Flow } from '../../../net/walk.ts';
import type { Model } from '../../model.ts';
import { type EndpointName, namesOf } from '../../names.ts';
import { type Link, labelsOf, linksTo } from '../../private-link.ts';
import { type Answerer, answererOf } from '../../resolution.ts';
import { approved } from '../../workspaces.ts';

/** A name of a private endpoint that a place inside, or joined to, a network needs. */
export interface Asked {
  readonly flow: Flow;
  readonly link: Link;
  readonly name: EndpointName;
  readonly answerer: Answerer;
}

/** Every name of an approved private endpoint that must work somewhere: once for each flow and endpoint. */
export function askedNames(model: Model): readonly Asked[] {
  return model.musts.flatMap(({ flow }): Asked[] => {
    if (flow.to.kind !== 'name' || !positionOf(model.network, flow.from)) return [];
    const wanted = flow.to.name;
    const service = model.network.servedNames.get(wanted);
    const surface = service?.fact.surfaces.find(({ name }) => name === wanted);
    if (!service || surface?.alias === undefined) return [];
    const { alias } = surface;
    const proxy = proxyFor(flow.from, wanted);
    const asker = proxy ? seenByProxy(flow.from, proxy) : flow.from;
    const answerer = answererOf(model.network, asker, wanted);
    return approved(linksTo(model, service.fact.behind ?? service.fact.id)).flatMap((link): Asked[] => {
      // A scoring name is one of those that the endpoint serves by a wildcard.
      const own = namesOf(model, link);
      const found =
        own.find(({ fqdn }) => fqdn === wanted) ?? own.find(({ fqdn }) => isWildcardOf(fqdn, wanted));
      return found ? [{ flow, link, name: { ...found, fqdn: wanted, alias }, answerer }] : [];
    });
  });
}

/** A name as one virtual network has to answer it. */
export interface AskedOfAzure {
  readonly vnet: string;
  readonly link: Link;
  readonly name: EndpointName;
  /** The zone of that name that the network is linked to. */
  readonly linked: Zone | undefined;
}

/** Names that a virtual network's zones answer, once for each network and endpoint. */
export function askedOfAzure(model: Model): readonly AskedOfAzure[] {
  const asked = new Map<string, AskedOfAzure>();
  for (const { link, name, answerer } of askedNames(model)) {
    if (answerer.kind !== 'azure') continue;
    const { vnet } = answerer;
    const linked = model.network.views.get(keyOf(vnet))?.get(name.zone)?.zone;
    asked.set(`${keyOf(vnet)} ${keyOf(link.endpoint.id)} ${name.fqdn}`, { vnet, link, name, linked });
  }
  return [...asked.values()];
}

function isWildcardOf(pattern: string, name: string): boolean {
  return pattern.startsWith('*.') && name.slice(name.indexOf('.')) === pattern.slice(1);
}

/** What a fault of a private endpoint's names is also about. */
export function aboutOf(model: Model, { endpoint }: Link): readonly string[] {
  return [endpoint.id, endpoint.target, ...labelsOf(model, endpoint.target, endpoint.group)];
}
