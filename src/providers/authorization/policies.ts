/**
 * Policy definitions, initiatives and assignments: kept. What they mean here is the zone groups that they write for
 * private endpoints (docs/semantics/policies.md); everything else that a policy may do is not looked at.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { store } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { asList, asText, isObject, type Json, member } from '../../lib/json.ts';
import type { OpaqueFact, PolicyWord, PolicyWords, ZonePolicyFact } from '../../net/facts.ts';
import { define } from '../define.ts';
import { identityFacts, identityRights, withPrincipal } from '../identity.ts';

const namespace = 'Microsoft.Authorization';
const groupType = 'microsoft.network/privateendpoints/privatednszonegroups';

export const policyDefinitions = define(`${namespace}/policyDefinitions`, {
  level: 'stored',
  located: false,
  scope: 'any',
  properties: shape.freeForm,
  put: (put) => ({ writes: [store(put)] }),
  facts: (definition) => [opaque(definition), ...zonePolicy(definition)],
});

export const policySetDefinitions = define(`${namespace}/policySetDefinitions`, {
  level: 'stored',
  located: false,
  scope: 'any',
  properties: shape.freeForm,
  put: (put) => ({ writes: [store(put)] }),
  facts: (set) => [
    opaque(set),
    {
      kind: 'policy-set',
      id: set.id,
      members: asList(set.properties['policyDefinitions']).map((item, at) => ({
        policy: asText(member(item, 'policyDefinitionId')) ?? '',
        parameters: wordsOf(member(item, 'parameters'), 'value', ['policyDefinitions', at, 'parameters']),
      })),
      defaults: wordsOf(set.properties['parameters'], 'defaultValue', ['parameters']),
    },
  ],
});

export const policyAssignments = define(`${namespace}/policyAssignments`, {
  level: 'stored',
  located: false,
  scope: 'any',
  properties: shape.freeForm,
  linked: identityRights,
  put: (put, read) => {
    const policy = asText(put.properties['policyDefinitionId']) ?? '';
    // Definitions of Microsoft's own, and of management groups, stand outside the estate.
    if (/^\/subscriptions\//i.test(policy) && !read.get(policy)) {
      throw new ArmError(
        'PolicyDefinitionNotFound',
        `The policy definition '${policy}' was not found. Create it first, or add it to dependsOn.`,
        { target: 'properties.policyDefinitionId' },
      );
    }
    const identity = withPrincipal(put, read);
    return { writes: [{ ...store(put), ...(identity ? { identity } : {}) }] };
  },
  facts: (assignment) => {
    const { policyDefinitionId, parameters, notScopes, enforcementMode } = assignment.properties;
    const { id } = assignment;
    const enforced = asText(enforcementMode)?.toLowerCase() !== 'donotenforce';
    return [
      opaque(assignment),
      ...identityFacts(assignment),
      ...(enforced
        ? [
            {
              kind: 'policy-assignment',
              id,
              scope: id.slice(0, id.toLowerCase().lastIndexOf('/providers/microsoft.authorization/')),
              spares: asList(notScopes).flatMap((scope) => asText(scope) ?? []),
              policy: asText(policyDefinitionId) ?? '',
              parameters: wordsOf(parameters, 'value', ['parameters']),
            } as const,
          ]
        : []),
    ];
  },
});

function opaque({ id, type }: Resource): OpaqueFact {
  return { kind: 'opaque', id, type, place: undefined };
}

type Steps = readonly (string | number)[];

/** Texts of parameters; those of other types are nothing that a zone group is written from. */
function wordsOf(parameters: Json | undefined, key: 'value' | 'defaultValue', at: Steps): PolicyWords {
  return Object.fromEntries(
    Object.entries(isObject(parameters) ? parameters : {}).flatMap(([name, item]) => {
      const word = wordOf(member(item, key), [...at, name, key]);
      return word ? [[name.toLowerCase(), word]] : [];
    }),
  );
}

