/**
 * Managed networks: what the service refuses, what has to be there first, and what they do not reach.
 *
 * Source: https://learn.microsoft.com/azure/machine-learning/how-to-managed-network
 *
 * @module
 */

import { has } from '../../../lib/intervals.ts';
import { formatIp, type Ip, parseIp } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import { privateAddresses } from '../../../net/azure.ts';
import type { OutboundRuleFact } from '../../../net/declared/compute.ts';
import type { WorkspaceFact } from '../../../net/declared/workspace.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { groupsOf } from '../../private-link.ts';
import { type Edit, type Repair, setting } from '../../repair.ts';
import { requirements } from '../../requirements.ts';
import { isClosed, isProject, type Workspace, workspacesOf } from '../../workspaces.ts';

const mode = 'managedNetwork.isolationMode';

/** Tags that every managed network lets out to by itself. */
const builtIn: ReadonlySet<string> = new Set([
  'azuremachinelearning',
  'azureactivedirectory',
  'azureresourcemanager',
  'azurefrontdoor.firstparty',
  'microsoftcontainerregistry',
  'azuremonitor',
  'virtualnetwork',
]);

function rulesOf(model: Model, id: string): readonly OutboundRuleFact[] {
  return model.network.declared.of('outbound-rule').filter(({ workspace }) => keyOf(workspace) === keyOf(id));
}

/** What the service refuses of a managed network. */
export function* refused(model: Model): Generator<Fault> {
  for (const fact of model.network.declared.of('workspace')) {
    if (isProject(fact)) {
      if (fact.managedNetwork !== 'Disabled') yield ofProject(fact);
      continue;
    }
    for (const rule of rulesOf(model, fact.id)) {
      const why = whyRefused(model, fact, rule);
      if (why === undefined) continue;
      yield {
        subject: rule.id,
        at: rule.at,
        says: `${nameOf(fact.id)} refuses the rule ${rule.name} for ${rule.type === 'PrivateEndpoint' ? nameOf(rule.destination) : rule.destination}: ${why}`,
        concerns: [fact.id],
        blockers: [{ resource: fact.id, property: mode, is: fact.managedNetwork, needs: 'no such rule' }],
        repairs: [
          { says: `leave out ${rule.name}`, edits: [withoutRule(fact, rule)] },
          ...(fact.managedNetwork === 'AllowInternetOutbound'
            ? [
                {
                  says: 'allow only what is approved',
                  edits: [setting(fact.id, mode, 'AllowOnlyApprovedOutbound')],
                },
              ]
            : []),
        ],
      };
    }
    if (fact.managedNetwork !== 'Disabled') yield* inOwnSubnets(model, fact);
  }
}

function whyRefused(model: Model, fact: WorkspaceFact, rule: OutboundRuleFact): string | undefined {
  if (rule.required) return undefined;
  if (rule.type !== 'PrivateEndpoint' && fact.managedNetwork === 'AllowInternetOutbound') {
    return 'the internet is allowed, and rules for tags and host names are only for what is not';
  }
  if (fact.managedNetwork !== 'AllowOnlyApprovedOutbound') return undefined;
  if (rule.type === 'ServiceTag' && isBuiltIn(rule.destination)) {
    return 'the service has a required rule for it already';
  }
  const own = [fact.storage, fact.vault, fact.registry].some(
    (id) => id !== undefined && keyOf(id) === keyOf(rule.destination),
  );
  const first = groupsOf(model, rule.destination)[0]?.id;
  return rule.type === 'PrivateEndpoint' && own && rule.group === first
    ? 'the service makes that private endpoint itself'
    : undefined;
}

function isBuiltIn(tag: string): boolean {
  const lower = tag.toLowerCase();
  return builtIn.has(lower) || lower.startsWith('batchnodemanagement');
}

function withoutRule(fact: WorkspaceFact, rule: OutboundRuleFact): Edit {
  return keyOf(rule.id) === keyOf(fact.id)
    ? setting(fact.id, rule.at, undefined)
    : { kind: 'delete', resource: rule.id };
}

