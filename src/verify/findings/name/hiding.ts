/**
 * Zones that hide names: a linked zone is the authority, and what it lacks does not exist (docs/semantics/names.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { LinkedZone } from '../../../net/model.ts';
import type { Place } from '../../../net/position.ts';
import { isCommonZone, isLinkZone } from '../../../net/private-zones.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { answerOf } from '../../names.ts';
import { linksTo } from '../../private-link.ts';
import type { Repair } from '../../repair.ts';
import { answererOf } from '../../resolution.ts';
import { approved, isClosed, vnetOf } from '../../workspaces.ts';

/** A zone that public names lead into, linked where it has no records for names that work in public. */
export function* hidden(model: Model): Generator<Fault> {
  for (const [vnet, view] of model.network.views) {
    const home = model.network.vnets.get(vnet)?.fact.id ?? vnet;
    for (const linked of view.values()) {
      if (linked.fallback || !isLinkZone(linked.zone.name)) continue;
      const names = isCommonZone(linked.zone.name) ? commonNames(linked) : hiddenNames(model, home, linked);
      const [first] = names;
      if (first === undefined) continue;
      yield {
        subject: linked.link,
        at: 'resolutionPolicy',
        says: `${linked.zone.name}, linked to ${nameOf(home)}, has no record for ${first}, which works in public and is NXDOMAIN there`,
        concerns: [linked.zone.name, ...names],
        blockers: [
          {
            resource: linked.link,
            property: 'properties.resolutionPolicy',
            is: 'Default',
            needs: 'NxDomainRedirect',
          },
        ],
        repairs: lettingThrough(linked),
      };
    }
  }
}

/** Without any record, no private endpoint fills the zone: every name is hidden that everybody uses. */
function commonNames({ zone }: LinkedZone): readonly string[] {
  const filled = [...zone.records.values()].flat().some(({ data }) => data.type === 'A');
  return filled ? [] : [`the names of ${zone.name}`];
}

/** Names of open services whose private endpoints are elsewhere, asked by machines that this network answers. */
function hiddenNames(model: Model, vnet: string, { zone }: LinkedZone): readonly string[] {
  const { network } = model;
  const machines = model.names.places().filter(isMachine);
  const near = new Set(
    [...network.vnets.values()]
      .flatMap(({ peerings }) => peerings)
      .flatMap(({ vnet: one, remote }) => (keyOf(one) === keyOf(vnet) ? [keyOf(remote)] : []))
      .concat(keyOf(vnet)),
  );
  return [...network.services.values()].flatMap((service) => {
    if (isClosed(model, service)) return [];
    const target = service.fact.behind ?? service.fact.id;
    const usable = approved(linksTo(model, target)).some((link) =>
      near.has(keyOf(vnetOf(model, link) ?? '')),
    );
    return service.fact.surfaces.flatMap(({ name, alias }) => {
      const shown = network.publicNames.get(name);
      if (usable || alias === undefined || !shown || !('cname' in shown) || shown.cname !== alias) return [];
      if (!alias.endsWith(`.${zone.name}`) || answerOf(zone, alias)) return [];
      const asked = machines.some((place) => {
        const answerer = answererOf(network, place, name);
        return answerer.kind === 'azure' && keyOf(answerer.vnet) === keyOf(vnet);
      });
      return asked ? [name] : [];
    });
  });
}

function isMachine(place: Place): boolean {
  return place.kind === 'nic' && place.label.split('/').at(-2) === 'vm';
}

function lettingThrough({ link, zone }: LinkedZone): readonly Repair[] {
  return [
    {
      says: `ask public DNS for what ${zone.name} lacks`,
      edits: [
        {
          kind: 'set',
          resource: link,
          property: ['properties', 'resolutionPolicy'],
          value: 'NxDomainRedirect',
        },
      ],
    },
    { says: `unlink ${zone.name}`, edits: [{ kind: 'delete', resource: link }] },
  ];
}
