/**
 * The rules that every managed network comes with, as data.
 *
 * Source: https://learn.microsoft.com/azure/machine-learning/how-to-managed-network
 *
 * @module
 */

import { sameId } from '../../../arm/id.ts';
import type { Read, Resource } from '../../../arm/resource.ts';
import { asText, type JsonObject } from '../../../lib/json.ts';
import { inventedId } from '../link.ts';

/** A tag that ends with `.` takes the region of the workspace. */
interface RequiredTag {
  readonly tag: string;
  readonly protocol: 'TCP' | 'UDP' | '*';
  readonly portRanges: string;
}

/** Where only approved destinations are reached, these are approved. */
export const requiredTags: readonly RequiredTag[] = [
  { tag: 'AzureActiveDirectory', protocol: 'TCP', portRanges: '80,443' },
  { tag: 'AzureMachineLearning', protocol: 'TCP', portRanges: '443,8787,18881' },
  { tag: 'AzureMachineLearning', protocol: 'UDP', portRanges: '5831' },
  { tag: 'BatchNodeManagement.', protocol: '*', portRanges: '443' },
  { tag: 'AzureResourceManager', protocol: 'TCP', portRanges: '443' },
  { tag: 'AzureFrontDoor.FirstParty', protocol: 'TCP', portRanges: '443' },
  { tag: 'MicrosoftContainerRegistry', protocol: 'TCP', portRanges: '443' },
  { tag: 'AzureMonitor', protocol: 'TCP', portRanges: '443' },
  { tag: 'VirtualNetwork', protocol: '*', portRanges: '*' },
];

/** What a workspace is made of, and the sub-resources that its computes use. */
const parts = [
  ['storageAccount', ['blob', 'file']],
  ['keyVault', ['vault']],
  ['containerRegistry', ['registry']],
] as const;

/** A rule by its name. */
export interface NamedRule {
  readonly name: string;
  readonly properties: JsonObject;
}

/**
 * The rules that the service makes itself: private endpoints for what the workspace is made of, always or where it is
 * closed to the internet; and the tags, where only approved destinations are reached.
 */
export function requiredRules(
  workspace: Omit<Resource, 'etag'>,
  mode: string,
  read: Read,
): readonly NamedRule[] {
  if (mode === 'Disabled') return [];
  const approved = mode === 'AllowOnlyApprovedOutbound';
  const targets = [
    { target: workspace, groups: ['amlworkspace'] as readonly string[] },
    ...parts.flatMap(([member, groups]) => {
      const target = read.get(asText(workspace.properties[member]) ?? '');
      return target ? [{ target, groups: groups as readonly string[] }] : [];
    }),
  ];
  const endpoints = targets.flatMap(({ target, groups }) =>
    approved || target.properties['publicNetworkAccess'] === 'Disabled'
      ? groups.map((group) => endpointRule(workspace.id, target, group))
      : [],
  );
  return approved
    ? [...endpoints, ...requiredTags.map((row) => tagRule(row, workspace.location ?? ''))]
    : endpoints;
}

/** Source of the prefixes: names that `az ml workspace outbound-rule list` shows. What follows them is ours. */
function endpointRule(workspace: string, target: Omit<Resource, 'etag'>, group: string): NamedRule {
  const suffix = inventedId(workspace, `${target.id} ${group}`).slice(0, 8);
  return {
    name: `${systemPrefix}PE_${target.name}_${group}_${suffix}`,
    properties: {
      type: 'PrivateEndpoint',
      category: 'Required',
      destination: { serviceResourceId: target.id, subresourceTarget: group, sparkEnabled: false },
    },
  };
}

function tagRule({ tag, protocol, portRanges }: RequiredTag, region: string): NamedRule {
  const serviceTag = tag.endsWith('.') ? `${tag}${region}` : tag;
  return {
    name: `${systemPrefix}ST_${tag.replaceAll('.', '')}_${protocol === '*' ? 'Any' : protocol}`,
    properties: {
      type: 'ServiceTag',
      category: 'Required',
      destination: { serviceTag, protocol, portRanges, action: 'Allow' },
    },
  };
}

/** What names of the service's own rules begin with. */
export const systemPrefix = '__SYS_';

/** Reports whether a tag is approved without a rule of one's own. */
export function isRequiredTag(tag: string): boolean {
  const [first = ''] = tag.toLowerCase().split('.');
  return requiredTags.some((row) => {
    const own = row.tag.toLowerCase();
    return own === tag.toLowerCase() || (own.endsWith('.') && own.slice(0, -1) === first);
  });
}

/** Reports whether the service makes a private endpoint for a sub-resource itself. */
export function isRequiredEndpoint(
  workspace: Pick<Resource, 'properties'>,
  target: string,
  group: string,
): boolean {
  return parts.some(
    ([member, groups]) => sameId(asText(workspace.properties[member]) ?? '', target) && groups[0] === group,
  );
}
