/**
 * Plans as text, for people and goldens.
 *
 * @module
 */

import { nameOf } from '../../lib/key.ts';
import type { LinuxPlan, Namespace } from './model.ts';
import type { Chain, Collection } from './ruleset.ts';
import { standingOf } from './standing.ts';

/**
 * Prints a plan without what stands in every router, and without empty sets and maps. What is behind `#` is for people, and the only place where names
 * of users are.
 */
export function printPlan(plan: LinuxPlan): string {
  return text([
    ...plan.wires.map(({ ends: [a, b] }) => `wire ${a.namespace}/${a.link} ${b.namespace}/${b.link}`),
    ...plan.namespaces.flatMap((namespace) => ['', ...printNamespace(namespace)]),
    '',
    ...[...new Map(plan.namespaces.flatMap(({ ruleset }) => [...(ruleset?.endings ?? [])]))].map(
      ([mark, { disposition, stage, by }]) =>
        `ending ${mark} ${disposition} # ${stage}: ${note(nameOf(by.resource))} ${note(by.rule)}`,
    ),
    ...plan.lacks.map(({ resource, says }) => `lacks # ${note(nameOf(resource))}: ${says}`),
  ]);
}

/** Prints what stands in every namespace of a role. */
export function printStanding(role: Namespace['role']): string {
  const { collections, chains } = standingOf(role);
  return text([...collections.flatMap(printCollection), ...chains.flatMap(printChain)]);
}

function printNamespace({ id, role, about, ...rest }: Namespace): string[] {
  const { addresses, rules, routes, ruleset, sockets, zones } = rest;
  return [
    `${role} ${id} # ${note(nameOf(about))}`,
    ...addresses.map((line) => `  address ${line}`),
    ...rules.map((line) => `  rule ${line}`),
    ...routes.map((line) => `  route ${line}`),
    ...sockets.map((line) => `  listen ${line}`),
    ...zones.map((zone) => `  zone # ${note(zone)}`),
    ...(ruleset?.collections ?? [])
      .filter(({ elements }) => elements.length > 0)
      .flatMap(printCollection)
      .map((line) => `  ${line}`),
    ...(ruleset?.chains ?? []).flatMap(printChain).map((line) => `  ${line}`),
  ];
}

function printCollection({ kind, name, type, elements, about }: Collection): string[] {
  const own = kind === 'map' ? elements.map((element) => `  ${element}`) : [`  ${elements.join(', ')}`];
  return [`${kind} ${name} { ${type} }${behind(about)}`, ...own];
}

function printChain({ name, hook, rules, about }: Chain): string[] {
  return [
    `chain ${name}${behind(about)}`,
    ...(hook === undefined ? [] : [`  ${hook}`]),
    ...rules.map((rule) => `  ${rule}`),
  ];
}

function behind(about: string): string {
  return about === '' ? '' : ` # ${note(about)}`;
}

/** One line, whatever was written. */
function note(written: string): string {
  return written.replace(/[^\x20-\x7e]/g, '?');
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
