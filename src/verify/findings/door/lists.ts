/**
 * Lists at doors: who is on none, and who is on one that is not looked at (docs/semantics/doors.md).
 *
 * @module
 */

import { contains, formatIp } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import { doorOf, notAsked } from '../../../net/doors.ts';
import type { DoorFact, ServiceFact } from '../../../net/facts.ts';
import type { Trace } from '../../../net/trace.ts';
import type { Fault } from '../../finding.ts';
import { flowTo, type Model } from '../../model.ts';
import { additions, doors, groupsOf, linksTo } from '../../private-link.ts';
import { type Edit, setting } from '../../repair.ts';

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
 * A rule for a public address that is never looked at: who has it comes from near storage, or shows the identity of its
 * subnet (SE-8, paas-access.md section 3).
 */
export function* notEvaluated(model: Model): Generator<Fault> {
  for (const { fact, door } of doors(model)) {
    if (fact.service !== 'storage' || door.addresses.length === 0) continue;
    yield* listedMachines(model, fact, door);
    for (const { flow, trace } of model.failing) {
      if (flow.from.kind !== 'site' || !isPassedOver(trace, fact, door)) continue;
      yield {
        subject: fact.id,
        at: door.addressesFlag,
        says: `${flow.from.label} is in Azure, in ${flow.from.site.region}: ${nameOf(fact.id)} sees a private address and no rule for a public one`,
        flow,
        repairs: [],
      };
    }
  }
}

function* listedMachines(model: Model, fact: ServiceFact, door: DoorFact): Generator<Fault> {
  const { network, names } = model;
  const service = model.service(fact.id);
  for (const [shown, { nic, configuration }] of network.publicAttachments) {
    const own = network.subnets.get(keyOf(configuration.subnet))?.subnet.fact;
    const from = names.places().find((place) => place.kind === 'nic' && keyOf(place.nic) === keyOf(nic.id));
    if (!service || !own || !from || !door.addresses.some((rule) => contains(rule, shown))) continue;
    const hasEndpoint = own.serviceEndpoints.some(({ service }) => /^microsoft\.storage/i.test(service));
    const refused = fact.surfaces.some((surface) => {
      const trace = model.trace(flowTo(from, service, surface));
      return hasEndpoint ? isRefusedBy(trace, fact) : isPassedOver(trace, fact, door);
    });
    if (!refused) continue;
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
}

function isRefusedBy({ disposition, steps }: Trace, { id }: ServiceFact): boolean {
  return disposition === 'refused-by-door' && steps.at(-1)?.resource === id;
}

function isPassedOver(trace: Trace, fact: ServiceFact, door: DoorFact): boolean {
  return isRefusedBy(trace, fact) && trace.steps.at(-1)?.rule === notAsked(door);
}

function serviceEndpoint(subnet: string): Edit {
  return {
    kind: 'insert',
    resource: subnet,
    property: ['properties', 'serviceEndpoints'],
    value: { service: 'Microsoft.Storage' },
  };
}
