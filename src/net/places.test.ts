import { describe, expect, it } from 'vitest';
import {
  ids,
  network,
  onlineEndpoint,
  opaque,
  privateEndpoint,
  site,
  storage,
  subnet,
  vault,
  vm,
  vnet,
  workspace,
} from '../../test/support/network.ts';
import { formatIp } from '../lib/ip.ts';
import type { MachineFact, NicFact, OpaqueFact } from './facts.ts';
import { Names } from './places.ts';
import type { Place } from './position.ts';

const inGroup = (group: string, name: string): (MachineFact | NicFact)[] => {
  const home = `/subscriptions/s/resourceGroups/${group}/providers`;
  const nic = `${home}/Microsoft.Network/networkInterfaces/${name}-nic`;
  return [
    { kind: 'machine', id: `${home}/Microsoft.Compute/virtualMachines/${name}`, nics: [nic] },
    {
      kind: 'nic',
      id: nic,
      configurations: [],
      gate: undefined,
      dnsServers: [],
      forwarding: false,
      endpoint: undefined,
    },
  ];
};
const compute = (workspaceName: string): OpaqueFact => ({
  kind: 'opaque',
  id: `${ids.workspace(workspaceName)}/computes/cpu`,
  type: 'Microsoft.MachineLearningServices/workspaces/computes',
  place: 'compute/cpu',
});

const names = new Names(
  network(
    vnet('hub', '10.0.0.0/16', subnet('a', '10.0.1.0/24'), subnet('b', '10.0.2.0/24')),
    vnet('spoke', '10.1.0.0/16', subnet('a', '10.1.1.0/24')),
    vm('one', 'hub/a', '10.0.1.4'),
    inGroup('rg1', 'jumpbox'),
    inGroup('rg2', 'jumpbox'),
    site('hq', '192.168.0.0/16', 'internet'),
    storage('acct'),
    vault('kv'),
    workspace('ws'),
    onlineEndpoint('ws', 'score', {}),
    privateEndpoint('pe', 'hub/b', '10.0.2.5', ids.storage('acct'), 'blob'),
    opaque('Microsoft.ContainerService/managedClusters', 'aks', 'cluster/aks'),
    compute('ws'),
    compute('ws2'),
  ),
);

const show = (place: Place): string => {
  switch (place.kind) {
    case 'subnet':
      return `${place.label} = ${place.subnet.split('/').slice(-3).join('/')}`;
    case 'nic':
      return `${place.label} = ${place.nic.split('/').at(-1)}`;
    default:
      return place.label;
  }
};
const place = (text: string): string => {
  const found = names.place(text);
  return found.ok ? show(found.value) : `${found.error.message} [${found.error.candidates.join(' ')}]`;
};
const target = (text: string): string => {
  const found = names.target(text);
  if (!found.ok) return `${found.error.message} [${found.error.candidates.join(' ')}]`;
  const { target: aim, port } = found.value;
  return `${aim.label} = ${aim.kind === 'name' ? aim.name : formatIp(aim.address)}:${port ?? '-'}`;
};
const group = '/subscriptions/s/resourceGroups/rg/providers';

