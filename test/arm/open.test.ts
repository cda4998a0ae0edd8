/** Opening folders: who deploys, and where an error stands. */

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { open } from '../../src/app/files.ts';
import { InputError } from '../../src/app/problem.ts';
import { why } from '../../src/app/why.ts';
import type { Json } from '../../src/lib/json.ts';
import { storage } from '../providers/things.ts';
import { caller, template } from '../support/plane.ts';

function folder(content: Json, config = ''): string {
  const path = mkdtempSync(join(tmpdir(), 'cloister-open-'));
  writeFileSync(join(path, 'main.json'), JSON.stringify(content, null, 2));
  writeFileSync(join(path, 'cloister.yaml'), config);
  return path;
}

const account = {
  type: 'Microsoft.Storage/storageAccounts',
  apiVersion: '2023-01-01',
  name: 'data',
  ...storage(),
};

describe('open', () => {
  it('deploys as the one that cloister.yaml names', async () => {
    const { objectId } = caller('one');
    const opened = await open([folder(template([account]), `deployer: {object: ${objectId}}\n`)]);
    expect(opened.deployer.objectId).toBe(objectId);
    const question = { from: 'internet', to: 'storage/data/blob', as: 'deployer', deployer: objectId };
    // An owner has no data actions (rbac-identity R-3): known as a caller, refused as one.
    expect(why(opened.linked.network, question).disposition).toBe('unauthorized');
  });

  it('refuses a commit of a configuration that is not there', async () => {
    const config = 'commits: [{configuration: central/baseline}]\n';
    await expect(open([folder(template([account]), config)])).rejects.toThrow(
      "there is no configuration 'central/baseline' in the estate: write <network manager>/<configuration>, of none",
    );
  });

  it('names the place of what is wrong', async () => {
    const wrong = { ...account, properties: { publicNetworkAccess: 'Off' } };
    const content = template([wrong]);
    const lines = JSON.stringify(content, null, 2).split('\n');
    const error = await open([folder(content)]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    const [finding] = (error as InputError).problems;
    expect(finding).toMatchObject({
      line: lines.findIndex((line) => line.includes('publicNetworkAccess')) + 1,
      message: expect.stringContaining("must be one of 'Enabled', 'Disabled'"),
    });
  });
});
