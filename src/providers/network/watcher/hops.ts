/**
 * A journey in the words of the connectivity check: hops, what is wrong at each, and whether it arrived.
 *
 * @module
 */

import type { Read } from '../../../arm/resource.ts';
import { formatIp, type Ip } from '../../../lib/ip.ts';
import { asList, asText, type JsonObject, member } from '../../../lib/json.ts';
import { keyOf } from '../../../lib/key.ts';
import type { NicFact } from '../../../net/facts.ts';
import { defaultRules } from '../../../net/gates.ts';
import type { Journey } from '../../../net/journey.ts';
import type { Landing } from '../../../net/landing.ts';
import type { Network } from '../../../net/model.ts';
import type { Step } from '../../../net/trace.ts';
import { inventedId } from '../../ml/link.ts';

interface Hop {
  readonly type: string;
  readonly address: string | undefined;
  readonly resourceId: string;
  readonly steps: readonly Step[];
}

/** How a connection ends that got as far as the service: TCP is up, whatever the service says then. */
const answered = new Set(['delivered', 'refused-by-door', 'unauthenticated', 'unauthorized']);

/** The body of the answer. One probe is one walk; nothing is sent, so there is no latency. */
export function connectivityBody(network: Network, journey: Journey, from: NicFact, read: Read): JsonObject {
  const { trace } = journey.walked;
  const reached = answered.has(trace.disposition) || atDoor(journey);
  const unknown = !reached && trace.disposition === 'unknown';
  const hops = hopsOf(journey, from, read);
  const ids = hops.map((_, at) => inventedId(`${from.id} ${trace.to}:${trace.port}`, `hop ${at}`));
  return {
    hops: hops.map(({ type, address, resourceId, steps }, at) => ({
      type,
      id: ids[at],
      ...(address === undefined ? {} : { address }),
      resourceId,
      nextHopIds: ids.slice(at + 1, at + 2),
      previousHopIds: at === 0 ? [] : ids.slice(at - 1, at),
      links: [],
      previousLinks: [],
      issues: reached
        ? []
        : steps.filter(({ outcome }) => outcome !== 'pass').map((step) => issueOf(network, step)),
    })),
    connectionStatus: reached ? 'Reachable' : unknown ? 'Unknown' : 'Unreachable',
    probesSent: 1,
    probesFailed: reached ? 0 : 1,
  };
}

/** What the service itself would say is not known, but the connection is there. */
function atDoor({ arrival }: Journey): boolean {
  return arrival.some(
    ({ stage, outcome }) => outcome === 'unknown' && (stage === 'door' || stage === 'caller'),
  );
}

function hopsOf({ walked, stretches, arrival }: Journey, from: NicFact, read: Read): Hop[] {
  const machines = stretches.map(({ appliance, steps }, at): Hop => {
    const nic = at === 0 ? from : appliance?.at?.nic;
    const address = at === 0 ? from.configurations[0]?.address : appliance?.address;
    return {
      type: at === 0 ? 'Source' : 'VirtualAppliance',
      address: address === undefined ? undefined : formatIp(address),
      resourceId: nic && address !== undefined ? configurationOf(nic, address, read) : 'Unknown',
      steps,
    };
  });
  return [
    ...machines,
    { ...endOf(walked.landing, read), address: walked.trace.address ?? undefined, steps: arrival },
  ];
}

function endOf(landing: Landing | undefined, read: Read): Pick<Hop, 'type' | 'resourceId'> {
  switch (landing?.kind) {
    case 'machine': {
      const { nic, address } = landing.at;
      return nic
        ? { type: 'VnetLocal', resourceId: configurationOf(nic, address, read) }
        : { type: 'Destination', resourceId: 'Unknown' };
    }
    case 'private-endpoint':
      return { type: 'PrivateEndpoint', resourceId: landing.endpoint.id };
    case 'public':
      return { type: 'Internet', resourceId: 'Internet' };
    case undefined:
      return { type: 'Destination', resourceId: 'Unknown' };
  }
}

/** Id of the IP configuration that has an address. */
function configurationOf(nic: NicFact, address: Ip, read: Read): string {
  const stored = read.get(nic.id);
  if (!stored) return nic.id;
  const found = asList(stored.properties['ipConfigurations']).find(
    (item) => asText(member(member(item, 'properties'), 'privateIPAddress')) === formatIp(address),
  );
  return `${stored.id}/ipConfigurations/${asText(member(found, 'name')) ?? ''}`;
}

const builtIn = new Set(defaultRules.map(({ name }) => name));

function issueOf(network: Network, { stage, outcome, resource, rule, says }: Step): JsonObject {
  const context = (key: string, value: string): JsonObject => ({ key, value });
  const more = [context('Resource', resource), context('Reason', says)];
  const issue = (origin: string, type: string, ...first: JsonObject[]): JsonObject => ({
    origin,
    severity: 'Error',
    type,
    context: [...first, ...more],
  });
  if (outcome === 'unknown') return issue('Local', 'Unknown');
  switch (stage) {
    case 'egress':
    case 'ingress': {
      const name = `${builtIn.has(rule) ? 'DefaultRule' : 'UserRule'}_${rule}`;
      return issue(
        stage === 'egress' ? 'Outbound' : 'Inbound',
        'NetworkSecurityRule',
        context('RuleName', name),
      );
    }
    case 'route': {
      const isUser = network.routeTables.has(keyOf(resource));
      return issue('Outbound', 'UserDefinedRoute', context('RouteType', isUser ? 'User' : 'System'));
    }
    case 'name':
      return issue('Local', 'DnsResolution');
    default:
      return issue('Outbound', 'Platform');
  }
}