function ofProject(fact: WorkspaceFact): Fault {
  return {
    subject: fact.id,
    at: 'managedNetwork',
    says: `${nameOf(fact.id)} is a project and uses the managed network of its hub; it may not define one`,
    concerns: fact.hub === undefined ? [] : [fact.hub],
    blockers: [{ resource: fact.id, property: mode, is: fact.managedNetwork, needs: 'that of the hub' }],
    repairs: [{ says: 'leave it to the hub', edits: [setting(fact.id, 'managedNetwork', undefined)] }],
  };
}

/** Computes of a managed network stand in it, and in no subnet of their owner's. */
function* inOwnSubnets(model: Model, fact: WorkspaceFact): Generator<Fault> {
  for (const { id, workspace, subnet } of model.network.declared.of('compute')) {
    if (keyOf(workspace) !== keyOf(fact.id) || subnet === undefined) continue;
    const at = 'properties.subnet';
    yield {
      subject: id,
      at,
      says: `${nameOf(fact.id)} has a managed network; ${nameOf(id)} cannot be in ${nameOf(subnet)}`,
      concerns: [fact.id],
      blockers: [{ resource: id, property: at, is: subnet, needs: 'the managed network' }],
      repairs: [{ says: 'leave the subnet out', edits: [setting(id, at, undefined)] }],
    };
  }
}

/** The first compute makes a managed network; an online deployment does not wait for one. */
export function* notProvisioned(model: Model): Generator<Fault> {
  const { declared } = model.network;
  const workspaces = declared.of('workspace');
  for (const { fact } of workspacesOf(model)) {
    if (fact.managedNetwork === 'Disabled' || fact.provisioned) continue;
    const isHere = (id: string): boolean =>
      keyOf(id) === keyOf(fact.id) ||
      workspaces.some((item) => keyOf(item.id) === keyOf(id) && keyOf(item.hub ?? '') === keyOf(fact.id));
    const deployment = declared.of('deployment').find(({ workspace }) => isHere(workspace));
    const made = declared
      .of('compute')
      .some(({ workspace, type }) => isHere(workspace) && /^(?:amlcompute|computeinstance)$/i.test(type));
    if (!deployment || made) continue;
    yield {
      subject: fact.id,
      at: 'provisionNetworkNow',
      says: `the managed network of ${nameOf(fact.id)} is not made yet, and ${nameOf(deployment.id)} is the first to use it`,
      requirement: requirements['managed/provisioned'],
      concerns: [deployment.id, deployment.endpoint],
      blockers: [{ resource: fact.id, property: 'provisionNetworkNow', is: 'not set', needs: 'true' }],
      repairs: [
        { says: 'make it with the workspace', edits: [setting(fact.id, 'provisionNetworkNow', true)] },
      ],
    };
  }
}

/** What a workspace uses, and its managed network does not lead to. */
export function* notAllowed(model: Model): Generator<Fault> {
  for (const workspace of workspacesOf(model)) {
    if (workspace.fact.managedNetwork === 'Disabled') continue;
    yield* sparkAlone(model, workspace);
    yield* unreachedStores(model, workspace);
    yield* onPremises(model, workspace);
  }
}

/** Spark comes to the workspace itself by a private endpoint, which is made by itself only where the public door is shut. */
function* sparkAlone(model: Model, { fact, publicAccess }: Workspace): Generator<Fault> {
  const rules = rulesOf(model, fact.id);
  const forSpark = fact.spark || rules.some(({ spark }) => spark);
  if (!forSpark || !publicAccess || rules.some(({ destination }) => keyOf(destination) === keyOf(fact.id)))
    return;
  const [group] = groupsOf(model, fact.id);
  yield {
    subject: fact.id,
    at: 'managedNetwork.outboundRules',
    says: `Spark in the managed network of ${nameOf(fact.id)} comes to the workspace by a private endpoint, which is made by itself only while the public door is shut`,
    requirement: requirements['managed/destinations'],
    blockers: [
      {
        resource: fact.id,
        property: 'managedNetwork.outboundRules',
        is: 'no rule for the workspace',
        needs: 'a private endpoint of the workspace itself',
      },
    ],
    repairs: [
      { says: 'shut the public door', edits: [setting(fact.id, 'publicNetworkAccess', 'Disabled')] },
      ...(group ? [rule(fact, 'workspace', fact.id, group.id, true)] : []),
    ],
  };
}

