/**
 * Command jobs: a command that is run once on a compute. What Azure has beside them is refused by name.
 *
 * Source: Azure's REST specifications, `workspaces/jobs` 2024-10-01.
 *
 * @module
 */

import { ArmError } from '../../../arm/error.ts';
import { ancestorId, type ResourceType, sameId } from '../../../arm/id.ts';
import { type Plan, type Put, store } from '../../../arm/provider.ts';
import type { Read, Resource } from '../../../arm/resource.ts';
import * as shape from '../../../arm/shape.ts';
import { asText, equalJson, isObject, type JsonObject, member, omit } from '../../../lib/json.ts';
import { define } from '../../define.ts';
import { refuseLegacy } from '../legacy.ts';
import { workspaceType } from '../link.ts';
import { inView } from '../listing.ts';
import { isRunByService, serverlessPlace } from '../workloads.ts';
import { bound } from './command.ts';
import { runtimeOf } from './runtime.ts';

export const jobType = `${workspaceType}/jobs` as ResourceType;

/** How a job is: on its way, at work, or at one of three ends. */
export type JobStatus =
  | 'Queued'
  | 'Preparing'
  | 'Running'
  | 'CancelRequested'
  | 'Completed'
  | 'Failed'
  | 'Canceled';

const ends: ReadonlySet<string> = new Set<JobStatus>(['Completed', 'Failed', 'Canceled']);

/** Who handed the job in. Not shown to clients. */
export const submittedBy = 'x-cloister-submitted-by';

/** Jobs that say nothing are gathered here. */
const defaultExperiment = 'Default';

const literal = shape.object({
  jobInputType: shape.required(shape.oneOf('literal')),
  value: shape.required(shape.text),
  description: shape.text,
});

const uriInput = shape.object({
  jobInputType: shape.required(shape.oneOf('uri_file', 'uri_folder')),
  uri: shape.required(shape.text),
  mode: shape.oneOf('ReadOnlyMount', 'Download', 'Direct'),
  description: shape.text,
});

const output = shape.object({
  jobOutputType: shape.required(shape.oneOf('uri_file', 'uri_folder')),
  uri: shape.text,
  mode: shape.oneOf('ReadWriteMount', 'Upload'),
  description: shape.text,
});

const known = shape.object({
  jobType: shape.required(shape.oneOf('Command')),
  command: shape.required(shape.text),
  codeId: shape.text,
  environmentId: shape.required(shape.text),
  computeId: shape.text,
  experimentName: shape.text,
  displayName: shape.text,
  description: shape.text,
  isArchived: shape.bool,
  tags: shape.mapOf(shape.text),
  properties: shape.mapOf(shape.text),
  environmentVariables: shape.mapOf(shape.text),
  inputs: shape.mapOf(shape.byWord('jobInputType', { literal, uri_file: uriInput, uri_folder: uriInput })),
  outputs: shape.mapOf(output),
  identity: shape.object({
    identityType: shape.required(shape.oneOf('AMLToken', 'Managed', 'UserIdentity')),
    clientId: shape.text,
    ...shape.opaque('objectId', 'resourceId'),
  }),
  limits: shape.object({ jobLimitsType: shape.required(shape.oneOf('Command')), timeout: shape.text }),
  resources: shape.object({
    instanceCount: shape.int(1, 1000),
    dockerArgs: shape.text,
    ...shape.opaque('instanceType', 'locations', 'maxInstanceCount', 'properties', 'shmSize'),
  }),
  services: shape.mapOf(shape.any),
  ...shape.opaque('queueSettings', 'distribution', 'notificationSetting', 'componentId', 'parentJobName'),
  ...shape.served('status', 'parameters', 'provisioningState', submittedBy),
});

/** The type is looked at first: what another one has for members says nothing to the user. */
export const jobProperties: typeof known = {
  wants: known.wants,
  check: (value, at) => {
    const given = member(isObject(value) ? value : undefined, 'jobType');
    if (typeof given === 'string' && given.toLowerCase() !== 'command') {
      throw notBuilt(`Jobs of type ${given}`, 'only command jobs are', `${at}.jobType`);
    }
    return known.check(value, at);
  },
};

