/**
 * Clients as people have them, through `bin/cloister exec`: curl, python, openssl. TLS is verified everywhere.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  CommandLine,
  example,
  group,
  programOf,
  type Ran,
  rows,
  run,
  scoringHost,
} from '../support/running.ts';

// Each command is a process or two; a busy machine takes its time.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const line = new CommandLine();
let workspaceHost = '';

beforeAll(async () => {
  const up = await line.run(['up', example, '--detach']);
  expect(up.code, up.stderr).toBe(0);
  const hosts = await line.run(['export', '--to', 'hosts']);
  workspaceHost = /\S+\.workspace\.eastus\.api\.azureml\.ms/.exec(hosts.stdout)?.[0] ?? '';
  expect(workspaceHost).not.toBe('');
});

afterAll(() => line.close());

const exec = (from: string, ...command: string[]): Promise<Ran> =>
  line.run(['exec', '--from', from, '--', ...command]);

/** Runs a shell script at a place: what is quoted there is expanded there. */
const sh = (from: string, script: string): Promise<Ran> => exec(from, 'sh', '-c', script);

const token = (resource: string): string =>
  `$(curl -sS "https://login.microsoftonline.com/$AZURE_TENANT_ID/oauth2/v2.0/token" -d grant_type=client_credentials -d client_id=$AZURE_CLIENT_ID --data-urlencode client_secret=$AZURE_CLIENT_SECRET -d scope=${resource}/.default | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`;

