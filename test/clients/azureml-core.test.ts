/**
 * azureml-core from PyPI (version 1 of the SDK), unmodified, against a running Cloister: workspaces behind private
 * endpoints, datastores, runs, metrics, files, models and environments from the jump box, and what of it is refused on
 * the internet. CLOISTER_CLIENTS names a folder with `amlv1/bin/python`.
 */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientPath } from '../support/clients.ts';
import { CommandLine, example, root, temporaryFolder } from '../support/running.ts';

/** What one step of the script came to. */
interface Step {
  readonly step: string;
  readonly ok: boolean;
  readonly says: string;
}

const python = clientPath('amlv1/bin/python');
const patience = 300_000;

describe.skipIf(python === undefined)('azureml-core', () => {
  const files = temporaryFolder();
  const cli = new CommandLine();

  beforeAll(async () => {
    const up = await cli.run(['up', example, '--detach']);
    expect(up.code, up.stderr).toBe(0);
  }, patience);

  afterAll(async () => {
    await cli.close();
    files.remove();
  }, patience);

  it.each([
    ['internet', 'outside', 5],
    ['vm/jumpbox', 'inside', 40],
    ['vnet/v1net/default', 'neighbour', 3],
  ])(
    'from %s',
    async (place, mode, least) => {
      const script = join(root, 'test', 'clients', 'azureml-core.py');
      const ran = await cli.run(['exec', '--from', place, '--', python ?? '', script, mode, files.path], {
        // It keeps what it discovered, and snapshots, in the home of whoever runs it.
        env: { HOME: files.path },
        cwd: files.path,
      });
      const steps = [...ran.stdout.matchAll(/\{"step": .*$/gm)].map(([line]) => JSON.parse(line) as Step);
      console.log(`azureml-core from ${place}: ${steps.length} steps`);
      expect(steps.filter((step) => !step.ok)).toEqual([]);
      expect(ran.stdout, ran.stderr).toContain(`{"steps": ${steps.length}, "failed": 0}`);
      expect(steps.length).toBeGreaterThanOrEqual(least);
      expect(ran.code, ran.stderr).toBe(0);
    },
    patience,
  );
});
