/**
 * Resources that repairs add, as a template declares them.
 *
 * @module
 */

import { partsOf, sameId } from '../../arm/id.ts';
import { formatIp } from '../../lib/ip.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { keyOf, nameOf } from '../../lib/key.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import { userAssignedType } from '../../providers/identity.ts';
import type { Creation } from '../../verify/repair.ts';
import type { Source } from '../source.ts';
import type { Survey } from '../survey.ts';
import { bodyOf } from './locate.ts';
import { type Listing, listingOf, topListing, waitingFor } from './nesting.ts';
import type { Operation, Steps } from './pointer.ts';
import { homeOf, idExpression, idValue } from './references.ts';

/** Bodies for the end of a template's resources, and what has to wait for whom. */
export interface Created {
  readonly source: Source;
  readonly list: Steps;
  readonly bodies: readonly Json[];
  readonly around: readonly Operation[];
}

type Principal = Extract<Creation, { what: 'role-assignment' }>['principal'];

/** GUID of the built-in role Reader. */
const readerRole = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

const versions = {
  endpoint: '2023-09-01',
  dns: '2020-06-01',
  relay: '2021-11-01',
  role: '2022-04-01',
} as const;

/** Writes a creation out, for the template, or the nested one, that declares what it is attached to. */
export function created(
  survey: Survey,
  creation: Creation,
  current: (source: Source) => Json,
): Result<Created> {
  const host = hostOf(creation);
  const body = bodyOf(survey, host);
  const source = body?.source ?? survey.sources.at(-1);
  if (!source) return fail('there is no template to add it to');
  const listing = body ? listingOf(source.document.value, body.steps, host) : topListing(host);
  const write = new Writer({ survey, source, listing, host, document: current(source) });
  const bodies = bodiesOf(creation, write);
  return ok({ source, list: listing.steps, bodies, around: write.around });
}

function hostOf(creation: Creation): string {
  switch (creation.what) {
    case 'zone-link':
      return creation.zone;
    case 'zone-group':
      return creation.endpoint;
    case 'private-endpoint':
      return creation.target;
    case 'record':
      return creation.zone;
    case 'role-assignment':
      return creation.scope;
    case 'peering':
      return creation.vnet;
    case 'zone':
      return creation.beside;
    case 'relay-policy':
      return creation.connection;
  }
}

function bodiesOf(creation: Creation, write: Writer): readonly Json[] {
  switch (creation.what) {
    case 'zone-link':
      return [
        write.resource(
          'Microsoft.Network/privateDnsZones/virtualNetworkLinks',
          versions.dns,
          `${nameOf(creation.zone)}/${nameOf(creation.vnet)}`,
          [creation.zone, creation.vnet],
          {
            location: 'global',
            properties: { registrationEnabled: false, virtualNetwork: { id: write.id(creation.vnet) } },
          },
        ),
      ];
    case 'zone-group':
      return [zoneGroup(nameOf(creation.endpoint), creation.zones, [creation.endpoint], write)];
    case 'private-endpoint': {
      const { target, group, subnet, location, zones, reader } = creation;
      const name = `pe-${nameOf(target)}-${group}`;
      const id = write.sibling('Microsoft.Network/privateEndpoints', name);
      const vnet = partsOf(subnet).parent ?? subnet;
      return [
        write.resource('Microsoft.Network/privateEndpoints', versions.endpoint, name, [target, vnet], {
          location,
          properties: {
            subnet: { id: write.id(subnet) },
            privateLinkServiceConnections: [
              { name, properties: { privateLinkServiceId: write.id(target), groupIds: [group] } },
            ],
          },
        }),
        ...(zones.length === 0 ? [] : [zoneGroup(name, zones, [id], write)]),
        ...(reader === undefined ? [] : [roleAssignment({ resource: reader }, readerRole, id, write)]),
      ];
    }
    case 'record':
      return [
        write.resource(
          'Microsoft.Network/privateDnsZones/A',
          versions.dns,
          `${nameOf(creation.zone)}/${creation.name}`,
          [creation.zone],
          {
            properties: {
              ttl: 10,
              aRecords: creation.addresses.map((ip) => ({ ipv4Address: formatIp(ip) })),
            },
          },
        ),
      ];
    case 'peering':
      return [
        write.resource(
          'Microsoft.Network/virtualNetworks/virtualNetworkPeerings',
          versions.endpoint,
          `${nameOf(creation.vnet)}/to-${nameOf(creation.remote)}`,
          [creation.vnet, creation.remote],
          {
            properties: {
              remoteVirtualNetwork: { id: write.id(creation.remote) },
              allowVirtualNetworkAccess: true,
            },
          },
        ),
      ];
    case 'zone':
      return [
        write.resource('Microsoft.Network/privateDnsZones', versions.dns, creation.name, [], {
          location: 'global',
        }),
      ];
    case 'relay-policy': {
      const { connection, name, rights } = creation;
      const parent = [partsOf(connection).parent ?? '', connection].map(nameOf).join('/');
      return [
        write.resource(
          'Microsoft.Relay/namespaces/hybridConnections/authorizationRules',
          versions.relay,
          `${parent}/${name}`,
          [connection],
          { properties: { rights } },
        ),
      ];
    }
    case 'role-assignment':
      return [roleAssignment(creation.principal, creation.role, creation.scope, write)];
  }
}

