/**
 * Which code when several could fit, as data: a fault that follows from another fault is not reported.
 *
 * A row says: where one of `first` was found, those of `silences` that concern the same thing are its consequences.
 * Two findings concern the same thing where they share a subject, a flow's target or one of their `concerns`.
 *
 * @module
 */

import { codes, type FindingCode } from './codes.ts';
import type { Finding } from './finding.ts';

interface Row {
  readonly first: readonly FindingCode[];
  readonly silences: readonly FindingCode[];
}

const zoneFaults = [
  'private-dns-zone-misnamed',
  'zone-group-incomplete',
  'private-dns-zone-duplicated',
  'private-dns-zone-not-linked',
  'private-dns-record-missing',
  'private-dns-record-wrong-address',
  'private-dns-zone-hides-name',
] as const satisfies readonly FindingCode[];

/** Faults of what stands between a client and the zones. */
const answeringFaults = [
  'dns-forwarder-missing',
  'dns-forwarder-wrong-suffix',
  'dns-ruleset-loop',
  'forwarding-rule-zone-conflict',
  'vpn-client-without-private-dns',
  'proxy-resolves-publicly',
  'hosts-file-wrong',
] as const satisfies readonly FindingCode[];

/** Rows in the order in which they apply. */
export const precedence: readonly Row[] = [
  // A private endpoint that is not there, or cannot be, explains everything behind it.
  {
    first: [
      'private-endpoint-region-mismatch',
      'subnet-reference-unresolved',
      'subnet-network-policies-enabled',
      'private-endpoint-pending',
      'private-endpoint-rejected',
      'registry-sku-not-premium',
    ],
    silences: [
      'public-access-off-without-endpoint',
      'private-endpoint-missing',
      'no-route-to-endpoint',
      'dependency-endpoint-misplaced',
      'public-access-disabled-for-caller',
      ...zoneFaults,
    ],
  },
  {
    first: ['public-access-off-without-endpoint'],
    silences: [
      'private-endpoint-missing',
      'dependency-endpoint-misplaced',
      'network-acls-exclude-caller',
      'public-access-disabled-for-caller',
    ],
  },
  {
    first: ['private-endpoint-missing'],
    silences: [
      'no-route-to-endpoint',
      'dependency-endpoint-misplaced',
      'public-access-disabled-for-caller',
      'network-acls-exclude-caller',
    ],
  },
  // Two private endpoints on one name: the address flips, and what follows depends on which of them won.
  {
    first: ['private-dns-record-shared'],
    silences: ['no-route-to-endpoint', 'zone-group-incomplete', 'private-dns-record-wrong-address'],
  },
  // Zone and record faults of one name, in this order.
  ...zoneFaults.map((first, at) => ({ first: [first], silences: zoneFaults.slice(at + 1) })),
  // Where only the name is wrong, the door is not at fault.
  {
    first: [...zoneFaults, ...answeringFaults],
    silences: ['public-access-disabled-for-caller', 'network-acls-exclude-caller'],
  },
  // The route that no reply takes is told as that.
  { first: ['endpoint-route-not-applied'], silences: ['no-route-to-endpoint'] },
  { first: ['dns-forwarder-wrong-suffix'], silences: ['dns-forwarder-missing'] },
  { first: ['ip-rule-not-evaluated'], silences: ['network-acls-exclude-caller'] },
  { first: ['public-access-disabled-for-caller'], silences: ['network-acls-exclude-caller'] },
  { first: ['registry-task-not-trusted'], silences: ['public-access-disabled-for-caller'] },
];

/**
 * Faults of a policy or a role that are told before the fault of the resource they left behind. Everything else comes
 * in the order of severity, then of areas.
 */
export const toldFirst: ReadonlySet<FindingCode> = new Set([
  'dns-policy-ineffective',
  'network-join-right-missing',
  'endpoint-approval-right-missing',
]);

/** Leaves out what follows from something else. */
export function withoutConsequences(findings: readonly Finding[]): readonly Finding[] {
  let left = findings;
  for (const { first, silences } of precedence) {
    const causes = new Set(left.filter(({ code }) => first.includes(code)).flatMap(aboutOf));
    if (causes.size === 0) continue;
    left = left.filter(
      (finding) => !silences.includes(finding.code) || !aboutOf(finding).some((key) => causes.has(key)),
    );
  }
  return left;
}

function aboutOf({ subject, flow, concerns }: Finding): readonly string[] {
  return [subject, ...(flow === null ? [] : [flow.to]), ...concerns].map((text) => text.toLowerCase());
}

const severities = ['error', 'warning', 'note'] as const;
const order = new Map(Object.keys(codes).map((code, at) => [code, at]));

/** The worst first; then what is told first; then by area and code. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    Number(toldFirst.has(b.code)) - Number(toldFirst.has(a.code)) ||
    (order.get(a.code) ?? 0) - (order.get(b.code) ?? 0) ||
    (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0)
  );
}
