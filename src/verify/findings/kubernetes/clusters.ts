/**
 * Managed clusters: what they ask their proxy for, and under which name the service finds them.
 *
 * @module
 */

import { covers, formatPrefix, type Prefix, parsePrefix, prefix } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { setting } from '../../repair.ts';

/** The address at which pods find their own sidecars. */
const loopback = prefix('127.0.0.1');
const loopbacks = prefix('127.0.0.0/8');
/** How pods call the cluster's own API: a short name, which no longer suffix covers. */
const shortName = 'kubernetes.default.svc';

/** A proxy that is asked for what is inside the cluster. */
export function* proxySkip(model: Model): Generator<Fault> {
  const { declared } = model.network;
  for (const { id, proxySkip: list, serviceCidrs, podCidrs } of declared.of('cluster')) {
    if (list === undefined) continue;
    const lacks = missingFrom(list, [...serviceCidrs, ...podCidrs]);
    const at = 'httpProxyConfig.noProxy';
    if (lacks.length === 0) continue;
    yield {
      ...skipFault(id, at, nameOf(id), list, lacks),
      repairs: [
        {
          says: `skip ${lacks.join(', ')}`,
          edits: lacks.map((value) => ({
            kind: 'insert',
            resource: id,
            property: ['properties', ...at.split('.')],
            value,
          })),
        },
      ],
    };
  }
  for (const { site, name, ranges, proxySkip: skip } of declared.of('site-cluster')) {
    if (!skip) continue;
    const { list } = skip;
    const none = ranges.length === 0 && skippedRanges(list).every((range) => covers(loopbacks, range));
    const lacks = [...missingFrom(list, ranges), ...(none ? ['any range of services and pods'] : [])];
    const at = skip.at === 'skip' ? `clusters.${name}.skip` : 'proxy.bypass';
    if (lacks.length > 0) yield skipFault(`site/${site}`, at, name, list, lacks);
  }
}

function skipFault(
  subject: string,
  at: string,
  cluster: string,
  list: readonly string[],
  lacks: readonly string[],
): Fault {
  const needs = lacks.join(', ');
  return {
    subject,
    at,
    says: `the proxy of ${cluster} is asked for what is inside the cluster: ${at} lacks ${needs}`,
    nearMiss: list.find((item) => item.includes('svc.')),
    blockers: [{ resource: subject, property: at, is: list.join(', ') || 'empty', needs }],
  };
}

/** What a list must have and has not: loopback, ranges of the cluster, and its short names. */
function missingFrom(list: readonly string[], ranges: readonly Prefix[]): readonly string[] {
  const skipped = skippedRanges(list);
  const isSkipped = (range: Prefix): boolean => skipped.some((outer) => covers(outer, range));
  const names = list.map((item) =>
    item
      .trim()
      .toLowerCase()
      .replace(/^\*?\./, ''),
  );
  const named = names.some((name) => name === shortName || shortName.endsWith(`.${name}`));
  return [
    ...(isSkipped(loopback) ? [] : ['127.0.0.1']),
    ...ranges.filter((range) => !isSkipped(range)).map(formatPrefix),
    ...(named ? [] : [shortName]),
  ];
}

function skippedRanges(list: readonly string[]): readonly Prefix[] {
  return list.flatMap((item) => parsePrefix(item.trim()) ?? []);
}

/** The service of machine learning looks for a cluster that is attached the old way in a private zone. */
export function* publicName(model: Model): Generator<Fault> {
  const { declared } = model.network;
  for (const { id, cluster, legacy } of declared.of('cluster-compute')) {
    const found = declared.of('cluster').find((one) => keyOf(one.id) === keyOf(cluster ?? ''));
    if (!legacy || !found?.private || found.zone.toLowerCase() !== 'none') continue;
    const at = 'apiServerAccessProfile.privateDNSZone';
    yield {
      subject: found.id,
      at,
      says: `${nameOf(found.id)} is private and its API server has a public name alone: ${nameOf(id)} cannot be attached the old way`,
      concerns: [id],
      blockers: [{ resource: found.id, property: at, is: found.zone, needs: 'system, or the id of a zone' }],
      repairs: [{ says: 'give it a private zone', edits: [setting(found.id, at, 'system')] }],
    };
  }
}
