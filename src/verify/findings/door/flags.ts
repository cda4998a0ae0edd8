/**
 * Public flags: doors that are shut for those who have no other way, and doors that stand open beside a private one
 * (docs/semantics/doors.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import { doorOf } from '../../../net/doors.ts';
import type { Place } from '../../../net/position.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { additions, doors, groupsOf, linksTo } from '../../private-link.ts';
import { setting } from '../../repair.ts';
import { requirements } from '../../requirements.ts';
import { approved, isProject, workspacesOf } from '../../workspaces.ts';
import { neededGroups } from '../endpoint/layout.ts';

/** Nobody gets in where the public door is shut and there is no private one (D-2). */
export function* offWithoutEndpoint(model: Model): Generator<Fault> {
  const projects = new Set(
    model.network.declared
      .of('workspace')
      .filter(isProject)
      .map(({ id }) => keyOf(id)),
  );
  for (const { fact, door } of doors(model)) {
    const { id } = fact;
    if (door.publicAccess || fact.behind !== undefined || projects.has(keyOf(id))) continue;
    const links = linksTo(model, id);
    if (approved(links).length > 0) continue;
    const used = workspacesOf(model).flatMap((workspace) =>
      workspace.dependencies
        .filter(({ service }) => service.fact === fact)
        .flatMap((dependency) => neededGroups(model, workspace, dependency).map(({ group }) => group)),
    );
    const groups =
      used.length > 0
        ? [...new Set(used)]
        : groupsOf(model, id)
            .slice(0, 1)
            .map((group) => group.id);
    yield {
      subject: id,
      at: door.flag,
      says: `${nameOf(id)} has its public door shut and no approved private endpoint: nobody gets in`,
      blockers: [
        { resource: id, property: door.flag, is: 'Disabled', needs: 'an approved private endpoint' },
      ],
      repairs: [
        { says: 'open the public door', edits: [setting(id, door.flag, 'Enabled')] },
        ...additions(model, id, groups, []),
      ],
    };
  }
}

/** Somebody outside must get in, and only those with a private endpoint do. */
export function* disabledForCaller(model: Model): Generator<Fault> {
  for (const { flow, requirement, trace } of model.failing) {
    const last = trace.steps.at(-1);
    if (trace.disposition !== 'refused-by-door' || last === undefined || isInside(flow.from)) continue;
    const service = model.service(last.resource);
    const found = service && doorOf(model.network, service);
    if (!service || !found || found.door.publicAccess) continue;
    if (approved(linksTo(model, found.owner.id)).length === 0) continue;
    yield {
      subject: found.owner.id,
      at: found.door.flag,
      says: `${flow.from.label} comes publicly, and ${nameOf(found.owner.id)} lets in by private endpoints alone`,
      flow,
      ...(requirement ? { requirement } : {}),
      repairs: [
        { says: 'open the public door', edits: [setting(found.owner.id, found.door.flag, 'Enabled')] },
      ],
    };
  }
}

/** What is in a virtual network, or can be, has or can be given a private way; its public one is not what is wrong. */
function isInside({ kind }: Place): boolean {
  return kind === 'nic' || kind === 'subnet' || kind === 'workload';
}

/** The workspace is private, and what it keeps its data in is not. */
export function* leftPublic(model: Model): Generator<Fault> {
  for (const workspace of workspacesOf(model)) {
    if (workspace.publicAccess || approved(workspace.links).length === 0) continue;
    for (const { role, service, closed, links } of workspace.dependencies) {
      const { id, door } = service.fact;
      if (closed || !door) continue;
      const lacks = neededGroups(model, workspace, { role, service, closed, links }).filter(
        ({ group }) => !approved(links).some(({ endpoint }) => endpoint.group === group),
      );
      const close = setting(id, door.flag, 'Disabled');
      const added = additions(
        model,
        id,
        lacks.map(({ group }) => group),
        workspace.links,
      );
      yield {
        subject: id,
        at: door.flag,
        says: `${nameOf(workspace.fact.id)} is private, and its ${role} ${nameOf(id)} is open to everybody`,
        requirement: requirements['isolation/dependencies'],
        blockers: [{ resource: id, property: door.flag, is: 'Enabled', needs: 'Disabled' }],
        repairs: [
          { says: 'shut the public door', edits: [close, ...added.flatMap(({ edits }) => edits)] },
          { says: 'refuse by default', edits: [setting(id, door.defaultFlag, 'Deny')] },
        ],
      };
    }
  }
}

/** Microsoft's own services come from no network of ours: a closed door has to name them. */
export function* bypassOff(model: Model): Generator<Fault> {
  const bypasses = model.network.declared.of('bypass');
  for (const workspace of workspacesOf(model)) {
    const { fact } = workspace;
    const keyHolder = model.service(fact.keyHolder);
    const asked = [
      ...workspace.dependencies.filter(({ closed }) => closed).map(({ service }) => service),
      ...(keyHolder ? [keyHolder] : []),
    ];
    for (const { fact: target } of new Set(asked)) {
      const bypass = bypasses.find(({ id }) => keyOf(id) === keyOf(target.id));
      if (!bypass || bypass.trusted || !target.door) continue;
      if (target.door.publicAccess && target.door.defaultAllow) continue;
      if (bypass.instances.some((id) => keyOf(id) === keyOf(fact.id))) continue;
      // Whether storage admits trusted services while its flag is off is not verified.
      const assumed = target.service === 'storage' && !target.door.publicAccess ? ' (assumed)' : '';
      yield {
        subject: target.id,
        at: bypass.flag,
        says: `the workspace service comes to ${nameOf(target.id)} for ${nameOf(fact.id)}, and ${bypass.flag} does not let Microsoft's services in${assumed}`,
        requirement: requirements['service/dependencies'],
        blockers: [{ resource: target.id, property: bypass.flag, is: 'None', needs: 'AzureServices' }],
        repairs: [
          { says: "let Microsoft's services in", edits: [setting(target.id, bypass.flag, 'AzureServices')] },
        ],
      };
    }
  }
}