/** A text, or `[parameters('name')]`; undefined where it is another expression, or no text. */
function wordOf(value: Json | undefined, at: Steps): PolicyWord | undefined {
  const text = asText(value);
  if (text === undefined) return undefined;
  const name = /^\[parameters\('([^']+)'\)\]$/i.exec(text)?.[1];
  if (name !== undefined) return { kind: 'parameter', name: name.toLowerCase() };
  return text.startsWith('[') ? undefined : { kind: 'text', text, at: ['properties', ...at] };
}

/** Source: Microsoft's guide to private link and DNS at scale, whose policies Azure's own are like. */
function zonePolicy({ id, properties }: Resource): ZonePolicyFact[] {
  const rule = properties['policyRule'];
  const then = member(rule, 'then');
  const details = member(then, 'details');
  if (asText(member(details, 'type'))?.toLowerCase() !== groupType) return [];
  const condition = conditionOf(member(rule, 'if'), ['policyRule', 'if']);
  const effect = wordOf(member(then, 'effect'), ['policyRule', 'then', 'effect']);
  const zones = zonesOf(member(member(details, 'deployment'), 'properties'));
  if (!condition || condition.groups.length === 0 || !effect || !zones) return [];
  const defaults = wordsOf(properties['parameters'], 'defaultValue', ['parameters']);
  return [{ kind: 'zone-policy', id, ...condition, zones, effect, defaults }];
}

type Condition = Pick<ZonePolicyFact, 'groups' | 'targets'>;

/** What a condition looks for; undefined where it asks for something that is not read. */
function conditionOf(value: Json | undefined, at: Steps): Condition | undefined {
  const all = member(value, 'allOf');
  const any = member(value, 'anyOf');
  if (Array.isArray(all)) return joined(all, [...at, 'allOf']);
  if (Array.isArray(any)) {
    const found = joined(any, [...at, 'anyOf']);
    // Only sub-resources are told apart by `any`.
    return found?.targets.length === 0 && found.groups.length === any.length ? found : undefined;
  }
  const where = member(member(value, 'count'), 'where');
  if (where !== undefined) return conditionOf(where, [...at, 'count', 'where']);
  const field = asText(member(value, 'field'))?.toLowerCase() ?? '';
  if (field === 'type') return { groups: [], targets: [] };
  if (field.endsWith('.groupids[*]')) {
    const word = wordOf(member(value, 'equals'), [...at, 'equals']);
    return word && { groups: [word], targets: [] };
  }
  if (field.endsWith('.privatelinkserviceid')) {
    const word = wordOf(member(value, 'contains'), [...at, 'contains']);
    return word && { groups: [], targets: [word] };
  }
  return undefined;
}

function joined(items: readonly Json[], at: Steps): Condition | undefined {
  const found = items.map((item, index) => conditionOf(item, [...at, index]));
  const read = found.filter((condition) => condition !== undefined);
  if (read.length < found.length) return undefined;
  return {
    groups: read.flatMap(({ groups }) => groups),
    targets: read.flatMap(({ targets }) => targets),
  };
}

/** Zones that the policy's deployment writes; undefined where one of them is not read. */
function zonesOf(deployment: Json | undefined): readonly PolicyWord[] | undefined {
  const at = ['policyRule', 'then', 'details', 'deployment', 'properties'];
  const handed = wordsOf(member(deployment, 'parameters'), 'value', [...at, 'parameters']);
  const resources = asList(member(member(deployment, 'template'), 'resources'));
  const words = resources
    .filter((resource) => asText(member(resource, 'type'))?.toLowerCase() === groupType)
    .flatMap((group) => asList(member(member(group, 'properties'), 'privateDnsZoneConfigs')))
    .map((config) => {
      const word = wordOf(member(member(config, 'properties'), 'privateDnsZoneId'), at);
      return word?.kind === 'parameter' ? handed[word.name] : word;
    });
  const read = words.filter((word) => word !== undefined);
  return read.length === 0 || read.length < words.length ? undefined : read;
}
