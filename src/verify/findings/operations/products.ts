/**
 * Products and kinds of account that do not go together.
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { type Edit, setting } from '../../repair.ts';

/** Synapse that keeps data in lets none out to machine learning. */
export function* exfiltration(model: Model): Generator<Fault> {
  const { declared } = model.network;
  const property = 'managedVirtualNetworkSettings.preventDataExfiltration';
  for (const { id, keepsDataIn } of declared.of('synapse')) {
    const links = declared
      .of('synapse-link')
      .filter(({ synapse, toMachineLearning }) => toMachineLearning && keyOf(synapse) === keyOf(id));
    const [link] = links;
    if (!keepsDataIn || !link) continue;
    yield {
      subject: id,
      at: property,
      says: `${nameOf(id)} is protected against exfiltration, with which ${nameOf(link.id)} to machine learning cannot be set up`,
      concerns: links.map((item) => item.id),
      blockers: [{ resource: id, property, is: 'true', needs: 'false' }],
      repairs: [
        { says: 'make the workspace without that protection', edits: [setting(id, property, false)] },
      ],
    };
  }
}

/** A workspace's own key needs a vault that nobody can purge. */
export function* unprotected(model: Model): Generator<Fault> {
  const { declared } = model.network;
  for (const { id, keyHolder } of declared.of('workspace')) {
    if (keyHolder === undefined) continue;
    const vault = declared.of('vault-settings').find((item) => keyOf(item.id) === keyOf(keyHolder));
    if (!vault || vault.purgeProtection) continue;
    yield {
      subject: vault.id,
      at: 'enablePurgeProtection',
      says: `${nameOf(id)} is encrypted with a key in ${nameOf(vault.id)}, which can be purged`,
      concerns: [id],
      blockers: [{ resource: vault.id, property: 'enablePurgeProtection', is: 'not on', needs: 'true' }],
      repairs: [{ says: 'protect it', edits: [setting(vault.id, 'enablePurgeProtection', true)] }],
    };
  }
}

/** The default storage of a workspace is a general-purpose v2 account without a hierarchical namespace. */
export function* hierarchical(model: Model): Generator<Fault> {
  const { declared } = model.network;
  for (const { id, storage } of declared.of('workspace')) {
    if (storage === undefined) continue;
    const account = declared.of('account-settings').find((item) => keyOf(item.id) === keyOf(storage));
    if (!account) continue;
    const kind: Edit = { kind: 'set', resource: account.id, property: ['kind'], value: 'StorageV2' };
    const wrong = [
      ...(account.hierarchical
        ? [
            {
              at: 'isHnsEnabled',
              is: 'true',
              needs: 'false',
              edit: setting(account.id, 'isHnsEnabled', false),
            },
          ]
        : []),
      ...(account.flavour === 'StorageV2'
        ? []
        : [{ at: 'kind', is: account.flavour, needs: 'StorageV2', edit: kind }]),
    ];
    for (const { at, is, needs, edit } of wrong) {
      yield {
        subject: account.id,
        at,
        says: `${nameOf(account.id)} is the default storage of ${nameOf(id)}, for which ${at} has to be ${needs}`,
        concerns: [id],
        blockers: [{ resource: account.id, property: at, is, needs }],
        repairs: [{ says: `make it an account with ${at} ${needs}`, edits: [edit] }],
      };
    }
  }
}
