/**
 * Builds by a container registry itself, once its door is shut (docs/semantics/doors.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { AgentPoolFact, RegistryBuildFact } from '../../../net/declared/compute.ts';
import type { Service } from '../../../net/model.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { type Edit, type Repair, setting } from '../../repair.ts';
import { isClosed } from '../../workspaces.ts';

/** Built-in role AcrPush. */
const push = '8311e382-0749-4cb8-b61a-304f252e45ec';

const admission = 'networkRuleBypassAllowedForTasks';

/** A build on agents that everybody shares, at a registry that is closed. */
interface Outside {
  readonly build: RegistryBuildFact;
  readonly registry: Service;
  /** Login server. */
  readonly server: string;
  /** Agent pools of the registry that stand in a network. */
  readonly pools: readonly AgentPoolFact[];
  /** What it lacks to be admitted as a trusted service; undefined: nothing. */
  readonly lacks: 'identity' | 'system identity' | 'credential' | undefined;
}

function outsideBuilds(model: Model): readonly Outside[] {
  const { declared } = model.network;
  return declared.of('registry-build').flatMap((build): Outside[] => {
    const registry = model.service(build.registry);
    if (!registry || !isClosed(model, registry)) return [];
    const pools = declared
      .of('agent-pool')
      .filter((pool) => keyOf(pool.registry) === keyOf(build.registry) && pool.subnet !== undefined);
    if (pools.some(({ id }) => nameOf(id) === build.pool)) return [];
    const server = registry.fact.surfaces[0]?.name ?? '';
    return [{ build, registry, server, pools, lacks: lackOf(build, server) }];
  });
}

function lackOf(build: RegistryBuildFact, server: string): Outside['lacks'] {
  if (build.what === 'run') return 'identity';
  if (!build.systemAssigned) return build.userAssigned ? 'system identity' : 'identity';
  const brings = build.credentials.some((name) => name === '*' || name === server);
  return brings ? undefined : 'credential';
}

/** A registry that is closed admits its own tasks as trusted services, and only those with a system identity. */
export function* notTrusted(model: Model): Generator<Fault> {
  for (const outside of outsideBuilds(model)) {
    const { build, registry, lacks } = outside;
    if (lacks === undefined) continue;
    const { id } = build;
    const at =
      lacks === 'credential'
        ? 'credentials.customRegistries'
        : build.what === 'run'
          ? 'runRequest.agentPoolName'
          : 'identity.type';
    yield {
      subject: id,
      at,
      says: `${nameOf(registry.fact.id)} is closed, and ${nameOf(id)} runs on agents outside: ${whyNot[lacks]}`,
      ...(lacks === 'system identity' ? { nearMiss: 'a user-assigned identity' } : {}),
      blockers: [{ resource: id, property: at, is: `no ${lacks}`, needs: needs[lacks] }],
      repairs: [...onPool(outside), ...(build.what === 'task' ? [trusted(model, outside)] : [])],
    };
  }
}

const whyNot = {
  identity: 'without an identity it is no trusted service',
  'system identity': 'a user-assigned identity does not make it a trusted service',
  credential: 'it does not bring its identity to the registry',
} as const;

const needs = {
  identity: 'a system-assigned identity, or an agent pool in a network',
  'system identity': 'a system-assigned identity, or an agent pool in a network',
  credential: 'a credential with the system identity for the registry',
} as const;

/** A task that qualifies is still refused unless the registry extends its trust to tasks. */
export function* bypassOff(model: Model): Generator<Fault> {
  const { declared } = model.network;
  for (const { build, registry, lacks } of outsideBuilds(model)) {
    const { id } = registry.fact;
    const trust = declared.of('bypass').find((item) => keyOf(item.id) === keyOf(id));
    if (lacks !== undefined || trust?.trusted !== true || admitsTasks(model, id)) continue;
    yield {
      subject: id,
      at: admission,
      says: `${nameOf(id)} trusts Microsoft's services, and tasks such as ${nameOf(build.id)} only where it says so`,
      concerns: [build.id],
      blockers: [{ resource: id, property: admission, is: 'false', needs: 'true' }],
      repairs: [{ says: 'admit its tasks', edits: [setting(id, admission, true)] }],
    };
  }
}

function admitsTasks(model: Model, registry: string): boolean {
  const settings = model.network.declared.of('registry-settings');
  return settings.some(({ id, admitsTasks: admits }) => admits && keyOf(id) === keyOf(registry));
}

/** Runs it on agents in a network that are there. */
function onPool({ build, pools }: Outside): readonly Repair[] {
  const at = build.what === 'run' ? 'runRequest.agentPoolName' : 'agentPoolName';
  return pools.map((pool) => ({
    says: `run it on ${nameOf(pool.id)}`,
    edits: [setting(build.id, at, nameOf(pool.id))],
  }));
}

/** Makes it a trusted service: identity, the right to push, credential, and the registry's trust. */
function trusted(model: Model, { build, registry, server }: Outside): Repair {
  const { id } = build;
  const type = build.userAssigned ? 'SystemAssigned, UserAssigned' : 'SystemAssigned';
  const identity: readonly Edit[] = build.systemAssigned
    ? []
    : [
        { kind: 'set', resource: id, property: ['identity', 'type'], value: type },
        {
          kind: 'create',
          creation: {
            what: 'role-assignment',
            principal: { resource: id },
            role: push,
            scope: registry.fact.id,
          },
        },
      ];
  const credential: Edit = {
    kind: 'set',
    resource: id,
    property: ['properties', 'credentials', 'customRegistries', server],
    // In a template a text that begins with a bracket would be an expression.
    value: { identity: '[[system]' },
  };
  const trust = admitsTasks(model, registry.fact.id) ? [] : [setting(registry.fact.id, admission, true)];
  return {
    says: 'make it a trusted service',
    edits: [
      ...identity,
      ...(lackOf({ ...build, systemAssigned: true }, server) ? [credential] : []),
      ...trust,
    ],
  };
}