type Properties = shape.Of<typeof jobProperties>;

export const jobs = define(jobType, {
  level: 'modelled',
  located: false,
  properties: jobProperties,
  put: (put, read) => (put.before ? changed(put, put.before) : begun(put, read)),
  remove: (job) => ({ writes: [], then: [{ kind: 'run', resource: job.id }] }),
  show: (job) => ({ ...omit(job.properties, 'provisioningState', submittedBy), services: servicesOf(job) }),
  list: (found, query) => {
    const type = query('jobType');
    const tag = query('tag');
    return inView(found, query)
      .filter((job) => type === null || sameId(asText(job.properties['jobType']) ?? '', type))
      .filter((job) => tag === null || member(job.properties['tags'], tag) !== undefined)
      .toReversed();
  },
  actions: {
    cancel: {
      right: 'cancel/action',
      run: ({ resource }) => {
        if (isOver(resource)) return { body: undefined };
        return {
          body: undefined,
          writes: [withStatus(resource, 'CancelRequested')],
          then: [{ kind: 'run', resource: resource.id }],
        };
      },
    },
  },
});

/** Reports whether a job has come to one of its ends. */
export function isOver({ properties }: Pick<Resource, 'properties'>): boolean {
  return ends.has(asText(properties['status']) ?? '');
}

/** The job in another state. */
export function withStatus(job: Resource, status: JobStatus): Resource {
  return Object.freeze({ ...job, properties: { ...job.properties, status } });
}

/** What a job stands on: its compute, or where its workspace's serverless ones do. Undefined: nowhere that is known. */
export function computeOf(job: Pick<Resource, 'id' | 'properties'>, read: Read): string | undefined {
  const named = asText(job.properties['computeId']) ?? '';
  if (named !== '' && named.toLowerCase() !== 'serverless') return named;
  const workspace = read.get(ancestorId(job.id, 1));
  return workspace && serverlessPlace(workspace)[0]?.id;
}

function begun(put: Put<Properties>, read: Read): Plan {
  refuseLegacy(put, read);
  checkName(put.id.name);
  checkBuilt(put.properties);
  checkCompute(put, read);
  checkCode(put.properties, read);
  runtimeOf(put.properties.environmentId, read);
  checkCommand(put.properties);
  const draft = store(put, {
    displayName: put.id.name,
    experimentName: defaultExperiment,
    isArchived: false,
    tags: {},
    properties: {},
    ...omit(put.properties, 'services'),
    status: 'Queued',
    [submittedBy]: put.caller.objectId,
  });
  return { writes: [draft], then: [{ kind: 'run', resource: put.id.id }] };
}

/** What a job does never changes; what is said about it may. */
function changed(put: Put<Properties>, before: Resource): Plan {
  const free = ['displayName', 'description', 'isArchived', 'tags', 'properties', 'services'] as const;
  const given: JsonObject = omit(put.properties, ...free);
  const fixed = Object.keys(given).find((name) => !equalJson(before.properties[name], given[name]));
  if (fixed !== undefined) {
    throw new ArmError(
      'UserError',
      `A job with the name ${before.name} exists, and its ${fixed} cannot be changed. Give a new job another name.`,
      { target: `properties.${fixed}` },
    );
  }
  const { displayName, description, isArchived, tags, properties } = put.properties;
  const said = { displayName, description, isArchived, tags, properties };
  const told = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return {
    writes: [store(put, { ...before.properties, ...told })],
    then: [{ kind: 'run', resource: before.id }],
  };
}

function checkName(name: string): void {
  if (/^[A-Za-z0-9][\w-]{0,254}$/.test(name)) return;
  throw new ArmError(
    'InvalidResourceName',
    `'${name}' is not a valid job name: up to 255 letters, digits, dashes and underscores, starting with a letter or digit.`,
  );
}

