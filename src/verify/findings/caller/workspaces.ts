/**
 * The identities that a workspace and what runs in it act as (docs/semantics/callers.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { WorkspaceFact } from '../../../net/declared/workspace.ts';
import type { Service } from '../../../net/model.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { linksTo } from '../../private-link.ts';
import { setting } from '../../repair.ts';
import { approved, isClosed, isProject, workspacesOf } from '../../workspaces.ts';
import { type Actor, identitiesOf, missing, type Need, rights, roles, studioGroups } from './rights.ts';

/** A workspace, hub or project with identities that it was given has to be told which of them it is. */
export function* primaryMissing(model: Model): Generator<Fault> {
  const { declared } = model.network;
  for (const { id, primaryIdentity } of declared.of('workspace')) {
    const given =
      declared.of('identity-kind').find((item) => keyOf(item.id) === keyOf(id))?.userAssigned ?? [];
    if (given.length === 0 || primaryIdentity !== undefined) continue;
    const at = 'primaryUserAssignedIdentity';
    yield {
      subject: id,
      at,
      says: `${nameOf(id)} has ${given.map(nameOf).join(', ')} and does not say which of them it acts as`,
      blockers: [{ resource: id, property: at, is: 'not given', needs: given.map(nameOf).join(' or ') }],
      repairs: given.map((identity) => ({
        says: `act as ${nameOf(identity)}`,
        edits: [setting(id, at, identity)],
      })),
    };
  }
}

/** Storage that is closed lets a workspace in by its own identity, and by no identity that it was given. */
export function* notTrusted(model: Model): Generator<Fault> {
  for (const { fact, dependencies } of workspacesOf(model)) {
    const { system, given } = identitiesOf(model, fact.id);
    const storage = dependencies.find(({ role, closed }) => role === 'storage' && closed);
    if (system || given.length === 0 || !storage) continue;
    yield {
      subject: fact.id,
      at: 'identity.type',
      says: `${nameOf(fact.id)} has no identity of its own, and ${nameOf(storage.service.fact.id)} is closed: its exception for trusted services is for system-assigned identities`,
      concerns: [storage.service.fact.id],
      blockers: [
        {
          resource: fact.id,
          property: 'identity.type',
          is: 'UserAssigned',
          needs: 'SystemAssigned,UserAssigned',
        },
      ],
      repairs: [
        {
          says: 'give it an identity of its own as well',
          edits: [
            {
              kind: 'set',
              resource: fact.id,
              property: ['identity', 'type'],
              value: 'SystemAssigned,UserAssigned',
            },
          ],
        },
      ],
    };
  }
}

/** Data that is read or written without keys asks for a data role. */
export function* dataRole(model: Model): Generator<Fault> {
  for (const need of dataNeeds(model)) yield* missing(model, need);
}

function* dataNeeds(model: Model): Generator<Need> {
  const { declared } = model.network;
  for (const workspace of declared.of('workspace')) {
    if (isProject(workspace) || workspace.storage === undefined) continue;
    const { system, own, given } = identitiesOf(model, workspace.id);
    const actor = system ? own : primaryOf(workspace, given);
    if (!actor) continue;
    const purpose = 'to keep what the workspace writes';
    yield { subject: workspace.id, actor, right: rights.writeBlobs, scope: workspace.storage, purpose };
  }
  for (const { workspace, account, actor } of studioReads(model)) {
    const scope = account.fact.id;
    if (!actor || keyOf(scope) === keyOf(workspace.storage ?? '')) continue;
    yield {
      subject: workspace.id,
      actor,
      right: rights.readBlobs,
      scope,
      purpose: 'to show its data in studio',
    };
  }
  for (const { id, workspace, type } of declared.of('compute')) {
    const home = homeOf(model, workspace);
    const [actor] = actorsOf(model, id);
    if (!home?.storage || !actor) continue;
    const need = { subject: id, actor, scope: home.storage };
    if (type === 'Kubernetes' && home.highImpact) {
      const purpose = 'for data of high business impact';
      yield { ...need, right: rights.writeBlobs, purpose };
      yield { ...need, right: rights.listAccountKeys, purpose };
    }
    if (home.datastoreAuth !== 'Identity' || type === 'Kubernetes') continue;
    yield { ...need, right: rights.readBlobs, purpose: 'to read its data' };
    if (type === 'ComputeInstance') {
      yield { ...need, right: rights.mountFiles, purpose: 'to mount its files' };
    }
  }
  for (const { id, actor, home } of givenEndpoints(model)) {
    if (home.storage === undefined) continue;
    yield {
      subject: id,
      actor,
      right: rights.readBlobs,
      scope: home.storage,
      purpose: 'to load the model',
    };
  }
}

/** Studio looks at the private endpoint of an account before it reads it. */
export function* endpointReader(model: Model): Generator<Fault> {
  const read = new Map<string, Need>();
  for (const { workspace, account, actor } of studioReads(model)) {
    if (!actor || !isClosed(model, account)) continue;
    for (const { endpoint } of approved(linksTo(model, account.fact.id))) {
      if (!studioGroups.has(endpoint.group)) continue;
      read.set(`${workspace.id} ${endpoint.id}`, {
        subject: workspace.id,
        actor,
        right: rights.readEndpoint,
        scope: endpoint.id,
        purpose: `to show data of ${nameOf(account.fact.id)} in studio`,
      });
    }
  }
  for (const need of read.values()) yield* missing(model, need);
}

