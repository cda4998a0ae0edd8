/**
 * Unmodified az and azure-identity sign in to a running Cloister by every way there is: certificate, secret, device code,
 * browser, password, managed identity.
 */

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientPath } from '../support/clients.ts';
import { CommandLine, example, type Ran, root, temporaryFolder } from '../support/running.ts';

const patience = 120_000;
const az = clientPath('az/bin/az');
const python = clientPath('aml/bin/python');

describe.skipIf(az === undefined || python === undefined)('sign-in', () => {
  const files = temporaryFolder();
  const cli = new CommandLine();
  const estate = join(files.path, 'estate');
  const clients = join(root, 'test', 'clients');

  beforeAll(async () => {
    cpSync(example, estate, { recursive: true });
    const described = readFileSync(join(estate, 'cloister.yaml'), 'utf8');
    writeFileSync(
      join(estate, 'cloister.yaml'),
      `${described}directory:\n  users:\n    ada@clinic.example: {name: Ada}\n  groups:\n    staff: {members: [user/ada@clinic.example]}\n  applications:\n    pipeline: {}\n`,
    );
    const template = JSON.parse(readFileSync(join(estate, 'main.json'), 'utf8')) as {
      resources: { type: string; identity?: object }[];
    };
    for (const resource of template.resources) {
      if (resource.type.endsWith('/virtualMachines')) resource.identity = { type: 'SystemAssigned' };
    }
    writeFileSync(join(estate, 'main.json'), JSON.stringify(template));
    const up = await cli.run(['up', estate, '--detach']);
    expect(up.code, up.stderr).toBe(0);
  }, patience);

  afterAll(async () => {
    await cli.close();
    files.remove();
  }, patience);

  /** Runs a script at the jump box, as somebody. */
  const script = (who: string, text: string): Promise<Ran> =>
    cli.run(['exec', '--from', 'vm/jumpbox', '--as', who, '--', 'bash', '-c', `set -e\n${text}`], {
      env: {
        PATH: `${dirname(az ?? '')}:${process.env['PATH']}`,
        // The blank and the ampersand: python's webbrowser is not to wait for it.
        BROWSER: `${python} ${join(clients, 'browser.py')} %s &`,
        HOME: files.path,
      },
    });

  it.each<[string, string, string, string]>([
    [
      'az, certificate',
      'deployer',
      'az login --service-principal -u $AZURE_CLIENT_ID --certificate $AZURE_CLIENT_CERTIFICATE_PATH --tenant $AZURE_TENANT_ID --query "[].user.type" -o tsv; stat -c %a $AZURE_CLIENT_CERTIFICATE_PATH',
      'servicePrincipal\n600\n',
    ],
    [
      'az, secret of an application',
      'app/pipeline',
      'az login --service-principal -u $AZURE_CLIENT_ID -p $AZURE_CLIENT_SECRET --tenant $AZURE_TENANT_ID --query "[].user.type" -o tsv',
      'servicePrincipal\n',
    ],
    [
      'az, password',
      'user/ada@clinic.example',
      'az login -u $AZURE_USERNAME -p $AZURE_PASSWORD --query "[].user.name" -o tsv',
      'ada@clinic.example\n',
    ],
    [
      'az, browser',
      'user/ada@clinic.example',
      'az login --query "[].user.name" -o tsv; az ad signed-in-user show --query displayName -o tsv',
      'ada@clinic.example\nAda\n',
    ],
    [
      'az, device code',
      'user/ada@clinic.example',
      `az login --use-device-code --query "[].user.name" -o tsv 2>$HOME/device & login=$!
       until grep -q 'enter the code' $HOME/device; do sleep 0.2; done
       code=$(sed -n 's/.*enter the code \\([A-Z0-9]*\\) .*/\\1/p' $HOME/device)
       curl -sS https://login.microsoft.com/device -o /dev/null --data-urlencode otc=$code --data-urlencode login=$AZURE_USERNAME --data-urlencode "passwd=$AZURE_PASSWORD" -d answer=approve
       wait $login`,
      'ada@clinic.example\n',
    ],
    [
      'az, managed identity',
      'deployer',
      'az login --identity --query "[].user.assignedIdentityInfo" -o tsv; az rest --url https://graph.microsoft.com/v1.0/servicePrincipals --query "value[?displayName==\'jumpbox\'].servicePrincipalType" -o tsv',
      'MSI\nManagedIdentity\n',
    ],
  ])(
    '%s',
    async (_, who, text, expected) => {
      const ran = await script(who, text);
      expect([ran.code, ran.stdout], ran.stderr).toEqual([0, expected]);
    },
    patience,
  );

  it(
    'az gives a user and a group roles by name',
    async () => {
      const ran = await script(
        'deployer',
        `az login --service-principal -u $AZURE_CLIENT_ID -p $AZURE_CLIENT_SECRET --tenant $AZURE_TENANT_ID -o none
       group=/subscriptions/$AZURE_SUBSCRIPTION_ID/resourceGroups/cloister
       az role assignment create --assignee ada@clinic.example --role Reader --scope $group --query principalType -o tsv
       az role assignment create --assignee-object-id $(az ad group show -g staff --query id -o tsv) --assignee-principal-type Group --role Reader --scope $group --query principalType -o tsv
       az ad group member check -g staff --member-id $(az ad user show --id ada@clinic.example --query id -o tsv) --query value -o tsv`,
      );
      expect([ran.code, ran.stdout], ran.stderr).toEqual([0, 'User\nGroup\ntrue\n']);
    },
    patience,
  );

  it.each<[string, string, string[]]>([
    ['deployer', 'vm/jumpbox', ['secret', 'certificate', 'chain']],
    ['anonymous', 'vm/jumpbox', ['managed', 'default']],
    ['anonymous', 'deployment/length-of-stay/blue', ['managed', 'default']],
    ['user/ada@clinic.example', 'vm/jumpbox', ['environment', 'browser', 'device']],
  ])(
    'azure-identity as %s at %s',
    async (who, place, ways) => {
      const env = { BROWSER: `${python} ${join(clients, 'browser.py')} %s &`, HOME: files.path };
      const command = [python ?? '', join(clients, 'azure-identity.py'), ...ways];
      const ran = await cli.run(['exec', '--from', place, '--as', who, '--', ...command], { env });
      const lines = ran.stdout.trim().split('\n');
      expect(lines, ran.stderr).toEqual(ways.map((way) => `${way} ok`));
    },
    patience,
  );

  it(
    'azure-identity hears why there is no managed identity elsewhere',
    async () => {
      const command = [python ?? '', join(clients, 'azure-identity.py'), 'managed'];
      const ran = await cli.run(['exec', '--from', 'vnet/clinic-vnet/training', '--', ...command]);
      expect(ran.stdout).toMatch(/^managed failed: .*Identity not found/);
    },
    patience,
  );
});
