/**
 * Repairs of templates that have templates in them: where a fix is written, what waits for what, and that nothing of it
 * depends on the order in which things stand.
 */
import { describe, expect, it } from 'vitest';
import { patchesFor, withPatches } from '../src/app/repair/edits.ts';
import type { Fix } from '../src/app/repair/fix.ts';
import { asList, asText, type Json, type JsonObject, member } from '../src/lib/json.ts';
import { proveEstate } from './support/proving.ts';

const base = 'examples/secure-workspace';
const zone = 'privatelink.vaultcore.azure.net';

/** The operations of the fix of the first finding with one. */
async function fixOf(change: readonly JsonObject[], code: string): Promise<Fix['patches'][number]['patch']> {
  const { findings } = await proveEstate({ base, change });
  const found = findings.find((finding) => finding.code === code);
  return found?.fix?.patches[0]?.patch ?? [];
}

const central: readonly JsonObject[] = [
  { remove: 'pe-vault/default' },
  { remove: `${zone}/clinic-vnet` },
  { remove: zone },
  { zone: `hub:${zone}` },
  {
    add: 'privateEndpoints/pe-vault/privateDnsZoneGroups/central',
    with: { privateDnsZoneConfigs: [{ name: 'vault', properties: { privateDnsZoneId: `@hub:${zone}` } }] },
  },
];

describe('repairs', () => {
  it('add to the nested template that declares what they are attached to', async () => {
    const patch = await fixOf(central, 'private-dns-zone-not-linked');
    const [added, ...rest] = patch;
    expect(added?.path).toMatch(/^\/resources\/\d+\/properties\/template\/resources\/-$/);
    expect(added).toMatchObject({
      value: { type: 'Microsoft.Network/privateDnsZones/virtualNetworkLinks', name: `${zone}/clinic-vnet` },
    });
    // The network is declared outside: the deployment waits for it.
    expect(rest).toHaveLength(1);
    expect(rest[0]?.path).toMatch(/^\/resources\/\d+\/dependsOn\/-$/);
    expect(JSON.stringify(rest[0])).toContain('clinic-vnet');
  });

  it('take away from the end of a list, so that every position is right', async () => {
    const { proof } = await proveEstate({ base, change: [] });
    const survey = proof.survey ?? expect.fail('files were proven');
    const named = (document: Json): readonly string[] =>
      asList(member(document, 'resources')).map((resource) => asText(member(resource, 'name')) ?? '');
    const gone = [...survey.declarations.values()].filter(({ id }) =>
      /\/(?:stclinic|pe-vault|jumpbox)$/.test(id),
    );
    expect(gone).toHaveLength(3);
    const places = gone.map(({ path }) => Number(path[1]));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    const edits = gone.map(({ id }) => ({ kind: 'delete', resource: id }) as const);
    const patches = patchesFor(survey, edits, false);
    if (!patches.ok) return expect.fail(patches.error);
    const [before, after] = [survey.sources, withPatches(survey.sources, patches.value)].map(([source]) =>
      named(source?.document.value ?? null),
    );
    expect(before?.filter((name) => !after?.includes(name)).toSorted()).toEqual([
      'jumpbox',
      'pe-vault',
      'stclinic',
    ]);
    expect(after).toHaveLength((before?.length ?? 0) - 3);
  });
});
