/**
 * azure-ai-ml from PyPI, unmodified, against a running Cloister: the whole flow from the jump box, and what of it is
 * refused on the internet.
 */

import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientPath, ranSteps } from '../support/clients.ts';
import { neverRan } from '../support/clients-document.ts';
import { noPackets } from '../support/kernel.ts';
import { CommandLine, example, root, temporaryFolder } from '../support/running.ts';
import { expectAzuresShapes, recordedIn } from './answers/recording.ts';

const python = clientPath('aml/bin/python');
const patience = 300_000;

/** Where the kernel makes the network, the program is told of no proxy. */
const fabrics = noPackets === undefined ? (['userspace', 'linux'] as const) : (['userspace'] as const);

describe.skipIf(python === undefined).each(fabrics)('azure-ai-ml on %s', (fabric) => {
  const files = temporaryFolder();
  const cli = new CommandLine();
  const taken = new Set<string>();
  const transcript = join(cli.folder.path, 'answers.jsonl');

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
    const up = await cli.run(['up', example, '--detach', '--fabric', fabric], {
      env: recordedIn(transcript),
    });
    expect(up.code, up.stderr).toBe(0);
  }, patience);

  afterAll(async () => {
    await cli.close();
    files.remove();
  }, patience);

  it.each([
    ['internet', 'outside', 10],
    ['vm/jumpbox', 'inside', 65],
  ])(
    'from %s',
    async (place, mode, least) => {
      const script = join(root, 'test', 'clients', 'programs', 'azure-ai-ml.py');
      const ran = await cli.run(['exec', '--from', place, '--', python ?? '', script, mode, files.path]);
      const steps = ranSteps(ran, `azure-ai-ml from ${place}`);
      expect(steps.length).toBeGreaterThanOrEqual(least);
      for (const step of steps) taken.add(step);
    },
    patience,
  );

  it('took every step that the program declares', () => {
    expect(neverRan('azure-ai-ml.py', taken)).toEqual([]);
  });

  it(
    'runs jobs, from vm/jumpbox',
    async () => {
      const script = join(root, 'test', 'clients', 'programs', 'azure-ai-ml-jobs.py');
      const given = [python ?? '', script, fabric, join(files.path, 'jobs')];
      const ran = await cli.run(['exec', '--from', 'vm/jumpbox', '--', ...given]);
      const steps = ranSteps(ran, `jobs on ${fabric}`);
      expect(neverRan('azure-ai-ml-jobs.py', new Set(steps))).toEqual([]);
    },
    patience,
  );

  it('got answers of Azure’s shapes from Resource Manager', () => {
    expectAzuresShapes(transcript, 'azure-ai-ml', { answers: 100, types: 8, fields: 1500 });
  });
});
