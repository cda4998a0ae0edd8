/**
 * The router before the deployments on a cluster: how it is shown, and to whom.
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { LearningExtensionDeclared } from '../../../net/declared/kubernetes.ts';
import { privateUses, type Serving, servingExtensions } from '../../clusters.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { type Edit, type Repair, setting } from '../../repair.ts';

const types = ['loadbalancer', 'nodeport', 'clusterip'];
const typeSetting = 'inferenceRouterServiceType';
const internalSetting = 'internalLoadBalancerProvider';

/** Distributions whose load balancers, as far as they have any, show no address of their own (`E40001`). */
const withoutBalancer = ['eks', 'kind', 'minikube'];

/** A router that the cluster cannot have. */
export function* routerType(model: Model): Generator<Fault> {
  for (const serving of servingExtensions(model)) {
    const { extension, cluster } = serving;
    const wrong = wrongAbout(serving);
    if (!wrong) continue;
    const { at, is, why } = wrong;
    yield {
      subject: extension.id,
      at: `configurationSettings.${at}`,
      says: `${nameOf(extension.id)} is to serve on ${nameOf(extension.cluster)}, ${why}`,
      concerns: [extension.cluster],
      blockers: [
        {
          resource: extension.id,
          property: at,
          is,
          needs: at === internalSetting ? 'not given' : 'loadBalancer, nodePort or clusterIP',
        },
      ],
      repairs: [
        ...(at === internalSetting
          ? [{ says: `leave ${internalSetting} out`, edits: [unset(extension, internalSetting)] }]
          : []),
        ...insideOnly(extension),
        ...(cluster?.kind === 'cluster' && cluster.plugin !== 'kubenet' ? [balanced(extension)] : []),
      ],
    };
  }
}

function wrongAbout({ extension, cluster }: Serving): { at: string; is: string; why: string } | undefined {
  const { type, internal } = extension.router;
  if (type === undefined || !types.includes(type.toLowerCase())) {
    const why = type === undefined ? 'and has no type of router' : `and '${type}' is no type of router`;
    return { at: typeSetting, is: type ?? 'not given', why };
  }
  if (!cluster) return undefined;
  if (internal && cluster.kind === 'connected-cluster') {
    const why = 'which is not of Azure: it has no internal load balancers of Azure';
    return { at: internalSetting, is: 'given', why };
  }
  if (internal && cluster.kind === 'cluster' && cluster.plugin === 'kubenet') {
    return {
      at: internalSetting,
      is: 'given',
      why: 'whose pods are in no subnet: internal load balancers do not reach kubenet',
    };
  }
  const balancer = type.toLowerCase() === 'loadbalancer';
  if (
    balancer &&
    cluster.kind === 'connected-cluster' &&
    withoutBalancer.includes(cluster.distribution ?? '')
  ) {
    const why = `whose load balancers show no address (${cluster.distribution})`;
    return { at: typeSetting, is: type, why };
  }
  return undefined;
}

/** A load balancer with a public address before a private workspace's deployments. */
export function* routerPublic(model: Model): Generator<Fault> {
  const uses = privateUses(model);
  for (const { extension, cluster } of servingExtensions(model)) {
    const use = uses.find(({ compute }) => keyOf(compute.cluster ?? '') === keyOf(extension.cluster));
    const { type, internal } = extension.router;
    if (!use || cluster?.kind !== 'cluster' || type?.toLowerCase() !== 'loadbalancer' || internal) continue;
    yield {
      subject: extension.id,
      at: `configurationSettings.${internalSetting}`,
      says: `${nameOf(extension.id)} gives the deployments of ${nameOf(use.workspace.fact.id)}, which is private, a public address`,
      concerns: [extension.cluster, use.compute.id],
      blockers: [{ resource: extension.id, property: internalSetting, is: 'not given', needs: 'azure' }],
      repairs: [balanced(extension), ...insideOnly(extension)],
    };
  }
  for (const { compute, workspace } of uses) {
    if (!compute.legacy || compute.internal) continue;
    const at = 'properties.loadBalancerType';
    yield {
      subject: compute.id,
      at,
      says: `${nameOf(compute.id)} gives the deployments of ${nameOf(workspace.fact.id)}, which is private, a public address`,
      concerns: [...(compute.cluster === undefined ? [] : [compute.cluster])],
      blockers: [{ resource: compute.id, property: at, is: 'PublicIp', needs: 'InternalLoadBalancer' }],
      repairs: [
        { says: 'use an internal load balancer', edits: [setting(compute.id, at, 'InternalLoadBalancer')] },
      ],
    };
  }
}

/** A cluster that is attached the old way has a router of its own where the extension puts another (`E45005`). */
export function* legacyRouter(model: Model): Generator<Fault> {
  const attached = model.network.declared.of('cluster-compute').filter(({ legacy }) => legacy);
  for (const { extension } of servingExtensions(model)) {
    if (extension.router.migrates) continue;
    for (const { id, cluster } of attached) {
      if (keyOf(cluster ?? '') !== keyOf(extension.cluster)) continue;
      yield {
        subject: extension.id,
        at: 'configurationSettings.enableInference',
        says: `${nameOf(extension.cluster)} has the router of ${nameOf(id)}, attached the old way, and is to get another by ${nameOf(extension.id)}`,
        concerns: [id, extension.cluster],
        blockers: [{ resource: id, property: 'computeType', is: 'AKS', needs: 'Kubernetes, or none' }],
        repairs: [
          {
            says: `attach it by the extension`,
            edits: [
              setting(id, 'computeType', 'Kubernetes'),
              setting(id, 'properties', { namespace: 'default' }),
            ],
          },
          { says: `detach ${nameOf(id)}`, edits: [{ kind: 'delete', resource: id }] },
        ],
      };
    }
  }
}

/** Ways that show the router inside the cluster and on its nodes alone. */
function insideOnly(extension: LearningExtensionDeclared): readonly Repair[] {
  const without = extension.router.internal ? [unset(extension, internalSetting)] : [];
  return ['clusterIP', 'nodePort'].map((type) => ({
    says: `use ${type}`,
    edits: [change(extension, typeSetting, type), ...without],
  }));
}

function balanced(extension: LearningExtensionDeclared): Repair {
  const typed = extension.router.type?.toLowerCase() === 'loadbalancer';
  return {
    says: 'use an internal load balancer',
    edits: [
      ...(typed ? [] : [change(extension, typeSetting, 'loadBalancer')]),
      change(extension, internalSetting, 'azure'),
    ],
  };
}

function change({ id }: LearningExtensionDeclared, name: string, value: string): Edit {
  return setting(id, `configurationSettings.${name}`, value);
}

function unset({ id }: LearningExtensionDeclared, name: string): Edit {
  return setting(id, `configurationSettings.${name}`, undefined);
}
