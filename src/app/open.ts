/**
 * From files to an estate and its Network, without a server: the same control plane, deployed onto nothing.
 *
 * @module
 */

import type { Host, WrittenResource } from '../arm/apply.ts';
import type { Caller } from '../arm/caller.ts';
import { deploy } from '../arm/deploy.ts';
import { joined, membershipsOf } from '../arm/directory.ts';
import { ArmError } from '../arm/error.ts';
import { groupId, partsOf } from '../arm/id.ts';
import { type Plane, planWrite } from '../arm/plane.ts';
import { Estate } from '../arm/resource.ts';
import type { Document } from '../arm/template/json.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Fact } from '../net/facts.ts';
import type { Linked } from '../net/link.ts';
import { networkOf } from '../providers/network-of.ts';
import { registry } from '../providers/registry.ts';
import {
  defaultDeployer,
  defaultGroup,
  defaultLocation,
  defaultSubscription,
  firstResources,
  offlineSettings,
} from './defaults.ts';
import { InputError, type Problem } from './problem.ts';
import { readParameter, type Source } from './source.ts';

/** Flags that all commands which read files take. */
export interface OpenOptions {
  readonly param?: readonly string[];
  readonly resourceGroup?: string;
  readonly location?: string;
  readonly subscription?: string;
}

/** An estate that was deployed offline. */
export interface Opened {
  readonly estate: Estate;
  readonly linked: Linked;
  /** Sites and DNS servers of cloister.yaml. */
  readonly beside: readonly Fact[];
  readonly sources: readonly Source[];
  readonly outputs: JsonObject;
  /** Who deployed: the one that cloister.yaml names, or the default. */
  readonly deployer: Caller;
}

/** Who looks on while sources are deployed. */
export interface Onlooker {
  /** Is told of every resource as it is written, and of which source; see `Host.follow`. */
  readonly follow: (written: WrittenResource, source: Source, plane: Plane<Fact>) => boolean;
  /** See `Host.later`. */
  readonly later: (id: string, estate: Estate) => boolean;
}

/** An estate that is there already, and what stands beside its templates. */
interface Standing {
  readonly estate: Estate;
  readonly beside: readonly Pick<Source, 'config'>[];
}

/**
 * Deploys what was read, in order, into one estate: an empty one, or a copy of the one it goes onto. Throws InputError
 * with file, line and column.
 */
export async function openSources(
  sources: readonly Source[],
  options: OpenOptions = {},
  { onlooker, onto }: { readonly onlooker?: Onlooker; readonly onto?: Standing } = {},
): Promise<Opened> {
  const settings = offlineSettings(options.subscription ?? defaultSubscription);
  const asked = sources.map((source) => source.config.deployer).find((id) => id !== undefined);
  const deployer = asked === undefined ? defaultDeployer : { ...defaultDeployer, objectId: asked };
  const estate = onto?.estate.fork() ?? new Estate(firstResources(settings, deployer));
  const configured = [...(onto?.beside ?? []), ...sources];
  estate.know(membershipsOf(joined(configured.map((source) => source.config.directory))));
  const plane: Plane<Fact> = { registry, estate, settings };
  const host: Host<Fact> = {
    plane,
    transact: async (plan) => {
      const planned = plan(plane);
      estate.apply(planned.change);
      return planned;
    },
    perform: async () => {},
    now: () => new Date().toISOString(),
  };
  let outputs: JsonObject = {};
  for (const source of sources) {
    const scope = groupId(settings.subscription, options.resourceGroup ?? defaultGroup);
    const location = options.location ?? defaultLocation;
    ensureGroup(plane, scope, location, deployer, host.now());
    try {
      const outcome = await deploy(
        onlooker
          ? {
              ...host,
              follow: (written) => onlooker.follow(written, source, plane),
              later: (id) => onlooker.later(id, estate),
            }
          : host,
        {
          scope: isSubscriptionTemplate(source) ? (partsOf(scope).parent ?? scope) : scope,
          name: 'main',
          template: source.document.value,
          parameters: parametersOf(source, options),
          location,
          caller: deployer,
          newGuid: () => crypto.randomUUID(),
        },
        undefined,
      );
      outputs = { ...outputs, ...outcome.outputs };
    } catch (error) {
      if (error instanceof ArmError) throw new InputError(problemsOf(error, source.document));
      throw error;
    }
  }
  const beside = besideOf(configured, estate);
  return { estate, linked: networkOf(estate, beside), beside, sources, outputs, deployer };
}

/** Parameters of a source; --param wins over what it was opened with. */
export function parametersOf(source: Source, options: OpenOptions): JsonObject {
  const single = (options.param ?? []).map((text) => readParameter(text, source.document.value));
  return { ...source.parameters, ...Object.fromEntries(single) };
}

/** Reports whether a template is to be deployed to the subscription. */
export function isSubscriptionTemplate({ document }: Source): boolean {
  const { value } = document;
  const schema = typeof value === 'object' && value !== null && '$schema' in value ? value.$schema : '';
  return typeof schema === 'string' && /subscriptionDeploymentTemplate/i.test(schema);
}

function ensureGroup(plane: Plane<Fact>, id: string, location: string, caller: Caller, now: string): void {
  if (plane.estate.get(id)) return;
  const planned = planWrite(plane, {
    id: partsOf(id),
    body: { location },
    apiVersion: '2021-04-01',
    caller,
    now,
  });
  plane.estate.apply(planned.change);
}

/** Every error of a deployment with its place in the template. */
export function problemsOf(error: ArmError, document: Document): Problem[] {
  const parts = error.code === 'DeploymentFailed' && error.details.length > 0 ? error.details : [error];
  return parts.map((part) => ({
    file: document.file,
    ...(part.path ? document.at(part.path) : {}),
    message: `${part.code}: ${part.message}`,
  }));
}

/**
 * What cloister.yaml adds, with `at: vm/<name>` and `configuration: <manager>/<name>` made ids. Throws InputError where
 * there is no such machine or configuration.
 */
export function besideOf(sources: readonly Pick<Source, 'config'>[], estate: Estate): readonly Fact[] {
  return sources.flatMap((source) => source.config.facts).map((fact) => resolved(fact, estate));
}

function resolved(fact: Fact, estate: Estate): Fact {
  if (fact.kind === 'dns-server' && fact.at !== undefined) {
    const name = fact.at.replace(/^vm\//, '').toLowerCase();
    const machine = estate
      .ofType('Microsoft.Compute/virtualMachines')
      .find((item) => item.name.toLowerCase() === name);
    if (machine) return { ...fact, at: machine.id };
    const message = `dnsServers.${fact.name}: there is no ${fact.at} in the estate`;
    throw new InputError({ file: 'cloister.yaml', message });
  }
  if (fact.kind === 'admin-commit') {
    const all = estate.ofType('Microsoft.Network/networkManagers/securityAdminConfigurations');
    const wanted = fact.configuration.toLowerCase();
    const found = all.find(({ id }) => [id, shortOf(id)].some((text) => text.toLowerCase() === wanted));
    if (found) return { ...fact, configuration: found.id };
    const known = all.map(({ id }) => shortOf(id)).join(', ') || 'none';
    const message = `commits: there is no configuration '${fact.configuration}' in the estate: write <network manager>/<configuration>, of ${known}`;
    throw new InputError({ file: 'cloister.yaml', message });
  }
  return fact;
}

/** `<manager>/<configuration>` of a configuration's id. */
function shortOf(id: string): string {
  const [configuration = '', , manager = ''] = id.split('/').toReversed();
  return `${manager}/${configuration}`;
}
