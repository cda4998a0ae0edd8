/**
 * docs/walkthroughs with an unmodified az from PyPI, in one session, TLS verified.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientPath } from '../support/clients.ts';
import { consoleSteps, pattern } from '../support/console.ts';
import { CommandLine, example, root, temporaryFolder } from '../support/running.ts';

const patience = 600_000;
const az = clientPath('az/bin/az');

describe.skipIf(az === undefined)('walkthroughs', () => {
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

  const folder = join(root, 'docs', 'walkthroughs');
  it.each(readdirSync(folder).filter((name) => name.endsWith('.md')))(
    '%s',
    async (name) => {
      const steps = consoleSteps(readFileSync(join(folder, name), 'utf8'));
      expect(steps.length).toBeGreaterThan(10);
      const lines = steps.flatMap(({ command }, at) => [
        `echo "::begin ${at}"`,
        command,
        `echo "::end ${at} $?"`,
      ]);
      const script = join(files.path, `${name}.sh`);
      writeFileSync(script, [`export PATH=${dirname(az ?? '')}:$PATH`, ...lines].join('\n'));
      const ran = await cli.run(['exec', '--from', 'internet', '--', 'bash', script]);
      for (const [at, { command, output }] of steps.entries()) {
        const match = new RegExp(`::begin ${at}\\n([\\s\\S]*?)::end ${at} (\\d+)`).exec(ran.stdout);
        expect([command, match?.[2]], ran.stderr.slice(-2000)).toEqual([command, '0']);
        if (output.length > 0) expect(match?.[1]).toMatch(pattern(output));
      }
      console.log(`${name}: ${steps.length} commands of az`);
    },
    patience,
  );
});
