/**
 * What run history knows of a job: the run that it is, and the files that it leaves, which are artifacts of that run.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { ancestorId } from '../../arm/id.ts';
import { propertiesOf } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import { asText, type Json } from '../../lib/json.ts';
import { nameOf } from '../../lib/key.ts';
import { jobProperties, submittedBy } from '../../providers/ml/jobs/jobs.ts';
import { artifactOfRun } from '../../services/workspace/artifacts.ts';
import { experimentRow, runRow } from '../../services/workspace/lookup.ts';
import type { Records } from '../../services/workspace/records.ts';
import type { Experiment, Run } from '../../services/workspace/row.ts';

/** What becomes of a run, beside its status. Times are ISO 8601. */
export interface Told {
  readonly startTimeUtc?: string;
  readonly endTimeUtc?: string;
  readonly error?: Json;
  readonly warnings?: readonly Json[];
}

/** The jobs of all workspaces, as runs. */
export class History {
  readonly #records: Records;
  readonly #tenant: string;

  constructor(records: Records, tenant: string) {
    this.#records = records;
    this.#tenant = tenant;
  }

  /** Writes how a job is now, and what became of it, to its run. The first time, the run is made. */
  async write(job: Resource, told: Told = {}): Promise<void> {
    const workspace = ancestorId(job.id, 1);
    const status = asText(job.properties['status']) ?? '';
    await this.#records.change(workspace, async () => {
      const before = await this.#records.one(workspace, 'run', job.name);
      if (before) return { result: undefined, writes: [runRow({ ...before, status, ...told })] };
      const { experimentName = 'Default' } = propertiesOf(jobProperties, job);
      const found = await this.#records.one(workspace, 'experiment', experimentName.toLowerCase());
      const experiment = counted(found ?? newExperiment(experimentName));
      const run: Run = { ...this.#begun(job, experiment), status, ...told };
      return { result: undefined, writes: [experimentRow(experiment), runRow(run)] };
    });
  }

  /** Writes what is said about a job to its run. */
  async describe(job: Resource): Promise<void> {
    const workspace = ancestorId(job.id, 1);
    const { isArchived } = propertiesOf(jobProperties, job);
    await this.#records.change(workspace, async () => {
      const run = await this.#records.one(workspace, 'run', job.name);
      const writes = run ? [runRow({ ...run, ...saidOf(job), hidden: isArchived })] : [];
      return { result: undefined, writes };
    });
  }

  /** How the run of a job is; undefined where there is none. */
  async status(job: Resource): Promise<string | undefined> {
    return (await this.#records.one(ancestorId(job.id, 1), 'run', job.name))?.status;
  }

  /** Makes files of a job known, which are in the artifact store already. */
  async files(job: Resource, paths: readonly string[]): Promise<void> {
    const workspace = ancestorId(job.id, 1);
    await this.#records.change(workspace, async () => {
      const run = await this.#records.one(workspace, 'run', job.name);
      const now = new Date().toISOString();
      const writes = run ? paths.map((path) => artifactOfRun(run, path, randomUUID(), now)) : [];
      return { result: undefined, writes };
    });
  }

  /** Forgets the run of a job. */
  async forget({ id, name }: Pick<Resource, 'id' | 'name'>): Promise<void> {
    await this.#records.change(ancestorId(id, 1), async () => {
      return { result: undefined, writes: [{ kind: 'run', names: [name], value: undefined }] };
    });
  }

  #begun(job: Resource, { experimentId, runs }: Experiment): Run {
    const userId = asText(job.properties[submittedBy]) ?? '';
    const { computeId } = propertiesOf(jobProperties, job);
    return {
      runId: job.name,
      runNumber: runs,
      rootRunId: job.name,
      experimentId,
      status: 'Queued',
      createdUtc: new Date().toISOString(),
      userId,
      createdBy: { userObjectId: userId, userTenantId: this.#tenant, userName: userId },
      dataContainerId: `dcid.${job.name}`,
      runType: 'azureml.scriptrun',
      target: nameOf(computeId ?? 'serverless'),
      ...saidOf(job),
    };
  }
}

/** What people say about a job: its run says the same. */
function saidOf(job: Resource): Pick<Run, 'displayName' | 'description' | 'tags' | 'properties'> {
  const { displayName, description, tags = {}, properties = {} } = propertiesOf(jobProperties, job);
  return { displayName, description, tags, properties };
}

function newExperiment(name: string): Experiment {
  return { experimentId: randomUUID(), name, createdUtc: new Date().toISOString(), tags: {}, runs: 0 };
}

function counted(experiment: Experiment): Experiment {
  return { ...experiment, runs: experiment.runs + 1 };
}