/** Whoever pulls an image is known to the registry: by its admin user, or by a role. */
export function* pullRole(model: Model): Generator<Fault> {
  const { declared } = model.network;
  for (const { id, workspace, type } of declared.of('compute')) {
    const registry = homeOf(model, workspace)?.registry;
    const settings =
      registry && declared.of('registry-settings').find((item) => keyOf(item.id) === keyOf(registry));
    if (!settings || !pullers.has(type)) continue;
    const [actor] = actorsOf(model, id);
    // A cluster of ours that has an identity comes with it, whatever the registry's admin user is.
    if (actor && (type === 'Kubernetes' || !settings.adminUser)) {
      const scope = settings.id;
      yield* missing(model, { subject: id, actor, right: rights.pull, scope, purpose: 'to pull its image' });
    }
    if (!actor && !settings.adminUser) yield nobody(id, settings.id);
  }
  for (const { id, actor, home } of givenEndpoints(model)) {
    if (home.registry === undefined) continue;
    const scope = home.registry;
    yield* missing(model, { subject: id, actor, right: rights.pull, scope, purpose: 'to pull its image' });
  }
  yield* pullFromAssets(model);
}

/** An environment of a machine-learning registry is an image in the container registry behind that. */
function* pullFromAssets(model: Model): Generator<Fault> {
  const { declared } = model.network;
  for (const { id, endpoint, environment } of declared.of('cluster-deployment')) {
    const [, name] = /^azureml:\/\/registries\/([^/]+)\/environments\//i.exec(environment ?? '') ?? [];
    const assets = declared
      .of('ml-registry')
      .find((item) => nameOf(item.id).toLowerCase() === name?.toLowerCase());
    const compute = declared
      .of('cluster-endpoint')
      .find((item) => keyOf(item.id) === keyOf(endpoint))?.compute;
    const [actor] = compute === undefined ? [] : actorsOf(model, compute);
    if (!assets || compute === undefined || !actor) continue;
    for (const scope of assets.containers.filter((container) => model.service(container))) {
      const purpose = `to pull the image of ${nameOf(id)}`;
      yield* missing(model, { subject: compute, actor, right: rights.pull, scope, purpose });
    }
  }
}

const pullers: ReadonlySet<string> = new Set(['AmlCompute', 'ComputeInstance', 'Kubernetes']);

function nobody(compute: string, registry: string): Fault {
  return {
    subject: compute,
    at: 'identity',
    says: `${nameOf(compute)} has no identity, and ${nameOf(registry)} has no admin user: it cannot pull an image`,
    concerns: [registry],
    blockers: [
      { resource: compute, property: 'identity', is: 'none', needs: `one with ${roles.acrPull.name}` },
      { resource: registry, property: 'properties.adminUserEnabled', is: 'false', needs: 'true' },
    ],
    repairs: [
      {
        says: `give it an identity with ${roles.acrPull.name} on ${nameOf(registry)}`,
        edits: [
          { kind: 'set', resource: compute, property: ['identity'], value: { type: 'SystemAssigned' } },
          {
            kind: 'create',
            creation: {
              what: 'role-assignment',
              principal: { resource: compute },
              role: roles.acrPull.id,
              scope: registry,
            },
          },
        ],
      },
    ],
  };
}

/** The identity that comes first: a resource's own, or the first that it was given. */
function actorsOf(model: Model, id: string): readonly Actor[] {
  const { own, given } = identitiesOf(model, id);
  return own ? [own, ...given] : given;
}

function primaryOf({ primaryIdentity }: WorkspaceFact, given: readonly Actor[]): Actor | undefined {
  return given.find(({ resource }) => keyOf(resource) === keyOf(primaryIdentity ?? '')) ?? given[0];
}

/** The workspace whose dependencies are used: a project's are its hub's. */
function homeOf(model: Model, id: string): WorkspaceFact | undefined {
  const all = model.network.declared.of('workspace');
  const found = all.find((item) => keyOf(item.id) === keyOf(id));
  if (!found || !isProject(found)) return found;
  return all.find((item) => keyOf(item.id) === keyOf(found.hub ?? ''));
}

/** Accounts that studio reads for a workspace, and as whom. */
function* studioReads(model: Model): Generator<{
  readonly workspace: WorkspaceFact;
  readonly account: Service;
  readonly actor: Actor | undefined;
}> {
  for (const workspace of model.network.declared.of('workspace')) {
    if (isProject(workspace)) continue;
    const { system, own, given } = identitiesOf(model, workspace.id);
    const stores = model.network.declared
      .of('datastore')
      .filter((item) => keyOf(item.workspace) === keyOf(workspace.id) && item.identity !== 'None');
    const storage = model.service(workspace.storage);
    if (storage) yield { workspace, account: storage, actor: system ? own : primaryOf(workspace, given) };
    for (const { account: name, type, identity } of stores) {
      const account = [...model.network.services.values()].find(
        ({ fact }) => fact.service === 'storage' && nameOf(fact.id) === name,
      );
      if (!account || type === 'AzureFile') continue;
      const actor = identity === 'WorkspaceSystemAssignedIdentity' ? own : primaryOf(workspace, given);
      yield { workspace, account, actor };
    }
  }
}

/** Online endpoints that act only as what they were given: the service gives those no roles. */
function* givenEndpoints(model: Model): Generator<{
  readonly id: string;
  readonly actor: Actor;
  readonly home: WorkspaceFact;
}> {
  for (const { fact } of model.network.services.values()) {
    if (fact.service !== 'endpoint' || fact.behind === undefined) continue;
    const { system, given } = identitiesOf(model, fact.id);
    const home = homeOf(model, fact.behind);
    const [actor] = given;
    if (!system && actor && home) yield { id: fact.id, actor, home };
  }
}