describe('places', () => {
  it('are listed with the shortest unique suffix, the outside first', () => {
    expect(names.places().map((p) => p.label)).toEqual([
      'internet',
      'site/hq',
      'vnet/hub/a',
      'vnet/hub/b',
      'vnet/spoke/a',
      'rg1/vm/jumpbox',
      'rg2/vm/jumpbox',
      'vm/one',
      'nic/one-nic',
      'rg1/nic/jumpbox-nic',
      'rg2/nic/jumpbox-nic',
      `${ids.workspace('ws')}/computes/cpu`,
      `${ids.workspace('ws2')}/computes/cpu`,
      'cluster/aks',
    ]);
  });

  it.each([
    ['internet', 'internet'],
    ['INTERNET', 'internet'],
    ['site/hq', 'site/hq'],
    ['hq', 'site/hq'],
    ['vm/one', 'vm/one = one-nic'],
    ['VM/One/', 'vm/one = one-nic'],
    ['one', 'vm/one = one-nic'],
    ['rg/vm/one', 'vm/one = one-nic'],
    ['s/rg/vm/one', 'vm/one = one-nic'],
    [`${group}/Microsoft.Compute/virtualMachines/one`, 'vm/one = one-nic'],
    [`${group}/microsoft.compute/VIRTUALMACHINES/ONE`, 'vm/one = one-nic'],
    [`${group}/Microsoft.Network/networkInterfaces/one-nic`, 'nic/one-nic = one-nic'],
    [`${group}/Microsoft.Network/virtualNetworks/hub/subnets/a`, 'vnet/hub/a = hub/subnets/a'],
    ['hub/a', 'vnet/hub/a = hub/subnets/a'],
    ['b', 'vnet/hub/b = hub/subnets/b'],
    ['cluster/aks', 'cluster/aks'],
    [`${ids.workspace('ws2')}/computes/cpu`, `${ids.workspace('ws2')}/computes/cpu`],
    // Ambiguous.
    ['a', "'a' is the name of 2 places [vnet/hub/a vnet/spoke/a]"],
    ['vm/jumpbox', "'vm/jumpbox' is the name of 2 places [rg1/vm/jumpbox rg2/vm/jumpbox]"],
    // Unknown.
    ['vm/won', "there is no place 'vm/won'; did you mean 'vm/one'? [rg1/vm/jumpbox rg2/vm/jumpbox vm/one]"],
    ['m/one', "there is no place 'm/one'; did you mean 'vm/one'? ["],
    // More than nothing, and not enough.
    ['vnet/hub', "'vnet/hub' is not a place, and has 2 below it [vnet/hub/a vnet/hub/b]"],
    [
      `${group}/Microsoft.Network/virtualNetworks/hub`,
      `'${group}/Microsoft.Network/virtualNetworks/hub' is not a place, and has 2 below it [vnet/hub/a vnet/hub/b]`,
    ],
    // PE-4: a private endpoint never sends.
    ['nic/pe.nic', "there is no place 'nic/pe.nic'; did you mean 'nic/one-nic'?"],
  ])('%s', (text, shown) => expect(place(text).slice(0, shown.length)).toBe(shown));

  it.each(['', '/', 'vm/'])('refuse %j', (text) => expect(names.place(text).ok).toBe(false));

  it('answer to their own labels', () => {
    for (const { label } of names.places()) expect(place(label)).toContain(label);
  });
});

describe('targets', () => {
  it('are listed', () => {
    expect(names.targets()).toEqual([
      'azure/arm',
      'azure/graph',
      'azure/sign-in',
      'endpoint/ws/score',
      'storage/acct/blob',
      'storage/acct/file',
      'vault/kv',
      'vm/one',
      'workspace/ws',
    ]);
  });

  it.each([
    ['storage/acct/blob', 'storage/acct/blob = acct.blob.core.windows.net:-'],
    ['blob', 'storage/acct/blob = acct.blob.core.windows.net:-'],
    ['storage/acct/blob:8443', 'storage/acct/blob = acct.blob.core.windows.net:8443'],
    ['Vault/KV', 'vault/kv = kv.vault.azure.net:-'],
    [ids.vault('kv'), 'vault/kv = kv.vault.azure.net:-'],
    [`${ids.vault('kv')}:444`, 'vault/kv = kv.vault.azure.net:444'],
    [`${ids.storage('acct')}/file`, 'storage/acct/file = acct.file.core.windows.net:-'],
    ['endpoint/ws/score', 'endpoint/ws/score = score.eastus.inference.ml.azure.com:-'],
    ['vm/one:22', 'vm/one = 10.0.1.4:22'],
    ['10.0.1.4', '10.0.1.4 = 10.0.1.4:-'],
    ['10.0.1.4:22', '10.0.1.4 = 10.0.1.4:22'],
    ['pypi.org', 'pypi.org = pypi.org:-'],
    ['PyPI.org.:443', 'pypi.org = pypi.org:443'],
    ['azure/arm', 'azure/arm = management.azure.com:-'],
    // Ports.
    ['10.0.1.4:0', "'10.0.1.4:0' has a port outside 1 to 65535"],
    ['10.0.1.4:65535', '10.0.1.4 = 10.0.1.4:65535'],
    ['10.0.1.4:65536', "'10.0.1.4:65536' has a port outside 1 to 65535"],
    ['10.0.1.4:ssh', "there is no target '10.0.1.4:ssh'"],
    // Addresses with a typing error are no names.
    ['10.0.0.300', "there is no target '10.0.0.300'"],
    ['10.0.0', "there is no target '10.0.0'"],
    ['*.blob.core.windows.net', "there is no target '*.blob.core.windows.net'"],
    // A resource with several sub-resources.
    [
      'storage/acct',
      "'storage/acct' is not a target, and has 2 below it [storage/acct/blob storage/acct/file]",
    ],
    [
      ids.storage('acct'),
      `'${ids.storage('acct')}' is not a target, and has 2 below it [storage/acct/blob storage/acct/file]`,
    ],
    [
      'storage/acct/blub',
      "there is no target 'storage/acct/blub'; did you mean 'storage/acct/blob'? [storage/acct/blob storage/acct/file]",
    ],
    ['localhost', "there is no target 'localhost'"],
  ])('%s', (text, shown) => expect(target(text).slice(0, shown.length)).toBe(shown));
});