describe.runIf(programOf('curl'))('curl', () => {
  /** Status, then body, of a request without any flag about TLS. */
  const curl = (from: string, ...args: string[]): Promise<Ran> =>
    exec(from, 'curl', '-sS', '-w', '\n%{http_code} %{ssl_verify_result}', ...args);

  it('scores from inside: 401 without a token, 200 with the key', async () => {
    const bare = await curl('vm/jumpbox', '-d', rows, `https://${scoringHost}/score`);
    expect([bare.code, bare.stdout.split('\n').at(-1)]).toEqual([0, '401 0']);
    const scored = await sh(
      'vm/jumpbox',
      `key=$(curl -sS -X POST -H "Authorization: Bearer ${token('https://management.azure.com')}" -d '{}' "https://management.azure.com${group}/providers/Microsoft.MachineLearningServices/workspaces/mlw-clinic/onlineEndpoints/length-of-stay/listKeys?api-version=2024-04-01" | sed 's/.*"primaryKey":"\\([^"]*\\)".*/\\1/'); curl -sS -H "Authorization: Bearer $key" -d '${rows.trim()}' https://${scoringHost}/score`,
    );
    expect([scored.code, JSON.parse(scored.stdout)]).toEqual([
      0,
      [expect.any(Number), expect.any(Number), expect.any(Number)],
    ]);
  });

  it('is refused from outside by the private link, in TLS', async () => {
    const refused = await curl('internet', '-d', rows, `https://${scoringHost}/score`);
    expect([refused.code, refused.stdout.split('\n').at(-1)]).toEqual([0, '403 0']);
    expect(refused.stdout).toMatch(
      /Access to workspace was denied based on workspace private link configuration\./,
    );
  });

  it('trusts us for our own root alone', async () => {
    const other = await sh(
      'vm/jumpbox',
      `unset CURL_CA_BUNDLE SSL_CERT_FILE; curl -sS https://${scoringHost}/`,
    );
    expect(other.code).toBe(60);
    expect(other.stderr).toMatch(/certificate/i);
  });

  it.each<[string, string, string[], number, RegExp]>([
    [
      'vm/jumpbox',
      'management.azure.com',
      ['/subscriptions?api-version=2020-01-01'],
      401,
      /AuthenticationFailed/,
    ],
    [
      'internet',
      'management.azure.com',
      ['/subscriptions?api-version=2020-01-01'],
      401,
      /AuthenticationFailed/,
    ],
    [
      'vm/jumpbox',
      'login.microsoftonline.com',
      ['/common/v2.0/.well-known/openid-configuration'],
      200,
      /token_endpoint/,
    ],
    [
      'internet',
      'login.microsoftonline.com',
      ['/common/v2.0/.well-known/openid-configuration'],
      200,
      /token_endpoint/,
    ],
    ['vm/jumpbox', 'kv-clinic.vault.azure.net', ['/secrets/x?api-version=7.4'], 401, /Unauthorized|AKV10000/],
    ['internet', 'kv-clinic.vault.azure.net', ['/secrets/x?api-version=7.4'], 403, /Forbidden/],
    [
      'vm/jumpbox',
      'stclinic.blob.core.windows.net',
      ['/models?restype=container&comp=list'],
      401,
      /NoAuthenticationInformation/,
    ],
    [
      'internet',
      'stclinic.blob.core.windows.net',
      ['/models?restype=container&comp=list'],
      403,
      /AuthorizationFailure/,
    ],
    ['vm/jumpbox', 'crclinic.azurecr.io', ['/v2/'], 401, /UNAUTHORIZED/],
    ['internet', 'crclinic.azurecr.io', ['/v2/'], 403, /DENIED/],
    ['vm/jumpbox', 'WORKSPACE', ['/history/v1.0/x'], 401, /UnauthorizedError/],
    ['internet', 'WORKSPACE', ['/history/v1.0/x'], 403, /denied based on workspace private link/],
  ])('from %s to %s', async (from, host, [path], status, body) => {
    const answer = await curl(from, `https://${host === 'WORKSPACE' ? workspaceHost : host}${path}`);
    expect([answer.code, answer.stdout.split('\n').at(-1)]).toEqual([0, `${status} 0`]);
    expect(answer.stdout).toMatch(body);
  });

  it('is told of a name that nobody has, and of what is not in the estate', async () => {
    for (const host of ['nobody.example', 'pypi.org']) {
      const answer = await exec('vm/jumpbox', 'curl', '-sS', '-D', '-', `https://${host}/`);
      expect(answer.code).toBe(56);
      expect(answer.stdout).toMatch(/^HTTP\/1\.1 50[24] .*\r\nProxy-Status: cloister; error=\w+; details="/);
    }
  });

  it('speaks SOCKS5 as well', async () => {
    const socks = await sh(
      'vm/jumpbox',
      `curl -sS -o /dev/null -w '%{http_code}' --proxy "$(echo $HTTPS_PROXY | sed s/http:/socks5h:/)" https://${scoringHost}/score`,
    );
    expect([socks.code, socks.stdout]).toEqual([0, '401']);
  });

  it('reads a blob with a token, from inside', async () => {
    const read = await sh(
      'vm/jumpbox',
      `curl -sS -o /dev/null -w '%{http_code} %{size_download}' -H "x-ms-version: 2023-11-03" -H "Authorization: Bearer ${token('https://storage.azure.com')}" https://stclinic.blob.core.windows.net/models/length-of-stay/1/regression.onnx`,
    );
    // The deployer owns the subscription, and an owner reads no data.
    expect(read.stdout).toMatch(/^403 /);
  });
});

describe.runIf(programOf('python3'))('python', () => {
  it('verifies and is proxied by its environment alone', async () => {
    const script = join(line.folder.path, 'client.py');
    writeFileSync(
      script,
      `import json, os, ssl, sys, urllib.request, urllib.error
def ask(url):
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except Exception as error:
        return type(error).__name__ + " " + str(error)
print(json.dumps([ask(url) for url in sys.argv[1:]]))
`,
    );
    const urls = [
      'https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration',
      `https://${scoringHost}/score`,
      'https://kv-clinic.vault.azure.net/secrets/x',
      'https://pypi.org/',
    ];
    const inside = await exec('vm/jumpbox', 'python3', script, ...urls);
    expect(JSON.parse(inside.stdout)).toEqual([200, 401, 401, expect.stringMatching(/50[24]/)]);
    const outside = await exec('internet', 'python3', script, ...urls);
    expect(JSON.parse(outside.stdout)).toEqual([200, 403, 403, expect.stringMatching(/50[24]/)]);
    const stranger = await sh('vm/jumpbox', `unset SSL_CERT_FILE; python3 ${script} ${urls[0]}`);
    expect(stranger.stdout).toMatch(/CERTIFICATE_VERIFY_FAILED/);
  });
});

/** `-proxy_user` came with 3.0, and the environment of a place has a password. */
const openssl = programOf('openssl');

describe.runIf(openssl)('openssl', () => {
  it('sees a chain that verifies, for each name its own', async () => {
    const version = await run(openssl ?? 'openssl', ['version']);
    if (!/^OpenSSL [3-9]/.test(version.stdout)) {
      if (process.env['CLOISTER_REQUIRE_ALL'] === '1')
        throw new Error(`${version.stdout} has no -proxy_user`);
      console.log(`skipped: ${version.stdout.trim()} has no -proxy_user`);
      return;
    }
    for (const host of [scoringHost, workspaceHost]) {
      const seen = await sh(
        'vm/jumpbox',
        `echo | openssl s_client -proxy "\${HTTPS_PROXY##*@}" -proxy_user "$(echo $HTTPS_PROXY | sed 's,http://\\([^:]*\\):.*,\\1,')" -proxy_pass "pass:$(echo $HTTPS_PROXY | sed 's,http://[^:]*:\\([^@]*\\)@.*,\\1,')" -connect ${host}:443 -servername ${host} -verify_hostname ${host} -verify_return_error -CAfile "$SSL_CERT_FILE"`,
      );
      expect(seen.stdout).toMatch(/Verify return code: 0 \(ok\)/);
      expect(seen.stdout).toMatch(/Verified peername|Verification: OK/);
    }
  });
});

describe('node', () => {
  it('trusts our root beside its own', async () => {
    const script = `const tls = require('node:tls'); const net = require('node:net'); const url = new URL(process.env.HTTPS_PROXY); const socket = net.connect(url.port, url.hostname, () => socket.write('CONNECT ${scoringHost}:443 HTTP/1.1\\r\\nProxy-Authorization: Basic ' + Buffer.from(url.username + ':' + url.password).toString('base64') + '\\r\\n\\r\\n')); socket.once('data', () => { const secure = tls.connect({ socket, servername: '${scoringHost}' }, () => { console.log(secure.authorized); secure.destroy(); }); });`;
    const seen = await exec('vm/jumpbox', process.execPath, '-e', script);
    expect([seen.code, seen.stdout.trim()]).toEqual([0, 'true']);
  });
});
