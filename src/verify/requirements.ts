/**
 * What machine learning needs, as data: one row a need, each with where it is written down.
 *
 * @module
 */

/** A row of a requirement table. */
export interface Requirement {
  /** Stable: `client/workspace`, `compute/storage-tag`. */
  readonly id: string;
  readonly says: string;
  readonly source: string;
}

const docs = 'https://learn.microsoft.com/azure/machine-learning';

/** What clients and computes of a workspace ask of the services that it is made of. */
export const requirements = {
  'client/workspace': {
    id: 'client/workspace',
    says: 'a client reaches the workspace it works in',
    source: `${docs}/how-to-configure-private-link`,
  },
  'client/storage': {
    id: 'client/storage',
    says: "a client reads and writes the workspace's storage directly",
    source: `${docs}/how-to-access-azureml-behind-firewall`,
  },
  'client/vault': {
    id: 'client/vault',
    says: "a client inside the network reaches the workspace's vault",
    source: `${docs}/how-to-secure-workspace-vnet`,
  },
  'client/registry': {
    id: 'client/registry',
    says: "a client inside the network reaches the workspace's container registry",
    source: `${docs}/how-to-secure-workspace-vnet`,
  },
  'client/endpoint': {
    id: 'client/endpoint',
    says: 'a client inside the network scores against an online endpoint',
    source: `${docs}/how-to-secure-online-endpoint`,
  },
  'client/cluster': {
    id: 'client/cluster',
    says: "people inside the network reach a private cluster's API server",
    source: 'https://learn.microsoft.com/azure/aks/private-clusters',
  },
  'cluster/api-server': {
    id: 'cluster/api-server',
    says: 'the nodes of a private cluster find and reach its API server',
    source: 'https://learn.microsoft.com/azure/aks/private-clusters',
  },
  'client/sign-in': {
    id: 'client/sign-in',
    says: 'a client signs in at Entra ID',
    source: `${docs}/how-to-access-azureml-behind-firewall`,
  },
  'client/management': {
    id: 'client/management',
    says: 'a client manages workspace and computes through Azure Resource Manager',
    source: `${docs}/how-to-access-azureml-behind-firewall`,
  },
  'storage/blob-file': {
    id: 'storage/blob-file',
    says: 'the default storage of a private workspace has private endpoints for blob and file',
    source: `${docs}/how-to-secure-workspace-vnet`,
  },
  'storage/queue-table': {
    id: 'storage/queue-table',
    says: 'batch endpoints, parallel jobs and Kubernetes use queues and tables of the default storage',
    source: `${docs}/how-to-secure-batch-endpoint`,
  },
  'storage/dfs': {
    id: 'storage/dfs',
    says: 'an account with a hierarchical namespace is reached by its file system too',
    source: `${docs}/how-to-secure-workspace-vnet`,
  },
  'layout/together': {
    id: 'layout/together',
    says: 'studio reads data where the private endpoints of workspace and storage are in one network',
    source: `${docs}/how-to-enable-studio-virtual-network`,
  },
  'isolation/dependencies': {
    id: 'isolation/dependencies',
    says: 'what a private workspace keeps its data in is private too',
    source: `${docs}/how-to-network-security-overview`,
  },
  'service/dependencies': {
    id: 'service/dependencies',
    says: "the workspace service itself reaches the workspace's storage, vault and registry",
    source: `${docs}/how-to-secure-workspace-vnet`,
  },
  'compute/outbound': {
    id: 'compute/outbound',
    says: 'a compute reaches what the platform needs outside its network',
    source: `${docs}/how-to-access-azureml-behind-firewall`,
  },
  'compute/workspace': {
    id: 'compute/workspace',
    says: 'a compute in a network reaches its workspace, and what the workspace rests on, by the private endpoints there',
    source: `${docs}/how-to-secure-training-vnet`,
  },
  'compute/storage-files': {
    id: 'compute/storage-files',
    says: 'a compute mounts the file share of the workspace',
    source: `${docs}/how-to-access-azureml-behind-firewall`,
  },
  'compute/storage': {
    id: 'compute/storage',
    says: 'a compute reads and writes the default storage of its workspace',
    source: `${docs}/how-to-access-azureml-behind-firewall`,
  },
  'compute/registry': {
    id: 'compute/registry',
    says: "a compute pulls images from its workspace's container registry",
    source: `${docs}/how-to-secure-workspace-vnet`,
  },
  'compute/vault': {
    id: 'compute/vault',
    says: "a compute takes secrets from its workspace's vault",
    source: `${docs}/how-to-secure-workspace-vnet`,
  },
  'compute/sign-in': {
    id: 'compute/sign-in',
    says: 'a compute gets tokens from Entra ID',
    source: `${docs}/how-to-access-azureml-behind-firewall`,
  },
  'compute/management': {
    id: 'compute/management',
    says: 'a compute reaches Azure Resource Manager',
    source: `${docs}/how-to-access-azureml-behind-firewall`,
  },
  'compute/inbound': {
    id: 'compute/inbound',
    says: 'the service reaches a compute with a public address',
    source: `${docs}/how-to-secure-training-vnet`,
  },
  'compute/service-policy': {
    id: 'compute/service-policy',
    says: 'a compute behind a service endpoint policy reaches storage of the platform',
    source: `${docs}/how-to-prevent-data-loss-exfiltration`,
  },
  'cluster/service-policy': {
    id: 'cluster/service-policy',
    says: 'nodes reach the storage behind public registries',
    source:
      'https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoint-policies-overview',
  },
  'image/build-compute': {
    id: 'image/build-compute',
    says: 'images are built on compute that reaches the registry',
    source: `${docs}/how-to-secure-workspace-vnet`,
  },
  'compute/private-endpoint': {
    id: 'compute/private-endpoint',
    says: 'a compute reaches its workspace by the private endpoint that the workspace has',
    source: `${docs}/how-to-secure-training-vnet`,
  },
  'compute/region': {
    id: 'compute/region',
    says: 'computes of a workspace with a private endpoint are in its region and subscription',
    source: `${docs}/how-to-secure-training-vnet`,
  },
  'managed/provisioned': {
    id: 'managed/provisioned',
    says: 'a managed network is made before an online deployment uses it',
    source: `${docs}/how-to-managed-network`,
  },
  'managed/destinations': {
    id: 'managed/destinations',
    says: 'a managed network reaches what its outbound rules lead to',
    source: `${docs}/how-to-managed-network`,
  },
  'serving/egress': {
    id: 'serving/egress',
    says: 'a deployment fetches model and image from its workspace, the storage and the registry',
    source: `${docs}/concept-secure-online-endpoint`,
  },
  'serving/image': {
    id: 'serving/image',
    says: 'a deployment without the internet starts from a finished image',
    source: `${docs}/concept-secure-online-endpoint`,
  },
} as const satisfies Readonly<Record<string, Requirement>>;
