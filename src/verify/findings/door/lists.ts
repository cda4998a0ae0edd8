/**
 * Lists at doors: who is on none, and who is on one that is not looked at (docs/semantics/doors.md).
 *
 * @module
 */

import { contains, formatIp } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import { sharesAzureRoutes } from '../../../net/azure.ts';
import { doorOf } from '../../../net/doors.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { additions, doors, groupsOf, linksTo } from '../../private-link.ts';
import { type Edit, setting } from '../../repair.ts';
import { approved } from '../../workspaces.ts';

/** The public door is open to a list, and who must get in is not on it; or nobody is, and there is no other way. */
export function* excluded(model: Model): Generator<Fault> {
  for (const { flow, requirement, trace } of model.failing) {
    const last = trace.steps.at(-1);
    const service = trace.disposition === 'refused-by-door' ? model.service(last?.resource) : undefined;
    const found = service && doorOf(model.network, service);
    if (!found?.door.publicAccess || found.door.defaultAllow) continue;
    yield {
      subject: found.owner.id,
      at: found.door.defaultFlag,
      says: `${flow.from.label} is on no list of ${nameOf(found.owner.id)}`,
      flow,
      ...(requirement ? { requirement } : {}),
      repairs: [
        { says: 'let everybody in', edits: [setting(found.owner.id, found.door.defaultFlag, 'Allow')] },
      ],
    };
  }
  for (const { fact, door } of doors(model)) {
    const { id } = fact;
    const nobody = door.addresses.length === 0 && door.subnets.length === 0;
    if (!door.publicAccess || door.defaultAllow || !nobody || fact.behind !== undefined) continue;
    if (linksTo(model, id).length > 0) continue;
    yield {
      subject: id,
      at: door.defaultFlag,
      says: `${nameOf(id)} refuses by default, its lists are empty, and it has no private endpoint: nobody gets in`,
      blockers: [{ resource: id, property: door.defaultFlag, is: 'Deny', needs: 'Allow, or a rule' }],
      repairs: [
        { says: 'let everybody in', edits: [setting(id, door.defaultFlag, 'Allow')] },
        ...additions(
          model,
          id,
          groupsOf(model, id)
            .slice(0, 1)
            .map((group) => group.id),
          [],
        ),
      ],
    };
  }
}

/**
 * Traffic inside Azure reaches storage of the same or the paired region from an address that is not public: a rule for
 * the public one is never looked at (SE-8, paas-access.md section 3).
 */
export function* notEvaluated(model: Model): Generator<Fault> {
  const { network } = model;
  for (const { fact, door } of doors(model)) {
    if (fact.service !== 'storage' || !door.publicAccess || door.defaultAllow) continue;
    const rules = door.addresses;
    if (rules.length === 0) continue;
    for (const [shown, { nic, configuration }] of network.publicAttachments) {
      const home = network.subnets.get(keyOf(configuration.subnet));
      if (!home || !rules.some((rule) => contains(rule, shown))) continue;
      const own = home.subnet.fact;
      const hasEndpoint = own.serviceEndpoints.some(({ service }) => /^microsoft\.storage/i.test(service));
      if (!hasEndpoint && !sharesAzureRoutes(home.vnet.fact.location, fact.location)) continue;
      if (hasEndpoint && door.subnets.some((id) => keyOf(id) === keyOf(own.id))) continue;
      const served = approved(linksTo(model, fact.id)).some(
        ({ endpoint }) => network.subnets.get(keyOf(endpoint.subnet))?.vnet === home.vnet,
      );
      if (served) continue;
      yield {
        subject: fact.id,
        at: door.addressesFlag,
        says: `${nameOf(fact.id)} lists ${formatIp(shown)} of ${nameOf(nic.id)}, which comes from inside Azure with a private address`,
        nearMiss: `${door.addressesFlag} ${formatIp(shown)}`,
        concerns: [nic.id],
        repairs: [
          {
            says: `let ${nameOf(own.id)} in by a service endpoint`,
            edits: [
              ...(hasEndpoint ? [] : [serviceEndpoint(own.id)]),
              {
                kind: 'insert',
                resource: fact.id,
                property: ['properties', 'networkAcls', 'virtualNetworkRules'],
                value: { id: own.id },
              },
            ],
          },
        ],
      };
    }
    for (const { flow } of model.musts) {
      if (flow.from.kind !== 'site' || flow.to.kind !== 'name') continue;
      const { region } = flow.from.site;
      const { name } = flow.to;
      if (region === undefined || !fact.surfaces.some((surface) => surface.name === name)) continue;
      if (!sharesAzureRoutes(region, fact.location)) continue;
      yield {
        subject: fact.id,
        at: door.addressesFlag,
        says: `${flow.from.label} is in Azure, in ${region}: ${nameOf(fact.id)} sees a private address and no rule for a public one`,
        flow,
        repairs: [],
      };
    }
  }
}

function serviceEndpoint(subnet: string): Edit {
  return {
    kind: 'insert',
    resource: subnet,
    property: ['properties', 'serviceEndpoints'],
    value: { service: 'Microsoft.Storage' },
  };
}
