/**
 * What a workspace asks of its own door and of those it rests on (docs/semantics/workspaces.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { linksTo } from '../../private-link.ts';
import { setting } from '../../repair.ts';
import { approved, isClosed, workspacesOf } from '../../workspaces.ts';

/** The workspace is private; what goes through Azure Resource Manager is not. */
export function* controlPlane(model: Model): Generator<Fault> {
  if (model.network.declared.of('management-link').length > 0) return;
  for (const { fact, publicAccess } of workspacesOf(model)) {
    if (publicAccess) continue;
    yield {
      subject: fact.id,
      at: 'publicNetworkAccess',
      says: `${nameOf(fact.id)} is private; making and listing computes, endpoints and assets goes through management.azure.com, which is not`,
    };
  }
}

/** Over the public door a workspace with private data does less than over the private one. */
export function* publicPathLimited(model: Model): Generator<Fault> {
  for (const { fact, publicAccess, links, dependencies, service } of workspacesOf(model)) {
    if (!publicAccess || approved(links).length === 0) continue;
    const storage = dependencies.find(({ role }) => role === 'storage');
    const names = new Set<string>(service.fact.surfaces.map(({ name }) => name));
    const comers = model.musts.filter(
      ({ flow: { from, to } }) =>
        (from.kind === 'internet' || from.kind === 'site') && to.kind === 'name' && names.has(to.name),
    );
    if (!storage?.closed && comers.length === 0) continue;
    const who = comers.map(({ flow }) => flow.from.label).join(', ');
    const why = storage?.closed
      ? `its data in ${nameOf(storage.service.fact.id)} is closed`
      : `${who} comes publicly`;
    yield {
      subject: fact.id,
      at: 'publicNetworkAccess',
      says: `${nameOf(fact.id)} is open beside its private endpoint, and ${why}: over the public door designer, previews and instance applications do not work`,
      concerns: comers.map(({ flow }) => flow.from.label),
      blockers: [
        {
          resource: fact.id,
          property: 'publicNetworkAccess',
          is: 'Enabled',
          needs: 'Disabled, and the private path',
        },
      ],
      repairs: [
        { says: 'shut the public door', edits: [setting(fact.id, 'publicNetworkAccess', 'Disabled')] },
      ],
    };
  }
}

/** Studio reads data from the service's side: with the workspace's identity from blobs, with the key from shares. */
export function* datastoreIdentity(model: Model): Generator<Fault> {
  const written = new Set(model.network.declared.of('written').map(({ id }) => keyOf(id)));
  for (const { id, account, type, identity } of model.network.declared.of('datastore')) {
    if (!written.has(keyOf(id))) continue;
    const storage = [...model.network.services.values()].find(
      ({ fact }) => fact.service === 'storage' && nameOf(fact.id) === account,
    );
    if (!storage || !isClosed(model, storage)) continue;
    const isShare = type === 'AzureFile';
    if (isShare === (identity === 'None')) continue;
    const needs = isShare ? 'None' : 'WorkspaceSystemAssignedIdentity';
    yield {
      subject: id,
      at: 'serviceDataAccessAuthIdentity',
      says: isShare
        ? `${nameOf(id)} is a file share, which studio reads with the account's key and not as the workspace`
        : `${nameOf(id)} is on ${account}, which is closed: studio reads it only as the workspace`,
      concerns: [storage.fact.id],
      blockers: [{ resource: id, property: 'serviceDataAccessAuthIdentity', is: identity, needs }],
      repairs: [
        { says: `read it as ${needs}`, edits: [setting(id, 'serviceDataAccessAuthIdentity', needs)] },
      ],
    };
  }
}

/** Network rules and private endpoints of a registry are a matter of its SKU. */
export function* notPremium(model: Model): Generator<Fault> {
  for (const { id, sku } of model.network.declared.of('registry-settings')) {
    const service = model.service(id);
    if (!service || sku.toLowerCase() === 'premium') continue;
    const links = [...linksTo(model, id).map(({ endpoint }) => endpoint.id), ...shutIn(model, id)];
    if (links.length === 0 && !isClosed(model, service)) continue;
    const has = links.length > 0 ? 'private endpoints' : 'a closed door';
    yield {
      subject: id,
      at: 'sku.name',
      says: `${nameOf(id)} is ${sku} and has ${has}, for which a registry has to be Premium`,
      concerns: links,
      blockers: [{ resource: id, property: 'sku.name', is: sku, needs: 'Premium' }],
      repairs: [
        {
          says: 'make it Premium',
          edits: [{ kind: 'set', resource: id, property: ['sku', 'name'], value: 'Premium' }],
        },
      ],
    };
  }
}

/** Deployments that come to a registry by private endpoints of their own. */
function shutIn(model: Model, registry: string): readonly string[] {
  const { declared } = model.network;
  const homes = declared
    .of('workspace')
    .filter((fact) => fact.managedNetwork === 'Disabled' && keyOf(fact.registry ?? '') === keyOf(registry))
    .map(({ id }) => keyOf(id));
  return declared
    .of('deployment')
    .flatMap(({ id, workspace, egress }) => (!egress && homes.includes(keyOf(workspace)) ? [id] : []));
}

/** What a target takes, and what its workspace comes with. */
export function* modeRefused(model: Model): Generator<Fault> {
  const { declared } = model.network;
  for (const { fact, dependencies } of workspacesOf(model)) {
    for (const { role, service } of dependencies) {
      const { id } = service.fact;
      const keys = declared.of('account-settings').find((item) => keyOf(item.id) === keyOf(id))?.takesKeys;
      if (role === 'storage' && keys === false && fact.datastoreAuth === 'AccessKey') {
        yield {
          subject: fact.id,
          at: 'systemDatastoresAuthMode',
          says: `${nameOf(fact.id)} comes to ${nameOf(id)} with account keys, and the account takes none`,
          concerns: [id],
          blockers: [
            { resource: fact.id, property: 'systemDatastoresAuthMode', is: 'AccessKey', needs: 'Identity' },
            { resource: id, property: 'allowSharedKeyAccess', is: 'false', needs: 'true' },
          ],
          repairs: [
            { says: 'use identities', edits: [setting(fact.id, 'systemDatastoresAuthMode', 'Identity')] },
            { says: 'take account keys', edits: [setting(id, 'allowSharedKeyAccess', true)] },
          ],
        };
      }
      const tokens = declared
        .of('registry-settings')
        .find((item) => keyOf(item.id) === keyOf(id))?.takesArmTokens;
      if (role === 'registry' && tokens === false) {
        const at = 'policies.azureADAuthenticationAsArmPolicy.status';
        yield {
          subject: id,
          at,
          says: `${nameOf(id)} refuses tokens for Azure Resource Manager, which those of ${nameOf(fact.id)} pull with`,
          concerns: [fact.id],
          blockers: [{ resource: id, property: at, is: 'disabled', needs: 'enabled' }],
          repairs: [{ says: 'take such tokens', edits: [setting(id, at, 'enabled')] }],
        };
      }
    }
  }
}
