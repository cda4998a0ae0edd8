/**
 * Findings of the area `door`: public access flags, service firewalls and bypasses.
 *
 * @module
 */

import { nameOf } from '../../lib/key.ts';
import type { Fault } from '../finding.ts';
import type { Model } from '../model.ts';
import { doors, linksTo } from '../private-link.ts';
import { setting } from '../repair.ts';
import type { Area } from './area.ts';

export const door: Area<'door'> = {
  'public-access-off-without-endpoint': offWithoutEndpoint,
};

/** Nobody gets in where the public door is shut and there is no private one (D-2). */
function* offWithoutEndpoint(model: Model): Generator<Fault> {
  for (const { fact, door } of doors(model)) {
    if (door.publicAccess || fact.behind !== undefined) continue;
    if (linksTo(model, fact.id).some(({ status }) => status === 'Approved')) continue;
    yield {
      subject: fact.id,
      at: door.flag,
      says: `${nameOf(fact.id)} has its public door shut and no approved private endpoint: nobody gets in`,
      blockers: [
        { resource: fact.id, property: door.flag, is: 'Disabled', needs: 'an approved private endpoint' },
      ],
      repairs: [{ says: 'open the public door', edits: [setting(fact.id, door.flag, 'Enabled')] }],
    };
  }
}