function roleAssignment(principal: Principal, role: string, scope: string, write: Writer): Json {
  const who = 'resource' in principal ? principal.resource : undefined;
  const id = who === undefined ? undefined : write.expression(who);
  const principalId =
    'objectId' in principal
      ? principal.objectId
      : sameId(partsOf(principal.resource).type, userAssignedType)
        ? `[reference(${id}, '${write.version(principal.resource)}').principalId]`
        : `[reference(${id}, '${write.version(principal.resource)}', 'full').identity.principalId]`;
  return write.resource(
    'Microsoft.Authorization/roleAssignments',
    versions.role,
    `[guid(${write.expression(scope)}, '${who ?? principalId}', '${role}')]`,
    [...(who === undefined ? [] : [who]), scope],
    {
      ...(homeOf(scope) === scope ? {} : { scope: write.id(scope) }),
      properties: {
        principalId,
        principalType: 'ServicePrincipal',
        roleDefinitionId: `[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '${role}')]`,
      },
    },
  );
}

function zoneGroup(
  endpoint: string,
  zones: readonly string[],
  needs: readonly string[],
  write: Writer,
): Json {
  return write.resource(
    'Microsoft.Network/privateEndpoints/privateDnsZoneGroups',
    versions.endpoint,
    `${endpoint}/default`,
    [...needs, ...zones],
    {
      properties: {
        privateDnsZoneConfigs: zones.map((zone) => ({
          name: nameOf(zone).replaceAll('.', '-'),
          properties: { privateDnsZoneId: write.id(zone) },
        })),
      },
    },
  );
}

interface Writing {
  readonly survey: Survey;
  readonly source: Source;
  readonly listing: Listing;
  /** What the creation is attached to. */
  readonly host: string;
  /** The template with what was changed so far. */
  readonly document: Json;
}

/** Writes ids the way a template does, so that it can still be deployed to another group or subscription. */
class Writer {
  readonly #writing: Writing;
  readonly around: Operation[] = [];

  constructor(writing: Writing) {
    this.#writing = writing;
  }

  resource(type: string, apiVersion: string, name: string, needs: readonly string[], more: JsonObject): Json {
    const { survey, source, listing, document } = this.#writing;
    const made = needs.filter((id) => !survey.declarations.has(keyOf(id)) && !survey.estate.get(id));
    const waiting = waitingFor(survey, source, listing, needs, document);
    this.around.push(...waiting.around);
    const dependsOn = [...new Set([...waiting.own, ...made.map((id) => this.id(id))])];
    return { type, apiVersion, name, ...(dependsOn.length === 0 ? {} : { dependsOn }), ...more };
  }

  /** Id of a resource that is added too. */
  sibling(type: string, name: string): string {
    return `${homeOf(this.#writing.host)}/providers/${type}/${name}`;
  }

  id(id: string): string {
    return idValue(this.#writing.listing.home, id);
  }

  expression(id: string): string {
    return idExpression(this.#writing.listing.home, id);
  }

  version(id: string): string {
    return this.#writing.survey.declarations.get(keyOf(id))?.apiVersion ?? '2024-04-01';
  }
}
