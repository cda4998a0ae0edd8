/** Unmodified az, refused by the guard: a single write, and a deployment by `up`. */

import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientPath } from '../support/clients.ts';
import { CommandLine, example } from '../support/running.ts';

const patience = 240_000;
const az = clientPath('az/bin/az');

describe.skipIf(az === undefined)('az under guard', () => {
  const cli = new CommandLine();

  beforeAll(async () => {
    const up = await cli.run(['up', example, '--detach', '--guard']);
    expect(up.code, up.stderr).toBe(0);
  }, patience);

  afterAll(() => cli.close(), patience);

  it(
    'is told which intent its write would break',
    async () => {
      const status = await cli.run(['status']);
      expect(status.stdout).toContain('guard on');
      const lines = [
        'az login --service-principal -u $AZURE_CLIENT_ID --certificate $AZURE_CLIENT_CERTIFICATE_PATH --tenant $AZURE_TENANT_ID -o none',
        'az storage account update -g cloister -n stclinic --default-action Allow --public-network-access Enabled -o none',
      ];
      const ran = await cli.run(
        ['exec', '--from', 'vm/jumpbox', '--', 'bash', '-c', `set -e\n${lines.join('\n')}`],
        { env: { PATH: `${dirname(az ?? '')}:${process.env['PATH']}`, HOME: cli.folder.path } },
      );
      expect(ran.code, ran.stdout).not.toBe(0);
      expect(ran.stderr).toMatch(
        /\(RequestDisallowedByGuard\).*internet must not reach storage\/stclinic\/blob/,
      );
      const update = await cli.run(['up', example, '--param', 'publicNetworkAccess=Enabled']);
      expect(update.code).toBe(1);
      expect(update.stderr).toMatch(/RequestDisallowedByGuard/);
      const why = await cli.run(['why', '--from', 'internet', '--to', 'storage/stclinic/blob']);
      expect(why.stdout).toMatch(/^refused-by-door/);
      const free = await cli.run(['up', example, '--param', 'publicNetworkAccess=Enabled', '--no-guard']);
      expect(free.code, free.stderr).toBe(0);
    },
    patience,
  );
});
