/**
 * An Azure Firewall as a ruleset: its network rules on packets, in the order in which a walk asks them; and where its
 * application rules are asked, which read the name on a connection (docs/adr/0029-names-at-firewalls.md).
 *
 * @module
 */

import { union } from '../../lib/intervals.ts';
import type { Ip } from '../../lib/ip.ts';
import { keyOf } from '../../lib/key.ts';
import type { Firewall } from '../../net/firewalls.ts';
import type { Verdict } from '../../net/gates.ts';
import type { Namespace } from './model.ts';
import { insideSet, type Reading, Rules } from './ruleset.ts';
import { handed } from './standing.ts';
import { address, type Ids, type Line, line, word } from './words.ts';

const asked = { stage: 'forward', disposition: 'dropped-by-firewall' } as const;

/** A row that only may match ends what it may match: behind it there is another table, and what that says is not the answer. */
const ofRules: Reading<Verdict> = {
  verdict: (action) => (action === 'allow' ? line`goto deliver` : undefined),
  stopsInDoubt: () => true,
};

/** Whatever an application rule says, it says about a name. */
const ofNames: Reading<Verdict> = { verdict: () => line`goto hand`, stopsInDoubt: () => true };

/** Prints the rules of a firewall. What none of them decides is denied. */
export function firewallRules(firewall: Firewall, own: Ip, ids: Ids): Rules {
  const { fact, packets, application, rules: written } = firewall;
  const rules = new Rules(ids);
  const key = keyOf(fact.id);
  rules.set(word`itself`, line`ipv4_addr`, [line`${address(own)}`], 'what is for itself');
  rules.collections.push(insideSet);
  rules.chain(word`asked`, 'network rules, then application rules', [
    ...rules.rows(packets, asked, ofRules, `${key} network`),
    ...rules.rows(application, asked, ofNames, `${key} application`),
    rules.end({ ...asked, by: { resource: written, rule: 'default deny' } }),
  ]);
  return rules;
}

/** How it is routed there: what it is to pass on is not its own, but for what waits for a name. */
export function firewallWays(own: Ip): Pick<Namespace, 'rules' | 'routes'> {
  return {
    rules: [
      line`pref ${handed} fwmark ${handed} lookup local`,
      line`pref 50 to ${address(own)} lookup local`,
      line`pref 50 to 127.0.0.0/8 lookup local`,
    ],
    routes: [line`local default dev lo table local`],
  };
}

/** Where the server reads names: the ports of application rules. */
export function firewallSockets({ application }: Firewall): Line[] {
  const ports = union(...application.map(({ match }) => match.port ?? []));
  return ports.flatMap(([low, high]) =>
    Array.from({ length: high - low + 1 }, (_, at) => line`tcp 0.0.0.0:${low + at}`),
  );
}
