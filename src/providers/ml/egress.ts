/**
 * How a managed online deployment goes out, by either of two flags (docs/semantics/online-endpoints.md): the preview's
 * `privateNetworkConnection`, which shuts its workspace, too; and `egressPublicNetworkAccess`, which does not.
 *
 * Private, it comes with private endpoints of its own, unless its workspace has a managed network for all.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { ancestorId, type ResourceId } from '../../arm/id.ts';
import type { Draft, Put } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import { asText, isObject, type JsonObject, member } from '../../lib/json.ts';
import type { DependenciesOut, Fact } from '../../net/facts.ts';
import { dependencyRules } from '../../net/managed-networks.ts';
import { linkTarget } from '../private-link/targets.ts';
import { workspaceOf } from './legacy.ts';
import { inventedId } from './link.ts';
import { approved, connectionTo } from './managed/connection.ts';
import { modeOf } from './managed/mode.ts';
import { hostOf } from './managed/network.ts';

const flag = 'egressPublicNetworkAccess';
const preview = 'privateNetworkConnection';
/** How azure-ai-ml spells it, among the properties that are the client's own. */
const spelled = 'private-network-connection';

/** Says that a deployment turned the public access of its workspace off. Not shown to clients. */
export const shutBy = 'x-cloister-shut-by';

/** Reports whether a deployment goes out privately. */
function isPrivate(properties: JsonObject): boolean {
  return previewOf(properties) === true || properties[flag] === 'Disabled';
}

/** The preview's flag, wherever it is written. */
function previewOf(properties: JsonObject): boolean | undefined {
  const told = properties[preview] ?? member(properties['properties'], spelled);
  return told === undefined ? undefined : /^true$/i.test(String(told));
}

/** What a PUT leaves out stays as it was: neither flag ever changes. */
export function settledEgress({ before, properties }: Put): JsonObject {
  const { [flag]: word, [preview]: closed } = { ...before?.properties, ...properties };
  const { properties: own } = properties;
  const told = member(own, spelled) ?? member(before?.properties['properties'], spelled);
  // The client's own properties are texts.
  const spelling = { [spelled]: /^true$/i.test(String(told)) ? 'True' : 'False' };
  return {
    ...(word === undefined ? {} : { [flag]: word }),
    ...(closed === undefined ? {} : { [preview]: closed }),
    ...(told === undefined ? {} : { properties: { ...(isObject(own) ? own : {}), ...spelling } }),
  };
}

/** Refuses flags that contradict each other, and those that change. */
export function checkEgress(put: Put): void {
  const settled = settledEgress(put);
  const [word, closed] = [settled[flag], previewOf(settled)];
  if (word !== undefined && closed !== undefined && (word === 'Disabled') !== closed) {
    throw new ArmError(
      'BadRequest',
      `${preview} ${closed} contradicts ${flag} ${word}: they are one setting. Give ${flag} alone.`,
      { target: `properties.${preview}` },
    );
  }
  if (!put.before) return;
  const was = isPrivate(put.before.properties);
  if (isPrivate(settled) === was) return;
  const name = put.properties[flag] === undefined ? preview : flag;
  throw new ArmError(
    'UserError',
    `${name} of a deployment never changes. Make a new deployment and move the traffic.`,
    { target: `properties.${name}` },
  );
}

/** What making a deployment does elsewhere: its private endpoints' connections, and the preview's shut workspace. */
export function egressWrites({ id, name, properties }: Draft, read: Read): readonly Draft[] {
  const workspace = workspaceOf(id, read);
  const host = workspace && hostOf(workspace, read);
  if (!workspace || !host || !isPrivate(properties) || modeOf(host) !== 'Disabled') return [];
  const rules = dependencyRules(id, dependenciesOf({ id, name }), {
    storage: asText(host.properties['storageAccount']),
    vault: asText(host.properties['keyVault']),
    registry: asText(host.properties['containerRegistry']),
  });
  const connections = rules.flatMap(({ id: endpoint, to }): Draft[] => {
    const target = read.get(to.target);
    const link = target && linkTarget(target.type);
    if (!target || !link || to.connection === undefined || read.get(to.connection)) return [];
    link.check?.(target);
    const connection = to.connection as ResourceId;
    return [connectionTo(link, { id: connection, owner: id, endpoint, group: to.group, state: approved })];
  });
  return [...connections, ...(previewOf(properties) === true ? shut(workspace, id) : [])];
}

/** The workspace without public access, where it had any. */
function shut(workspace: Resource, by: ResourceId): readonly Draft[] {
  if (workspace.properties['publicNetworkAccess'] === 'Disabled') return [];
  const { etag: _, ...draft } = workspace;
  const flags = { publicNetworkAccess: 'Disabled', allowPublicAccessWhenBehindVnet: false };
  return [{ ...draft, properties: { ...workspace.properties, ...flags, [shutBy]: by } }];
}

/** What a deployment says of its way out: public, or a network of its own that reaches its workspace. */
export function egressFacts({ id, name, location = '', properties }: Resource): readonly Fact[] {
  if (!isPrivate(properties)) return [];
  return [{ kind: 'managed-network', of: id, location, lets: dependenciesOf({ id, name }) }];
}

function dependenciesOf({ id, name }: Pick<Resource, 'id' | 'name'>): DependenciesOut {
  const connections = `${name}.${inventedId(id, 'connection')}`;
  return { out: 'dependencies', workspace: ancestorId(id, 2), connections };
}

/** What the proof reads of the flags. */
export function egressOf({ properties }: Resource): { readonly egress: boolean; readonly preview: boolean } {
  return { egress: !isPrivate(properties), preview: previewOf(properties) === true };
}
