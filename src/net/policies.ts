/**
 * What policies write: zone groups of private endpoints that have none of their own (docs/semantics/policies.md). A
 * policy acts some minutes after a deployment, so the order in which things were made does not matter.
 *
 * @module
 */

import { isWithin, relativeTo } from '../lib/fqdn.ts';
import { keyOf } from '../lib/key.ts';
import { isInScope } from '../lib/rights.ts';
import { roleFor } from './callers.ts';
import type { ZoneGroupDeclared } from './declared/name.ts';
import type { EndpointFact, PolicyText, PolicyWord, PolicyWords, RecordFact, ZonePolicy } from './facts.ts';
import type { Gathered } from './gather.ts';

/** Rights that the identity of such a policy needs: on the endpoint, and on each zone. */
export const policyRights = {
  write: 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups/write',
  join: 'Microsoft.Network/privateDnsZones/join/action',
} as const;

/** Name of the groups, as Azure's own policies have it. */
const groupName = 'deployedByPolicy';

/** Seconds, as zone groups write it. */
const ttl = 10;

/** Every policy in force that writes zone groups, with its parameters filled in. */
export function zonePolicies({ lists, identities }: Gathered): readonly ZonePolicy[] {
  const definitions = new Map(lists['zone-policy'].map((fact) => [keyOf(fact.id), fact]));
  const sets = new Map(lists['policy-set'].map((fact) => [keyOf(fact.id), fact]));
  return lists['policy-assignment'].flatMap((assignment) => {
    const given = textsOf(assignment.parameters, assignment.id);
    const set = sets.get(keyOf(assignment.policy));
    const members = set
      ? set.members.map(({ policy, parameters }) => ({
          policy,
          handed: textsOf(parameters, set.id, { ...textsOf(set.defaults, set.id), ...given }),
        }))
      : [{ policy: assignment.policy, handed: given }];
    return members.flatMap(({ policy, handed }): ZonePolicy[] => {
      const fact = definitions.get(keyOf(policy));
      if (!fact) return [];
      const known = { ...textsOf(fact.defaults, fact.id), ...handed };
      const read = (words: readonly PolicyWord[]): readonly PolicyText[] =>
        words.flatMap((word) => textOf(word, fact.id, known) ?? []);
      const [groups, targets, zones] = [read(fact.groups), read(fact.targets), read(fact.zones)];
      // A value that nobody hands in leaves it without a meaning.
      const missing = [fact.groups, fact.targets, fact.zones].flat().length;
      if (groups.length + targets.length + zones.length < missing) return [];
      if (textOf(fact.effect, fact.id, known)?.text.toLowerCase() !== 'deployifnotexists') return [];
      return [{ assignment, principal: identities.get(keyOf(assignment.id)), groups, targets, zones }];
    });
  });
}

type Texts = Readonly<Record<string, PolicyText>>;

function textsOf(words: PolicyWords, resource: string, around: Texts = {}): Texts {
  return Object.fromEntries(
    Object.entries(words).flatMap(([name, word]) => {
      const text = textOf(word, resource, around);
      return text ? [[name, text]] : [];
    }),
  );
}

function textOf(word: PolicyWord, resource: string, known: Texts): PolicyText | undefined {
  return word.kind === 'text' ? { text: word.text, resource, at: word.at } : known[word.name];
}

/** Reports whether a private endpoint is in a policy's scope. */
export function isGoverned({ assignment }: ZonePolicy, endpoint: EndpointFact): boolean {
  const { scope, spares } = assignment;
  return isInScope(endpoint.id, scope) && !spares.some((spared) => isInScope(endpoint.id, spared));
}

/** Reports whether a policy looks for a private endpoint. */
export function looksFor(policy: ZonePolicy, { group, target }: EndpointFact): boolean {
  return (
    policy.groups.some(({ text }) => text.toLowerCase() === group.toLowerCase()) &&
    policy.targets.every(({ text }) => target.toLowerCase().includes(text.toLowerCase()))
  );
}

/** Of what most estates have none: the very same, so that nothing is compiled for it. */
const nothing = { groups: [], records: [] };

/** Zone groups that policies write, with the records in zones of the estate. */
export function writtenByPolicies(
  all: Gathered,
  policies: readonly ZonePolicy[],
): { readonly groups: readonly ZoneGroupDeclared[]; readonly records: readonly RecordFact[] } {
  if (policies.length === 0) return nothing;
  const own = new Set(all.declared.of('zone-group').map(({ endpoint }) => keyOf(endpoint)));
  const groups = [...all.endpoints.values()].flatMap((endpoint): ZoneGroupDeclared[] => {
    if (endpoint.managed || own.has(keyOf(endpoint.id))) return [];
    const acting = policies
      .filter((policy) => isGoverned(policy, endpoint) && looksFor(policy, endpoint))
      .filter((policy) => mayWrite(all, policy, endpoint));
    const [first] = acting;
    if (!first) return [];
    const id = `${endpoint.id}/privateDnsZoneGroups/${groupName}`;
    const zones = new Set(acting.flatMap((policy) => policy.zones.map(({ text }) => text)));
    const policy = first.assignment.id;
    return [{ kind: 'zone-group', id, endpoint: endpoint.id, zones: [...zones], policy }];
  });
  return { groups, records: groups.flatMap((group) => recordsOf(all, group)) };
}

/** All zones are there, and the policy's identity may write the group and join each of them. */
function mayWrite(all: Gathered, { principal, zones }: ZonePolicy, endpoint: EndpointFact): boolean {
  if (principal === undefined) return false;
  const may = (operation: string, scope: string): boolean =>
    roleFor(all, principal, operation, 'control', scope) !== undefined;
  return (
    may(policyRights.write, endpoint.id) &&
    zones.every(({ text }) => all.zones.has(keyOf(text)) && may(policyRights.join, text))
  );
}

function recordsOf(all: Gathered, { endpoint: id, zones }: ZoneGroupDeclared): RecordFact[] {
  const endpoint = all.endpoints.get(keyOf(id));
  const group = all.declared
    .of('link-groups')
    .find((fact) => endpoint && keyOf(fact.id) === keyOf(endpoint.target))
    ?.groups.find((candidate) => candidate.id === endpoint?.group);
  const aliases = new Map(group?.names.map(({ fqdn, alias }) => [fqdn.toLowerCase(), alias]));
  return zones.flatMap((zoneId) => {
    const zone = all.zones.get(keyOf(zoneId));
    return (endpoint?.members ?? []).flatMap(({ address, fqdns }) =>
      fqdns.flatMap((fqdn): RecordFact[] => {
        const alias = aliases.get(fqdn.toLowerCase());
        if (!zone || alias === undefined || !isWithin(alias, zone.name)) return [];
        const name = relativeTo(alias, zone.name);
        const data = { type: 'A', addresses: [address] } as const;
        return [{ kind: 'record', id: `${zone.id}/A/${name}`, zone: zone.id, name, ttl, data }];
      }),
    );
  });
}
