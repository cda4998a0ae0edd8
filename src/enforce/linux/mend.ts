/**
 * From what is left of a plan to all of it: what somebody changed is emptied, and then counts as never applied. Whoever
 * stands in a namespace stays there, with his sockets, as long as it is there.
 *
 * @module
 */

import type { LinuxPlan } from '../plan/model.ts';
import { type Line, line } from '../plan/words.ts';
import type { Missing } from './observe.ts';
import { linksOf, without } from './script.ts';

/** Nothing is missing. */
export const complete: Missing = { gone: new Set(), changed: new Set(), wires: new Set(), says: [] };

/** What of a plan holds. */
export function remaining(plan: LinuxPlan, missing: Missing): LinuxPlan {
  if (missing === complete) return plan;
  const lost = brokenWires(plan, missing);
  const cut = linksOf(lost);
  return {
    ...plan,
    namespaces: plan.namespaces
      .filter(({ id }) => !missing.gone.has(id) && !missing.changed.has(id))
      .map((namespace) => without(namespace, cut.get(namespace.id) ?? [])),
    wires: plan.wires.filter((wire) => !lost.includes(wire)),
  };
}

/** Takes away what is left of what is missing. What is not there cannot be: nothing here is an error. */
export function clearing(plan: LinuxPlan, missing: Missing): readonly Line[] {
  const ends = brokenWires(plan, missing).flatMap((wire) => wire.ends);
  return [
    ...[...missing.gone].map((id) => line`umount -q /run/netns/${id} || :; rm -f /run/netns/${id}`),
    ...ends
      .filter(({ namespace }) => !missing.gone.has(namespace))
      .map(({ namespace, link }) => line`ip -n ${namespace} link del ${link} 2>/dev/null || :`),
    ...[...missing.changed].flatMap((id) => [
      line`nsenter --net=/run/netns/${id} sh 2>/dev/null <<'WITHIN' || :`,
      empty,
      line`WITHIN`,
    ]),
  ];
}

/** Without interfaces first, so that nothing passes when there are no gates. */
const empty = line`ip -br link | while read -r name rest; do ip link del "\${name%@*}"; done
nft flush ruleset
ip link set lo down
ip address flush dev lo
ip route flush table all
ip rule flush
ip rule del pref 0
ip rule add pref 0 lookup local
ip rule add pref 32766 lookup main
ip rule add pref 32767 lookup default`;

/** Wires that are broken, and those of namespaces that are made again. */
function brokenWires({ wires }: LinuxPlan, missing: Missing): LinuxPlan['wires'] {
  return wires.filter(
    (wire) =>
      missing.wires.has(wire) ||
      wire.ends.some(({ namespace }) => missing.gone.has(namespace) || missing.changed.has(namespace)),
  );
}
