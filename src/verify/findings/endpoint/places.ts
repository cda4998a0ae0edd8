/**
 * Where private endpoints stand: region, subnet, and the policies of that subnet (docs/semantics/network-policies.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import { nearest } from '../../../lib/near.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { statusOf } from '../../private-link.ts';
import { type PropertyPath, setting } from '../../repair.ts';

/** A private endpoint is made in the region of its network, wherever its target is (PE-1). */
export function* regionMismatch(model: Model): Generator<Fault> {
  for (const request of model.network.declared.of('endpoint-request')) {
    const endpoint = model.network.endpoints.get(keyOf(request.id));
    const home = endpoint && model.network.subnets.get(keyOf(endpoint.subnet));
    if (!endpoint || !home || statusOf(model, endpoint) !== 'Absent') continue;
    const { location } = home.vnet.fact;
    if (location === request.location) continue;
    yield {
      subject: request.id,
      at: 'location',
      says: `${nameOf(request.id)} is in ${request.location}, its network ${nameOf(home.vnet.fact.id)} in ${location}`,
      concerns: [endpoint.target],
      blockers: [{ resource: request.id, property: 'location', is: request.location, needs: location }],
      repairs: [
        {
          says: `put it into ${location}`,
          edits: [{ kind: 'set', resource: request.id, property: ['location'], value: location }],
        },
      ],
    };
  }
}

/** A private endpoint, or a compute, in a subnet that is not there. */
export function* unresolvedSubnet(model: Model): Generator<Fault> {
  const { network } = model;
  const users = [
    ...[...network.endpoints.values()].map(({ id, subnet, target }) => ({
      id,
      subnet,
      at: 'subnet.id',
      path: ['properties', 'subnet', 'id'] as PropertyPath,
      concerns: [target],
    })),
    ...network.declared.of('compute').flatMap(({ id, subnet }) =>
      subnet === undefined
        ? []
        : [
            {
              id,
              subnet,
              at: 'properties.subnet.id',
              path: ['properties', 'properties', 'subnet', 'id'] as PropertyPath,
              concerns: [] as string[],
            },
          ],
    ),
  ];
  for (const { id, subnet, at, path, concerns } of users) {
    if (network.subnets.has(keyOf(subnet))) continue;
    const known = [...network.subnets.values()].map((found) => found.subnet.fact.id);
    const near =
      known.find((other) => keyOf(tailOf(other)) === keyOf(tailOf(subnet))) ??
      known.find((other) => keyOf(nameOf(other)) === keyOf(nameOf(subnet))) ??
      nearest(subnet, known);
    yield {
      subject: id,
      at,
      says: `${nameOf(id)} is to stand in ${subnet}, which the estate does not have`,
      concerns,
      nearMiss: near,
      blockers: [{ resource: id, property: at, is: subnet, needs: near ?? 'the id of a subnet that exists' }],
      repairs:
        near === undefined
          ? []
          : [
              {
                says: `name ${nameOf(near)} by its full id`,
                edits: [{ kind: 'set', resource: id, property: path, value: near }],
              },
            ],
    };
  }
}

/** `vnet/subnets/name`, whatever the group and subscription. */
function tailOf(id: string): string {
  return id.split('/').slice(-3).join('/');
}

/** From this version on a subnet's policies are off unless somebody turns them on, and do not matter to endpoints. */
const policiesMatterBefore = '2022-07-01';
const versionsOfClassic = '2022-05-01';

/** An old API refuses private endpoints where the subnet's policies apply; a classic compute, where either does. */
export function* networkPolicies(model: Model): Generator<Fault> {
  const { declared, endpoints } = model.network;
  const written = declared.of('written');
  const versionOf = (id: string): string | undefined =>
    written.find((item) => keyOf(item.id) === keyOf(id))?.apiVersion;
  for (const policies of declared.of('subnet-policies')) {
    const { id } = policies;
    const vnet = id.split('/').slice(0, -2).join('/');
    const own = written.find((item) => keyOf(item.id) === keyOf(id));
    const version = own?.apiVersion ?? versionOf(vnet);
    const home = [...endpoints.values()].filter(({ subnet }) => keyOf(subnet) === keyOf(id));
    const list = written.find((item) => keyOf(item.id) === keyOf(vnet));
    const given = own
      ? own.given.includes('privateEndpointNetworkPolicies')
      : list?.given.includes(`subnets[${nameOf(id)}].properties.privateEndpointNetworkPolicies`) === true;
    const on = policies.endpoints !== 'Disabled' || !given;
    if (version !== undefined && version < policiesMatterBefore && on && home.length > 0) {
      const is = given ? policies.endpoints : `Enabled, the default of API ${version}`;
      yield {
        subject: id,
        at: 'privateEndpointNetworkPolicies',
        says: `${nameOf(id)} holds ${home.map((endpoint) => nameOf(endpoint.id)).join(', ')}; API ${version} refuses private endpoints while its network policies are ${is}`,
        concerns: home.flatMap((endpoint) => [endpoint.id, endpoint.target]),
        blockers: [{ resource: id, property: 'privateEndpointNetworkPolicies', is, needs: 'Disabled' }],
        repairs: [
          {
            says: 'turn the network policies off',
            edits: [setting(id, 'privateEndpointNetworkPolicies', 'Disabled')],
          },
        ],
      };
    }
    const classic = declared
      .of('compute')
      .filter(
        (compute) =>
          compute.publicIp === false &&
          keyOf(compute.subnet ?? '') === keyOf(id) &&
          (versionOf(compute.id) ?? versionsOfClassic) < versionsOfClassic,
      );
    const flags = [
      ['privateEndpointNetworkPolicies', policies.endpoints],
      ['privateLinkServiceNetworkPolicies', policies.services],
    ] as const;
    const wrong = flags.filter(([, is]) => is !== 'Disabled');
    if (classic.length === 0 || wrong.length === 0) continue;
    yield {
      subject: id,
      at: wrong[0]?.[0] ?? null,
      says: `${classic.map((compute) => nameOf(compute.id)).join(', ')}: a classic compute without public address needs both policies of ${nameOf(id)} Disabled`,
      concerns: classic.map((compute) => compute.id),
      blockers: wrong.map(([property, is]) => ({ resource: id, property, is, needs: 'Disabled' })),
      repairs: [
        {
          says: 'turn both policies off',
          edits: wrong.map(([property]) => setting(id, property, 'Disabled')),
        },
      ],
    };
  }
}
