/**
 * Hosts that computes, clusters and people ask for on the internet, as data: what a firewall on the way has to pass.
 *
 * @module
 */

import type { Requirement } from './requirements.ts';

/** Who asks. */
export type Asker = 'compute' | 'instance' | 'cluster' | 'client' | 'site';

/** A row: all hosts of it must pass, by name or by service tag. `<region>` stands for the region of who asks. */
export interface HostRow {
  readonly requirement: Requirement;
  readonly askers: readonly Asker[];
  /** What the platform needs; otherwise what people and their code need. */
  readonly platform: boolean;
  readonly hosts: readonly Host[];
}

/** A host by its names, any of which will do, and the service tag that has its addresses. */
export interface Host {
  readonly names: readonly string[];
  readonly tag?: string;
}

const learn = 'https://learn.microsoft.com/azure';
const machineLearning = `${learn}/machine-learning/how-to-access-azureml-behind-firewall`;
const everybody = ['compute', 'instance', 'cluster', 'client', 'site'] as const;
const computes = ['compute', 'instance'] as const;

function row(
  id: string,
  says: string,
  source: string,
  askers: readonly Asker[],
  hosts: readonly Host[],
  platform = true,
): HostRow {
  return { requirement: { id: `host/${id}`, says, source }, askers, platform, hosts };
}

/** Every row. Source: aml-required-traffic, sections 2, 3 and 5. */
export const hostRows: readonly HostRow[] = [
  row('sign-in', 'sign-in to Entra', machineLearning, everybody, [
    { names: ['login.microsoftonline.com'], tag: 'AzureActiveDirectory' },
  ]),
  row('management', 'Azure Resource Manager', machineLearning, everybody, [
    { names: ['management.azure.com'], tag: 'AzureResourceManager' },
  ]),
  row(
    'machine-learning',
    'the service of machine learning',
    machineLearning,
    [...computes, 'cluster'],
    [
      {
        names: ['<region>.instances.azureml.ms', '<region>.api.azureml.ms'],
        tag: 'AzureMachineLearning',
      },
    ],
  ),
  row(
    'experiments',
    'the host of experiments',
    machineLearning,
    ['site', 'cluster'],
    [{ names: ['<region>.experiments.azureml.net'], tag: 'AzureMachineLearning' }],
  ),
  row('batch', 'the service that runs nodes', machineLearning, computes, [
    {
      names: ['<region>.service.batch.azure.com', 'node.<region>.batch.azure.com'],
      tag: 'BatchNodeManagement.<region>',
    },
  ]),
  row('storage', 'storage that nodes start from', machineLearning, computes, [
    { names: ['node.blob.core.windows.net'], tag: 'Storage.<region>' },
  ]),
  row(
    'images',
    "Microsoft's container registry",
    machineLearning,
    [...computes, 'cluster'],
    [
      { names: ['mcr.microsoft.com'], tag: 'MicrosoftContainerRegistry' },
      { names: ['<region>.data.mcr.microsoft.com'], tag: 'AzureFrontDoor.FirstParty' },
    ],
  ),
  row('monitor', 'Azure Monitor and Application Insights', machineLearning, computes, [
    {
      names: [
        'dc.services.visualstudio.com',
        'dc.applicationinsights.azure.com',
        '<region>-0.in.applicationinsights.azure.com',
      ],
      tag: 'AzureMonitor',
    },
  ]),
  row(
    'cluster-configuration',
    'the service that installs extensions',
    `${learn}/azure-arc/kubernetes/network-requirements`,
    ['cluster'],
    [{ names: ['<region>.dp.kubernetesconfiguration.azure.com'], tag: 'AzureArcInfrastructure' }],
  ),
  row(
    'sign-in-page',
    'the page on which people sign in',
    `${learn}/virtual-desktop/required-fqdn-endpoint`,
    ['client', 'site'],
    [{ names: ['aadcdn.msftauth.net', 'aadcdn.msauth.net'] }],
    false,
  ),
  row(
    'packages',
    'the index of Python packages and its files',
    machineLearning,
    [...computes, 'client'],
    [{ names: ['packages.example.org'] }, { names: ['files.example.org', 'a.files.example.org'] }],
    false,
  ),
  row(
    'editor',
    'the server of Visual Studio Code on an instance',
    machineLearning,
    ['instance', 'site'],
    [{ names: ['update.code.visualstudio.com'] }, { names: ['marketplace.visualstudio.com'] }],
    false,
  ),
];
