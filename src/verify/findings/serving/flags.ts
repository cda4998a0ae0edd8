/**
 * Flags of workspaces and deployments that do not go together (docs/semantics/online-endpoints.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { setting } from '../../repair.ts';
import { requirements } from '../../requirements.ts';
import { approved, type Workspace, workspacesOf } from '../../workspaces.ts';

/** A workspace that is kept to version 1 takes no endpoints. */
export function* legacyOn(model: Model): Generator<Fault> {
  const endpoints = [...model.network.services.values()].filter(({ fact }) => fact.service === 'endpoint');
  const { declared } = model.network;
  for (const { fact, links } of workspacesOf(model)) {
    const bySilence = fact.legacy === undefined && fact.madeBeforeVersion2 && links.length > 0;
    if (fact.legacy !== true && !bySilence) continue;
    const isHere = (id: string | undefined): boolean => keyOf(id ?? '') === keyOf(fact.id);
    const concerned = [
      ...endpoints.filter((service) => isHere(service.fact.behind)).map((service) => service.fact.id),
      ...declared.of('deployment').flatMap(({ id, workspace }) => (isHere(workspace) ? [id] : [])),
      ...declared.of('batch-endpoint').flatMap(({ id, workspace }) => (isHere(workspace) ? [id] : [])),
    ];
    const [first] = concerned;
    if (first === undefined) continue;
    const inside = `${keyOf(fact.id)}/`;
    const refusals = declared.of('refused').flatMap(({ id }) => (keyOf(id).startsWith(inside) ? [id] : []));
    const why = bySilence ? 'is on by an API before version 2 and a private endpoint' : 'is on';
    yield {
      subject: fact.id,
      at: 'v1LegacyMode',
      says: `v1LegacyMode of ${nameOf(fact.id)} ${why}, and ${nameOf(first)} is of version 2`,
      concerns: [...concerned, ...refusals],
      blockers: [
        { resource: fact.id, property: 'v1LegacyMode', is: bySilence ? 'not set' : 'true', needs: 'false' },
      ],
      repairs: [{ says: 'turn it off', edits: [setting(fact.id, 'v1LegacyMode', false)] }],
    };
  }
}

/** A deployment that goes out publicly comes to the workspace, its registry and its storage publicly, too. */
export function* publicEgress(model: Model): Generator<Fault> {
  for (const workspace of workspacesOf(model)) {
    if (workspace.fact.managedNetwork !== 'Disabled') continue;
    const shut = shutOf(workspace);
    if (shut.length === 0) continue;
    for (const { id, workspace: home, egress, endpoint } of model.network.declared.of('deployment')) {
      if (!egress || keyOf(home) !== keyOf(workspace.fact.id)) continue;
      const at = 'egressPublicNetworkAccess';
      yield {
        subject: id,
        at,
        says: `${nameOf(id)} goes out by the internet, where ${shut.map(nameOf).join(', ')} ${shut.length === 1 ? 'is' : 'are'} shut`,
        requirement: requirements['serving/egress'],
        concerns: [endpoint],
        blockers: [{ resource: id, property: at, is: 'Enabled', needs: 'Disabled' }],
        repairs: [{ says: 'let it go out privately', edits: [setting(id, at, 'Disabled')] }],
      };
    }
  }
}

/** What a deployment needs of a workspace, and is shut to the internet. */
function shutOf({ fact, publicAccess, dependencies }: Workspace): readonly string[] {
  return [
    ...(publicAccess ? [] : [fact.id]),
    ...dependencies.flatMap(({ role, service }) =>
      role !== 'vault' && service.fact.door?.publicAccess === false ? [service.fact.id] : [],
    ),
  ];
}

/** A deployment without the internet brings an image that is finished: it neither builds nor downloads at its start. */
export function* needsBuild(model: Model): Generator<Fault> {
  const { declared } = model.network;
  for (const { fact, links } of workspacesOf(model)) {
    if (fact.managedNetwork !== 'Disabled' || approved(links).length === 0) continue;
    for (const { id, workspace, egress, endpoint, model: used, environment } of declared.of('deployment')) {
      if (egress || keyOf(workspace) !== keyOf(fact.id)) continue;
      const mlflow = declared
        .of('model')
        .some((item) => keyOf(item.id) === keyOf(used ?? '') && item.type.toLowerCase() === 'mlflow_model');
      const builds = declared
        .of('environment')
        .some((item) => keyOf(item.id) === keyOf(environment ?? '') && item.builds);
      const without = mlflow && environment === undefined;
      if (!without && (!builds || fact.buildCompute !== undefined)) continue;
      const at = without ? 'model' : 'environmentId';
      yield {
        subject: id,
        at,
        says: without
          ? `${nameOf(id)} serves an MLflow model without an environment, which is built at its start, and it does not go out`
          : `${nameOf(id)} has an environment that is built at its start, and it does not go out`,
        requirement: requirements['serving/image'],
        concerns: [endpoint],
        blockers: [
          {
            resource: id,
            property: at,
            is: without ? 'an MLflow model' : 'an environment to build',
            needs: 'a finished image in the registry of the workspace',
          },
        ],
      };
    }
  }
}
