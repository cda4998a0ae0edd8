/**
 * Virtual network verifier: workspaces of a network manager, intents in them, and runs that prove an intent
 * (docs/semantics/network-verifier.md). What a run finds is worked out where the estate runs.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceId, sameId } from '../../arm/id.ts';
import { type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { parsePrefix } from '../../lib/ip.ts';
import { parsePorts } from '../../lib/ports.ts';
import { define } from '../define.ts';

const workspaceType = 'Microsoft.Network/networkManagers/verifierWorkspaces';
export const runType = `${workspaceType}/reachabilityAnalysisRuns`;
const intentType = `${workspaceType}/reachabilityAnalysisIntents`;

/** Azure writes the internet, which is no resource, as a word. */
export const internet = 'Internet';

const end: shape.Shape<string> = {
  wants: `a resource id, or '${internet}'`,
  check: (value, at) =>
    typeof value === 'string' && value.toLowerCase() === internet.toLowerCase()
      ? internet
      : shape.resourceId.check(value, at),
};

const prefixes = shape.list<string>({
  wants: "an address, a prefix without host bits or '*'",
  check: (value, at) => {
    if (typeof value === 'string' && (value === '*' || parsePrefix(value))) return value;
    const message = `${at} must be an address, a prefix without host bits or '*', not ${JSON.stringify(value)}.`;
    throw new ArmError('InvalidRequestContent', message, { target: at });
  },
});

const ports = shape.list<string>({
  wants: "a port, a range or '*'",
  check: (value, at) => {
    if (typeof value === 'string' && parsePorts(value)) return value;
    const message = `${at} must be a port, a range such as 8000-8080, or '*', not ${JSON.stringify(value)}.`;
    throw new ArmError('InvalidRequestContent', message, { target: at });
  },
});

const intentProperties = shape.object({
  description: shape.text,
  sourceResourceId: shape.required(end),
  destinationResourceId: shape.required(end),
  ipTraffic: shape.required(
    shape.object({
      sourceIps: shape.required(prefixes),
      destinationIps: shape.required(prefixes),
      sourcePorts: shape.required(ports),
      destinationPorts: shape.required(ports),
      protocols: shape.required(shape.list(shape.oneOf('Any', 'TCP', 'UDP', 'ICMP'))),
    }),
  ),
  ...shape.served('provisioningState'),
});

/** What an intent asks. */
export type IntentContent = shape.Of<typeof intentProperties>;

export const verifierWorkspaces = define(workspaceType, {
  level: 'modelled',
  located: true,
  properties: shape.object({ description: shape.text, ...shape.served('provisioningState') }),
});

const sources = ['Microsoft.Compute/virtualMachines', 'Microsoft.Network/virtualNetworks/subnets'];
const destinations = [...sources, 'Microsoft.Storage/storageAccounts'];

export const reachabilityIntents = define(intentType, {
  level: 'modelled',
  located: false,
  properties: intentProperties,
  put: (put, read) => {
    const { sourceResourceId, destinationResourceId, ipTraffic } = put.properties;
    checkEnd(sourceResourceId, 'properties.sourceResourceId', sources, read);
    checkEnd(destinationResourceId, 'properties.destinationResourceId', destinations, read);
    for (const [name, list] of Object.entries(ipTraffic)) {
      const target = `properties.ipTraffic.${name}`;
      if (list.length === 0)
        throw new ArmError('InvalidRequestContent', `${target} must not be empty.`, { target });
    }
    return { writes: [store(put)] };
  },
});

function checkEnd(id: string, target: string, types: readonly string[], read: Read): void {
  if (id === internet) return;
  const { type } = partsOf(id);
  if (!types.some((known) => sameId(known, type))) {
    const message = `${target} is a ${type}; Cloister supports ${types.join(', ')} and '${internet}'.`;
    throw new ArmError('NotSupported', message, { target });
  }
  if (read.get(id)) return;
  throw new ArmError('InvalidResourceReference', `Resource ${id} referenced by ${target} was not found.`, {
    target,
  });
}

const runProperties = shape.object({
  description: shape.text,
  intentId: shape.required(shape.resourceId),
  ...shape.served('provisioningState', 'intentContent', 'analysisResult', 'errorMessage'),
});

/** The intent is kept as it was when the run began: a later change of it changes no result. */
export const reachabilityRuns = define(runType, {
  level: 'modelled',
  located: false,
  properties: runProperties,
  put: (put, read) => ({
    writes: [store(put, { ...put.properties, intentContent: intentOf(put, read) })],
    then: [{ kind: 'analyse', resource: put.id.id as ResourceId }],
  }),
});

function intentOf(put: Put<shape.Of<typeof runProperties>>, read: Read): IntentContent {
  const target = 'properties.intentId';
  const { intentId } = put.properties;
  const intent = read.get(intentId);
  if (
    intent &&
    sameId(intent.type, intentType) &&
    sameId(partsOf(intent.id).parent ?? '', put.id.parent ?? '')
  )
    return contentIn(propertiesOf(intentProperties, intent));
  throw new ArmError(
    'InvalidResourceReference',
    `${intentId} referenced by ${target} is no intent of this workspace.`,
    { target },
  );
}

function contentIn({
  description,
  sourceResourceId,
  destinationResourceId,
  ipTraffic,
}: IntentContent): IntentContent {
  return {
    ...(description === undefined ? {} : { description }),
    sourceResourceId,
    destinationResourceId,
    ipTraffic,
  };
}

/** What a run was asked. */
export function contentOf(run: Resource): IntentContent {
  // Only `put` writes it.
  return run.properties['intentContent'] as unknown as IntentContent;
}
