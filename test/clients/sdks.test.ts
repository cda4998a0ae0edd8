/**
 * The npm SDKs of Azure, unmodified, through `exec`: only its environment variables are set, TLS is verified. Each
 * program says what must work where it stands, and what must be refused.
 */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientPath, ranSteps } from '../support/clients.ts';
import { neverRan } from '../support/clients-document.ts';
import { CommandLine, example, root } from '../support/running.ts';
import { expectAzuresShapes, recordedIn } from './answers/recording.ts';

const sdks = clientPath('node/node_modules/@azure');
const patience = 300_000;

describe.skipIf(sdks === undefined)('npm SDKs', () => {
  const cli = new CommandLine();
  const taken = new Map<string, ReadonlySet<string>>();
  const transcript = join(cli.folder.path, 'answers.jsonl');

  beforeAll(async () => {
    const up = await cli.run(['up', example, '--detach'], { env: recordedIn(transcript) });
    expect(up.code, up.stderr).toBe(0);
  }, patience);

  afterAll(() => cli.close(), patience);

  it.each([
    ['arm-resources', 'internet', 35],
    ['arm-network', 'internet', 36],
    ['arm-network-watcher', 'internet', 30],
    ['arm-privatedns', 'internet', 23],
    ['arm-machinelearning', 'internet', 9],
    ['arm-machinelearning', 'vm/jumpbox', 31],
    ['keyvault', 'internet', 2],
    ['keyvault', 'vm/jumpbox', 32],
    ['storage-blob', 'internet', 2],
    ['storage-blob', 'vm/jumpbox', 37],
  ])(
    '%s from %s',
    async (program, place, least) => {
      const script = join(root, 'test', 'clients', 'programs', `${program}.mjs`);
      const request = join(example, 'model', 'score-request.json');
      const ran = await cli.run(['exec', '--from', place, '--', process.execPath, script, request]);
      const steps = ranSteps(ran, `${program} from ${place}`);
      expect(steps.length).toBeGreaterThanOrEqual(least);
      taken.set(program, new Set([...(taken.get(program) ?? []), ...steps]));
    },
    patience,
  );

  it('took every step that the programs declare', () => {
    expect(taken.size).toBe(7);
    expect([...taken].flatMap(([program, steps]) => neverRan(`${program}.mjs`, steps))).toEqual([]);
  });

  it('got answers of Azure’s shapes from Resource Manager', () => {
    expectAzuresShapes(transcript, 'npm SDKs', { answers: 150, types: 22, fields: 2000 });
  });
});
