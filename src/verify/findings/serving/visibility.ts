/**
 * Online endpoints that are as public as their workspace (docs/semantics/online-endpoints.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { setting } from '../../repair.ts';
import { workspacesOf } from '../../workspaces.ts';

/** A deployment that shuts its workspace by itself, or an endpoint that is shut with it. */
export function* followsWorkspace(model: Model): Generator<Fault> {
  yield* shutting(model);
  yield* shut(model);
}

/** The preview's flag turns the public access of an open workspace off. */
function* shutting(model: Model): Generator<Fault> {
  for (const { fact, publicAccess } of workspacesOf(model)) {
    if (fact.managedNetwork !== 'Disabled') continue;
    for (const { id, workspace, endpoint, preview } of model.network.declared.of('deployment')) {
      if (!preview || keyOf(workspace) !== keyOf(fact.id)) continue;
      if (!publicAccess && keyOf(fact.shutBy ?? '') !== keyOf(id)) continue;
      const at = 'privateNetworkConnection';
      yield {
        subject: id,
        at,
        says: `${nameOf(id)} goes out privately by the preview's flag, which turns the public access of ${nameOf(fact.id)} off by itself`,
        concerns: [endpoint, fact.id],
        blockers: [{ resource: id, property: at, is: 'true', needs: 'false, or a workspace that is shut' }],
        repairs: [
          { says: 'let it go out publicly', edits: [setting(id, at, false)] },
          {
            says: `shut ${nameOf(fact.id)}, as the deployment would`,
            edits: [setting(fact.id, 'publicNetworkAccess', 'Disabled')],
          },
        ],
      };
    }
  }
}

/** Somebody is to score from outside, and the endpoint says nothing of its own. */
function* shut(model: Model): Generator<Fault> {
  for (const { flow, trace } of model.failing) {
    const service = flow.to.kind === 'name' ? model.network.servedNames.get(flow.to.name)?.fact : undefined;
    if (trace.disposition !== 'refused-by-door' || service?.service !== 'endpoint' || service.door) continue;
    const at = 'publicNetworkAccess';
    yield {
      subject: service.id,
      at,
      says: `${nameOf(service.id)} says nothing of its own and is as shut as ${nameOf(service.behind ?? '')}; ${flow.from.label} is to score there`,
      flow,
      concerns: [service.id],
      repairs: [{ says: 'open the endpoint alone', edits: [setting(service.id, at, 'Enabled')] }],
    };
  }
}
