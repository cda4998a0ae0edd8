/**
 * Custom roles that cannot be made, or allow nothing (docs/semantics/callers.md).
 *
 * @module
 */

import type { CustomRoleDeclared } from '../../../net/declared/identity.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import type { Repair } from '../../repair.ts';

/** A custom role names an operation that no provider has, or a scope that is none. */
export function* invalidDefinition(model: Model): Generator<Fault> {
  const types = new Map(
    model.network.declared
      .of('resource-types')
      .flatMap((fact) => fact.types.map((type) => [plain(type), type])),
  );
  for (const role of model.network.declared.of('custom-role')) {
    for (const { text, at } of role.operations) {
      const meant = meantOperation(text, types);
      if (meant === undefined) continue;
      yield {
        ...wrong(role, at, text, meant),
        says: `${role.name} allows ${text}, which no provider has: it allows nothing`,
      };
    }
    for (const { text, at } of role.scopes) {
      if (isScope(text)) continue;
      yield {
        ...wrong(role, at, text, role.id.split('/').slice(0, 3).join('/')),
        says: `${role.name} is to be assigned in ${text}, which is no scope`,
      };
    }
  }
}

function wrong(
  { id }: CustomRoleDeclared,
  at: readonly (string | number)[],
  is: string,
  needs: string,
): Omit<Fault, 'says'> {
  const repair: Repair = {
    says: `write ${needs}`,
    edits: [{ kind: 'set', resource: id, property: ['properties', ...at], value: needs }],
  };
  return {
    subject: id,
    at: at.join('.'),
    nearMiss: needs,
    blockers: [{ resource: id, property: at.join('.'), is, needs }],
    repairs: [repair],
  };
}

/** All zeros are a placeholder that nobody filled in. */
const subscription =
  /^\/subscriptions\/(?!0{8}-0{4}-0{4}-0{4}-0{12}(?:\/|$))[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\/.+[^/])?$/i;
const managementGroup = /^\/providers\/Microsoft\.Management\/managementGroups\/[^/]+$/i;

function isScope(text: string): boolean {
  return subscription.test(text) || managementGroup.test(text);
}

/**
 * The operation that was meant, where its type is one that is there but for the number of its words: `subnet` for
 * `subnets`. Whatever else is not known may be there all the same.
 */
function meantOperation(operation: string, types: ReadonlyMap<string, string>): string | undefined {
  const verb = /\/(?:[^/]+\/action|read|write|delete)$/i.exec(operation)?.[0];
  if (verb === undefined || operation.includes('*')) return undefined;
  const type = operation.slice(0, -verb.length);
  const known = types.get(plain(type));
  return known === undefined || known.toLowerCase() === type.toLowerCase() ? undefined : `${known}${verb}`;
}

/** Without the endings that tell one from many. */
function plain(type: string): string {
  return type
    .toLowerCase()
    .split('/')
    .map((word) => word.replace(/ies$/, 'y').replace(/s$/, ''))
    .join('/');
}
