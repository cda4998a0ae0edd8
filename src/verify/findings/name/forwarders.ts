/**
 * DNS servers of one's own: what they do not pass on to Azure, or under the wrong suffix (docs/semantics/names.md).
 *
 * @module
 */

import type { Fqdn } from '../../../lib/fqdn.ts';
import type { DnsServerFact } from '../../../net/facts.ts';
import { meantSuffix, publicSuffixOf } from '../../../net/private-zones.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { type Asked, aboutOf, askedNames } from './asked.ts';

/** A suffix that a server does not pass on, though names of private endpoints end in it. */
interface Lacking extends Asked {
  readonly server: DnsServerFact;
  readonly suffix: Fqdn;
  /** The rule that was probably meant for it. */
  readonly near: string | undefined;
}

/** Every server and suffix once. */
function lackingForwards(model: Model): readonly Lacking[] {
  const found = new Map<string, Lacking>();
  for (const asked of askedNames(model)) {
    const { answerer, name } = asked;
    // A rule of Azure that sent the question there is at fault itself (`rulesets.ts`).
    if (answerer.kind !== 'public' || answerer.by.what !== 'server' || answerer.rule) continue;
    const { server } = answerer.by;
    const suffix = publicSuffixOf(name.fqdn);
    const near = server.forward.find(
      (rule) => rule.suffix !== '.' && meantSuffix(rule.suffix) === suffix,
    )?.suffix;
    found.set(`${server.name} ${suffix}`, { ...asked, server, suffix, near });
  }
  return [...found.values()];
}

/** Names that a server does not pass on are public there, or not there at all. */
export function* forwarderMissing(model: Model): Generator<Fault> {
  for (const lacking of lackingForwards(model)) {
    if (lacking.near === undefined) yield faultOf(model, lacking, `${lacking.server.name} has no rule`);
  }
}

/** A rule for the zone, or for another cloud, is never followed: clients ask for the public name. */
export function* forwarderWrong(model: Model): Generator<Fault> {
  for (const lacking of lackingForwards(model)) {
    const { server, near } = lacking;
    if (near !== undefined)
      yield faultOf(model, lacking, `${server.name} forwards ${near}, and not what is asked`);
  }
}

function faultOf(model: Model, { flow, link, name, server, suffix, near }: Lacking, why: string): Fault {
  const subject = `dnsServer/${server.name}`;
  return {
    subject,
    at: `forward.${suffix}`,
    says: `${why} for ${suffix}: ${name.fqdn} is answered publicly to ${flow.from.label}`,
    flow,
    nearMiss: near,
    concerns: [name.fqdn, ...aboutOf(model, link)],
    blockers: [
      {
        resource: subject,
        property: 'forward',
        is: near ?? 'no rule',
        needs: `${suffix}: a server that sees ${name.zone}`,
      },
    ],
  };
}
