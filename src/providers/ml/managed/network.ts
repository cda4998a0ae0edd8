/**
 * A workspace's managed network, as its workspace writes and shows it (docs/semantics/managed-networks.md).
 *
 * @module
 */

import { ArmError } from '../../../arm/error.ts';
import type { ResourceId } from '../../../arm/id.ts';
import type { Action, Draft } from '../../../arm/provider.ts';
import { Pending, type Read, type Resource } from '../../../arm/resource.ts';
import { asText, isObject, type JsonObject, member } from '../../../lib/json.ts';
import type { ManagedNetworkFact } from '../../../net/facts.ts';
import { inventedId, workspaceType } from '../link.ts';
import { isRunByService } from '../workloads.ts';
import { type Mode, modeOf } from './mode.ts';
import {
  broughtBy,
  checkRule,
  outboundRuleType,
  planRule,
  ruleProperties,
  shownRule,
} from './outbound-rules.ts';
import { requiredRules } from './required-rules.ts';

/** Reports whether the network has been made. */
export function isProvisioned({ properties }: Pick<Resource, 'properties'>): boolean {
  const status = asText(member(member(properties['managedNetwork'], 'status'), 'status'));
  return status === 'Active' || properties['provisionNetworkNow'] === true;
}

/** The settings as they are stored: what a write leaves out stays, and a network that is there stays there. */
export function settledNetwork(given: JsonObject, before: Resource | undefined): JsonObject {
  const old = before?.properties['managedNetwork'];
  const now = given['managedNetwork'];
  const merged = { ...(isObject(old) ? old : {}), ...(isObject(now) ? now : {}) };
  if (Object.keys(merged).length === 0) return {};
  const status = member(now, 'status') ?? member(old, 'status');
  const made = given['provisionNetworkNow'] === true ? activeStatus(status) : status;
  return { managedNetwork: { ...merged, ...(made === undefined ? {} : { status: made }) } };
}

function activeStatus(status: ReturnType<typeof member>, spark = false): JsonObject {
  return { status: 'Active', sparkReady: spark || member(status, 'sparkReady') === true };
}

/** The workspace whose network is made. */
export function provisioned<T extends Omit<Resource, 'etag'>>(workspace: T, spark = false): T {
  const { managedNetwork } = workspace.properties;
  const network = isObject(managedNetwork) ? managedNetwork : {};
  const status = activeStatus(network['status'], spark);
  return { ...workspace, properties: { ...workspace.properties, managedNetwork: { ...network, status } } };
}

/** What a write of a workspace does to its outbound rules. */
export function planNetwork(
  workspace: Draft,
  before: Resource | undefined,
  read: Read,
): { readonly writes: readonly Draft[]; readonly deletes: readonly ResourceId[] } {
  const mode = modeOf(workspace);
  checkMode(workspace, before, mode, read);
  const pending = new Pending(read, [workspace]);
  const brought = Object.entries(broughtRules(workspace)).map(([name, rule]) => {
    const at = `properties.managedNetwork.outboundRules.${name}`;
    const properties = ruleProperties.check(rule ?? null, at);
    checkRule(workspace, name, properties, pending, at);
    return { name, properties: { ...properties, [broughtBy]: true } };
  });
  const rules = [...requiredRules(workspace, mode, read), ...brought];
  const writes = rules.flatMap((rule) => {
    const planned = planRule(workspace, rule, pending).writes;
    pending.add(planned);
    return planned;
  });
  const names = new Set(rules.map(({ name }) => name.toLowerCase()));
  const stale = read.children(workspace.id, outboundRuleType).filter(({ name, properties }) => {
    const ours = properties[broughtBy] === true || properties['category'] === 'Required';
    return ours && !names.has(name.toLowerCase());
  });
  return { writes, deletes: stale.flatMap(({ id }) => [id, ...read.ownedBy(id).map((item) => item.id)]) };
}

function broughtRules({ properties }: Pick<Resource, 'properties'>): JsonObject {
  const rules = member(properties['managedNetwork'], 'outboundRules');
  return isObject(rules) ? rules : {};
}

/** Isolation is only ever tightened, and begins before there are computes. */
function checkMode(workspace: Draft, old: Resource | undefined, mode: Mode, read: Read): void {
  const was = old ? modeOf(old) : 'Disabled';
  const refuse = (why: string): never => {
    throw new ArmError('BadRequest', `Workspace ${workspace.name}: ${why}`, {
      target: 'properties.managedNetwork.isolationMode',
    });
  };
  if (was === mode) return;
  if (mode === 'Disabled') refuse(`a managed network (${was}) cannot be taken away again.`);
  if (was === 'AllowOnlyApprovedOutbound') refuse(`isolation cannot go back from ${was} to ${mode}.`);
  const compute = old && was === 'Disabled' ? firstCompute(old, read) : undefined;
  if (compute)
    refuse(`it has the compute ${compute.name}. Delete its computes before it gets a managed network.`);
}

function firstCompute(workspace: Resource, read: Read): Resource | undefined {
  return read.children(workspace.id, `${workspaceType}/computes`).find(isRunByService);
}

/** `managedNetwork` as a GET shows it. */
export function shownNetwork(workspace: Resource, read: Read): JsonObject {
  const { managedNetwork } = workspace.properties;
  if (!isObject(managedNetwork)) return {};
  if (modeOf(workspace) === 'Disabled') return { managedNetwork };
  const rules = read.children(workspace.id, outboundRuleType);
  return {
    managedNetwork: {
      ...managedNetwork,
      networkId: inventedId(workspace.id, 'networkId'),
      status: {
        status: 'Inactive',
        sparkReady: false,
        ...(managedNetwork['status'] as JsonObject | undefined),
      },
      outboundRules: Object.fromEntries(rules.map((rule) => [rule.name, shownRule(rule, read)])),
    },
  };
}

/** What a workspace says of its network: its own, or that of its hub. */
export function networkFacts(workspace: Resource): readonly ManagedNetworkFact[] {
  const { id: of, location = '', properties, kind = '' } = workspace;
  const base = { kind: 'managed-network', of, location } as const;
  const hub = asText(properties['hubResourceId']);
  if (hub !== undefined && kind.toLowerCase() === 'project')
    return [{ ...base, lets: { out: 'as-hub', hub } }];
  const mode = modeOf(workspace);
  if (mode === 'Disabled') return [];
  return [{ ...base, lets: { out: mode === 'AllowInternetOutbound' ? 'everything' : 'approved' } }];
}

/** Makes the network, if it is not there yet. */
export const provisionManagedNetwork: Action = {
  right: 'provisionManagedNetwork/action',
  run: ({ resource, body }) => {
    if (modeOf(resource) === 'Disabled') {
      throw new ArmError('BadRequest', `Workspace ${resource.name} has no managed network to provision.`);
    }
    const { etag: _, ...draft } = resource;
    const made = provisioned(draft, body['includeSpark'] === true);
    const status = member(made.properties['managedNetwork'], 'status');
    return { body: isObject(status) ? status : undefined, writes: [made] };
  },
};

/** The workspace that has the managed network of a workspace: a project uses its hub's. */
export function hostOf(workspace: Resource, read: Read): Resource {
  const hub = read.get(asText(workspace.properties['hubResourceId']) ?? '');
  return hub && workspace.kind?.toLowerCase() === 'project' ? hub : workspace;
}
