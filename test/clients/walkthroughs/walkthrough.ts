/**
 * A document of docs/walkthroughs, executed: unmodified clients at places of a running Cloister, TLS verified. How a
 * document says what it expects is in test/support/console.ts. `az` is azure-cli, `python` has azure-ai-ml and
 * azure-identity, and `$PYTHON1` azureml-core. Each has a test file of its own, so that they run side by side.
 */

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientPath } from '../../support/clients.ts';
import { partsOf, pattern } from '../../support/console.ts';
import { CommandLine, root } from '../../support/running.ts';
import { Terminals } from '../../support/terminals.ts';
import { expectAzuresShapes, recordedIn } from '../answers/recording.ts';

const patience = 300_000;
const clients = ['aml/bin/python', 'az/bin/az'].map((program) => clientPath(program));
const python1 = clientPath('amlv1/bin/python');
const folder = join(root, 'docs', 'walkthroughs');

/** Declares the tests of a document. `lacks`: why this machine cannot execute it. */
export function walkthrough(name: string, lacks?: string): void {
  describe.skipIf(lacks !== undefined || [python1, ...clients].includes(undefined))(name, () => run(name));
}

function run(name: string): void {
  const cli = new CommandLine();
  const work = join(cli.folder.path, 'work');
  const transcript = join(cli.folder.path, 'answers.jsonl');
  const terminals = new Terminals(work, {
    ...cli.env(),
    ...recordedIn(transcript),
    // Clients keep keys and caches there.
    HOME: work,
    PYTHON1: python1,
    PATH: [join(root, 'bin'), ...clients.map((path) => dirname(path ?? '')), process.env['PATH']].join(':'),
  });
  const parts = partsOf(readFileSync(join(folder, name), 'utf8'));
  let broken = false;

  beforeAll(() => {
    mkdirSync(work);
    symlinkSync(join(root, 'examples'), join(work, 'examples'));
  });

  afterAll(async () => {
    await terminals.close();
    await cli.close();
  }, patience);

  it('has commands', () => {
    expect(parts.filter(({ kind }) => kind === 'step').length).toBeGreaterThan(10);
  });

  for (const part of parts) {
    if (part.kind === 'file') {
      it(`shows ${part.name}`, () => {
        writeFileSync(join(work, part.name), part.text);
      });
      continue;
    }
    const { terminal, command, output, exit } = part;
    it(
      `${terminal}$ ${command}`,
      async (test) => {
        test.skip(broken, 'a step before this one failed');
        broken = true;
        const ran = await terminals.run(part);
        const said = exit === 0 ? ran.stdout : ran.stdout + ran.stderr;
        expect(ran.code, ran.stdout + ran.stderr).toBe(exit);
        if (output.length > 0)
          expect(said.endsWith('\n') ? said : `${said}\n`, ran.stderr).toMatch(pattern(output));
        broken = false;
      },
      patience,
    );
  }

  it('got answers of Azure’s shapes from Resource Manager', (test) => {
    test.skip(broken, 'a step before this one failed');
    expectAzuresShapes(transcript, name, { answers: 10, types: 1, fields: 50 });
  });
}