/** Storage of datastores besides the default one. */
function* unreachedStores(model: Model, { fact }: Workspace): Generator<Fault> {
  const { declared, services } = model.network;
  const rules = rulesOf(model, fact.id);
  for (const store of declared.of('datastore')) {
    if (keyOf(store.workspace) !== keyOf(fact.id)) continue;
    const target = [...services.values()].find(
      ({ fact: item }) => item.service === 'storage' && nameOf(item.id) === store.account,
    );
    if (!target || keyOf(target.fact.id) === keyOf(fact.storage ?? '')) continue;
    if (fact.managedNetwork !== 'AllowOnlyApprovedOutbound' && !isClosed(model, target)) continue;
    const group = { AzureBlob: 'blob', AzureFile: 'file', AzureDataLakeGen2: 'dfs' }[store.type];
    const { id } = target.fact;
    if (rules.some((item) => keyOf(item.destination) === keyOf(id) && item.group === group)) continue;
    yield {
      subject: fact.id,
      at: `managedNetwork.outboundRules.${nameOf(store.id)}`,
      says: `${nameOf(store.id)} is on ${nameOf(id)}, and no rule of the managed network leads to its ${group}`,
      requirement: requirements['managed/destinations'],
      concerns: [store.id, id],
      blockers: [
        {
          resource: fact.id,
          property: 'managedNetwork.outboundRules',
          is: 'no rule',
          needs: `a private endpoint for ${group} of ${nameOf(id)}`,
        },
      ],
      repairs: [rule(fact, nameOf(store.id), id, group, false)],
    };
  }
}

function rule(fact: WorkspaceFact, name: string, to: string, group: string, spark: boolean): Repair {
  return {
    says: `add an outbound rule for ${group} of ${nameOf(to)}`,
    edits: [
      setting(fact.id, `managedNetwork.outboundRules.${name}`, {
        type: 'PrivateEndpoint',
        destination: { serviceResourceId: to, subresourceTarget: group, sparkEnabled: spark },
      }),
    ],
  };
}

/** A managed network is peered with none, so what has a private address elsewhere is out of its reach. */
function* onPremises(model: Model, { fact }: Workspace): Generator<Fault> {
  for (const { id, workspace, target } of model.network.declared.of('workspace-connection')) {
    if (keyOf(workspace) !== keyOf(fact.id)) continue;
    const found = privateHost(model, target);
    if (!found) continue;
    yield {
      subject: id,
      at: 'target',
      says: `${nameOf(id)} leads to ${found.host} (${formatIp(found.address)}), a private address that the managed network of ${nameOf(fact.id)} does not reach`,
      requirement: requirements['managed/destinations'],
      concerns: [fact.id],
      blockers: [
        { resource: id, property: 'target', is: found.host, needs: 'a name that a private endpoint serves' },
      ],
    };
  }
}

/** The host in a connection's target, where its address is private: written out, or known to a server or a zone. */
function privateHost(
  model: Model,
  target: string,
): { readonly host: string; readonly address: Ip } | undefined {
  const { dnsServers } = model.network;
  for (const host of target.split(/[^A-Za-z0-9.-]+/).filter((word) => word.includes('.'))) {
    const known = dnsServers
      .flatMap(({ records }) => records)
      .find(({ name }) => name === host.toLowerCase());
    const address = parseIp(host) ?? known?.address;
    if (address !== undefined && has(privateAddresses, address)) return { host, address };
  }
  return undefined;
}
