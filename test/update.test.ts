/** What an update changes, told before it is made: the templates deployed onto a copy of what runs. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultSubscription } from '../src/app/defaults.ts';
import { open, openSource } from '../src/app/files.ts';
import type { Snapshot } from '../src/app/snapshot.ts';
import { updateOf } from '../src/app/update.ts';
import { withFolder } from './support/scenario.ts';

const base = 'examples/secure-workspace';

/** The example as an instance holds it that was brought up from another folder. */
async function running(config = '', subscription = defaultSubscription): Promise<Snapshot> {
  const { estate } = await open([base], { subscription });
  const beside = [{ file: '/elsewhere/cloister.yaml', config }];
  return JSON.parse(JSON.stringify({ subscription, resources: [...estate.all()], beside })) as Snapshot;
}

describe('an update', () => {
  it('changes what the templates change, and nothing where they are the same', async () => {
    const sources = [openSource(base)];
    const snapshot = { ...(await running()), beside: [] };
    const own = { ...sources[0], config: { ...sources[0]?.config, facts: [] } } as (typeof sources)[number];
    expect(await updateOf(snapshot, [own], {})).toEqual({ flows: [], undecided: [] });
    const { flows: opened } = await updateOf(snapshot, [own], { param: ['publicNetworkAccess=Enabled'] });
    expect(opened.map(({ turn, from, to }) => `${turn} ${from.join(', ')} -> ${to}`)).toEqual([
      'possible internet -> endpoint/mlw-clinic/length-of-stay',
      'possible internet -> registry/crclinic',
      'possible internet -> workspace/mlw-clinic',
    ]);
  });

  it('leaves what a template has no more, and what another folder describes', async () => {
    const site = 'sites: {depot: {prefixes: [192.168.7.0/24], via: internet}}';
    const change = [{ remove: 'pe-vault/default' }, { remove: 'pe-vault' }];
    await withFolder({ base, change }, async (folder) => {
      const { flows: changes } = await updateOf(
        await running(site),
        [openSource(join(folder, 'main.json'))],
        {},
      );
      expect(changes.filter(({ turn }) => turn !== 'possible')).toEqual([]);
    });
  });

  it('takes a new description of the same folder in place of the old one', async () => {
    const { estate } = await open([base]);
    const source = openSource(base);
    const file = join(source.folder, 'cloister.yaml');
    const config = 'sites: {depot: {prefixes: [192.168.7.0/24], via: internet}}';
    const snapshot = {
      subscription: defaultSubscription,
      resources: [...estate.all()],
      beside: [{ file, config }],
    };
    const { flows: changes } = await updateOf(snapshot, [source], {});
    expect(changes.some(({ turn, from }) => turn === 'impossible' && from.includes('site/depot'))).toBe(true);
  });

  it('is of the subscription of what runs', async () => {
    const other = '11111111-1111-1111-1111-111111111111';
    const snapshot = await running('', other);
    const { flows: changes } = await updateOf(snapshot, [openSource(base)], {});
    expect(changes.filter(({ turn }) => turn !== 'possible')).toEqual([]);
    const asked = updateOf(snapshot, [openSource(base)], { subscription: defaultSubscription });
    await expect(asked).rejects.toThrow(/the instance is of 11111111/);
  });

  it('is refused where it would not deploy', async () => {
    const wrong = { param: ['nonsense=1'] };
    await expect(updateOf(await running(), [openSource(base)], wrong)).rejects.toThrow(/nonsense/);
  });
});
