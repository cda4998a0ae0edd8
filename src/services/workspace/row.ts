/**
 * What a workspace's own services keep: one row an experiment, a run, a metric, a batch of its values, an artifact.
 * Names of members are those of the wire.
 *
 * @module
 */

import type { Json, JsonObject } from '../../lib/json.ts';

/** Texts by name. */
export type Texts = { readonly [name: string]: string };

/** What runs are gathered under. Times are ISO 8601. */
export type Experiment = {
  readonly experimentId: string;
  readonly name: string;
  readonly description?: string;
  readonly createdUtc: string;
  readonly archivedTime?: string;
  readonly tags: Texts;
  /** Runs that were ever made here: the number of the last one. */
  readonly runs: number;
};

/** One run. What only clients understand is kept as it came. */
export type Run = {
  readonly runId: string;
  readonly runNumber: number;
  readonly rootRunId: string;
  readonly parentRunId?: string;
  readonly experimentId: string;
  readonly status: string;
  readonly createdUtc: string;
  readonly startTimeUtc?: string;
  readonly endTimeUtc?: string;
  readonly userId: string;
  readonly createdBy: JsonObject;
  readonly dataContainerId: string;
  readonly tags: Texts;
  readonly properties: Texts;
  readonly error?: Json;
  readonly warnings?: readonly Json[];
  readonly [member: string]: Json | undefined;
};

/** A series of values of a run, by name. */
export type Metric = {
  readonly name: string;
  readonly columns: JsonObject;
  readonly properties: JsonObject;
  /** How many batches of values came in. */
  readonly batches: number;
};

/** Values that came in together. */
export type Batch = { readonly values: readonly Json[] };

/** A file of a run or of an upload; its bytes are a blob of the workspace's storage account. */
export type Artifact = {
  readonly artifactId: string;
  readonly origin: string;
  readonly container: string;
  readonly path: string;
  readonly etag: string;
  readonly createdTime: string;
  readonly dataPath: { readonly dataStoreName: string; readonly relativePath: string };
};

/** What a model of version 1 of the SDK stands for. */
export type Asset = {
  readonly id: string;
  readonly name: string;
  readonly createdTime: string;
  readonly artifacts: readonly Json[];
  readonly [member: string]: Json | undefined;
};

/** What version 1 knows about a model's version beyond what the resource has. */
export type ModelNote = {
  readonly url: string;
  readonly createdTime: string;
  readonly createdBy: JsonObject;
  readonly [member: string]: Json | undefined;
};

/** A version of an environment as version 1 defines it. */
export type EnvironmentVersion = {
  readonly name: string;
  readonly version: string;
  readonly number: number;
  readonly definition: JsonObject;
};

/** The folder that a run was started from, as it was then. */
export type Snapshot = {
  readonly id: string;
  /** The first has 1. */
  readonly number: number;
  /** The tree of its files with their hashes, as clients compare it. */
  readonly root: JsonObject;
  readonly files: readonly Json[];
  readonly properties: Json;
  readonly createdTime: string;
  readonly createdBy: JsonObject;
};

/** Kind of row -> the row. */
export interface Rows {
  readonly experiment: Experiment;
  readonly run: Run;
  readonly metric: Metric;
  readonly batch: Batch;
  readonly artifact: Artifact;
  readonly asset: Asset;
  readonly model: ModelNote;
  readonly environment: EnvironmentVersion;
  readonly snapshot: Snapshot;
}