/** What Azure has, and nothing here does. */
function checkBuilt(given: Properties): void {
  const { distribution, resources, notificationSetting, componentId, parentJobName, services } = given;
  if (distribution !== undefined) {
    const kind = asText(member(distribution, 'distributionType')) ?? '?';
    throw notBuilt(`Distributed jobs (${kind})`, 'a job has one process', 'properties.distribution');
  }
  if ((resources?.instanceCount ?? 1) > 1) {
    throw notBuilt(
      'Jobs on several nodes',
      'give resources.instanceCount 1',
      'properties.resources.instanceCount',
    );
  }
  if (resources?.dockerArgs !== undefined && resources.dockerArgs !== '') {
    throw notBuilt('Arguments for Docker', 'leave them out', 'properties.resources.dockerArgs');
  }
  if (notificationSetting !== undefined) {
    throw notBuilt('Notifications', 'leave them out', 'properties.notificationSetting');
  }
  if (componentId !== undefined)
    throw notBuilt('Jobs of components', 'give a command', 'properties.componentId');
  if (parentJobName !== undefined) {
    throw notBuilt('Jobs below other jobs', 'leave it out', 'properties.parentJobName');
  }
  for (const [name, service] of Object.entries(services ?? {})) {
    const kind = asText(member(service, 'jobServiceType')) ?? '?';
    if (kind === 'Studio' || kind === 'Tracking') continue;
    throw notBuilt(`Interactive jobs (${kind})`, 'leave services out', `properties.services.${name}`);
  }
}

function notBuilt(what: string, instead: string, target: string): ArmError {
  return new ArmError('NotSupported', `${what} are not supported by Cloister: ${instead}.`, { target });
}

function checkCompute(put: Put<Properties>, read: Read): void {
  const target = 'properties.computeId';
  const place = computeOf({ id: put.id.id, properties: put.properties }, read);
  if (place === undefined) {
    throw notBuilt(
      'Jobs without a compute',
      'name one, or say where serverless ones stand (serverlessComputeSettings)',
      target,
    );
  }
  if (place.endsWith('/serverlessCompute')) return;
  const compute = read.get(place);
  if (!compute || !sameId(compute.type, `${workspaceType}/computes`)) {
    throw new ArmError('UserError', `The compute ${place} was not found. Make it first, or name another.`, {
      target,
    });
  }
  if (!isRunByService(compute)) {
    throw notBuilt(
      `Jobs on ${asText(compute.properties['computeType']) ?? 'attached computes'}`,
      'name a cluster or an instance',
      target,
    );
  }
}

function checkCode({ codeId }: Properties, read: Read): void {
  if (codeId === undefined || read.get(codeId)) return;
  throw new ArmError('UserError', `The code ${codeId} was not found. Register it first.`, {
    target: 'properties.codeId',
  });
}

/** Each part of the command that stands for something names an input or output that there is. */
function checkCommand(given: Properties): void {
  for (const of of ['inputs', 'outputs'] as const) {
    const wrong = Object.keys(given[of] ?? {}).find((name) => !/^[A-Za-z_]\w{0,254}$/.test(name));
    if (wrong === undefined) continue;
    throw new ArmError(
      'UserError',
      `'${wrong}' cannot be a name of one of the ${of}: letters, digits and underscores, starting with a letter.`,
      {
        target: `properties.${of}`,
      },
    );
  }
  bound(given.command, (part) => {
    const target = 'properties.command';
    if (typeof part === 'string') {
      throw new ArmError(
        'UserError',
        `The command has \${{${part}}}, which is none of inputs.<name> and outputs.<name>.`,
        { target },
      );
    }
    const { of, name } = part;
    if (given[of]?.[name] === undefined) {
      throw new ArmError(
        'UserError',
        `The command has \${{${of}.${name}}}, and the job has no such name in ${of}.`,
        { target },
      );
    }
    return '';
  });
}

function servicesOf({ id, name }: Resource): JsonObject {
  const endpoint = `https://ml.azure.com/runs/${name}?wsid=${ancestorId(id, 1)}`;
  return { Studio: { jobServiceType: 'Studio', endpoint } };
}
