/**
 * azure-ai-ml from PyPI, unmodified, against a running Cloister: the whole flow from the jump box, and what of it is
 * refused on the internet.
 */

import { copyFileSync, mkdirSync } from 'node:fs';
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

const python = clientPath('aml/bin/python');
const patience = 300_000;

describe.skipIf(python === undefined)('azure-ai-ml', () => {
  const files = temporaryFolder();
  const cli = new CommandLine();

  beforeAll(async () => {
    mkdirSync(join(files.path, 'model'));
    mkdirSync(join(files.path, 'code'));
    const model = join(example, 'model');
    for (const [from, to] of [
      ['coefficients.json', 'model/coefficients.json'],
      ['regression.onnx', 'model/regression.onnx'],
      ['score.py', 'code/score.py'],
      ['score-request.json', 'request.json'],
    ] as const) {
      copyFileSync(join(model, from), join(files.path, to));
    }
    const up = await cli.run(['up', example, '--detach']);
    expect(up.code, up.stderr).toBe(0);
  }, patience);

  afterAll(async () => {
    await cli.close();
    files.remove();
  }, patience);

  it.each([
    ['internet', 'outside', 10],
    ['vm/jumpbox', 'inside', 50],
  ])(
    'from %s',
    async (place, mode, least) => {
      const script = join(root, 'test', 'clients', 'azure-ai-ml.py');
      const ran = await cli.run(['exec', '--from', place, '--', python ?? '', script, mode, files.path]);
      // The client prints dots while it waits, and no line break after them.
      const steps = [...ran.stdout.matchAll(/\{"step": .*$/gm)].map(([line]) => JSON.parse(line) as Step);
      const failed = steps.filter((step) => !step.ok);
      console.log(`azure-ai-ml from ${place}: ${steps.length} steps, ${failed.length} failed`);
      expect(failed).toEqual([]);
      expect(ran.stdout, ran.stderr).toContain(`{"steps": ${steps.length}, "failed": 0}`);
      expect(steps.length).toBeGreaterThanOrEqual(least);
      expect(ran.code, ran.stderr).toBe(0);
    },
    patience,
  );
});
