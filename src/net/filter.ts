/**
 * Packets at gates: which groups are asked, in which order, and what a denial is called (N-1 to N-9).
 *
 * @module
 */

import { formatIp } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import { protocolNumbers } from '../lib/ports.ts';
import type { AdminVerdict } from './admin-rules.ts';
import type { CompiledGate, Verdict } from './gates.ts';
import type { Position } from './position.ts';
import type { Point, Row, Table } from './table.ts';
import type { Disposition, Packet, Recorder, Stage } from './trace.ts';

/** A client's port: the first of the dynamic range (RFC 6335). */
const dynamicPort = 49152;

/** Returns what a table is asked about a packet. */
export function pointOf(packet: Packet): Point {
  return {
    source: packet.source,
    destination: packet.destination,
    protocol: protocolNumbers[packet.protocol],
    port: packet.port,
    sourcePort: packet.sourcePort ?? dynamicPort,
  };
}

/** The gates on the way out, in order: the interface's group first, then the subnet's (N-1). */
export function egressGates(at: Position): readonly CompiledGate[] {
  return [nicGate(at), at.subnet.gate].filter((gate) => gate !== undefined);
}

/** The gates on the way in, in order: the subnet's group first, then the interface's (N-1). */
export function ingressGates(at: Position): readonly CompiledGate[] {
  return [at.subnet.gate, nicGate(at)].filter((gate) => gate !== undefined);
}

/** Leaving. `joined`: as if the destination were reached inside. */
export function egress(at: Position, packet: Packet, rec: Recorder, joined = false): void {
  const point = pointOf(packet);
  const admin = at.subnet.admin?.egress ?? [];
  if (isSettled(joined ? admin.map(asJoined) : admin, 'egress', packet, point, rec)) return;
  for (const gate of egressGates(at)) {
    ask(gate, joined ? gate.egress.map(asJoined) : gate.egress, 'egress', packet, point, rec);
  }
}

function asJoined<A>(row: Row<A>): Row<A> {
  return row.joined ? { ...row, match: row.joined } : row;
}

/** Entering. */
export function ingress(at: Position, packet: Packet, rec: Recorder): void {
  const point = pointOf(packet);
  if (isSettled(at.subnet.admin?.ingress ?? [], 'ingress', packet, point, rec)) return;
  for (const gate of ingressGates(at)) ask(gate, gate.ingress, 'ingress', packet, point, rec);
}

/**
 * Asks admin rules, which come before the groups (N-7). Answers true where the groups are not asked any more: also
 * what a rule denies is shown to them, because all that is in the way is told.
 */
function isSettled(
  table: Table<AdminVerdict>,
  stage: 'egress' | 'ingress',
  packet: Packet,
  point: Point,
  rec: Recorder,
): boolean {
  if (table.length === 0) return false;
  const decision = rec.decide(table, point, (a, b) => a === b);
  if (decision.kind === 'none') return false;
  const { by, action } = decision.row;
  const name = `admin rule ${nameOf(by.resource)}/${by.rule}`;
  if (decision.kind === 'unknown') {
    rec.stop('unknown', stage, by, `cannot say whether ${name} matches without ${decision.missing}`);
    return false;
  }
  const flow = flowOf(packet, stage);
  if (action === 'deny') {
    rec.stop('dropped-by-gate', stage, by, `${name} denies ${flow}`, {
      resource: by.resource,
      property: `rules/${by.rule}`,
      is: 'Deny',
      needs: `an admin rule before it that allows ${flow}`,
    });
    return false;
  }
  const final = action === 'always-allow';
  rec.pass(stage, by, `${name} ${final ? 'always allows' : 'allows'} ${flow}`);
  return final;
}

function flowOf(packet: Packet, stage: 'egress' | 'ingress'): string {
  return `${packet.protocol} ${packet.port} ${stage === 'egress' ? 'to' : 'at'} ${formatIp(packet.destination)}`;
}

/** Entering a private endpoint whose subnet obeys security groups: source ports count as any. */
export function ingressAtEndpoint(at: Position, packet: Packet, rec: Recorder): void {
  const point = { ...pointOf(packet), sourcePort: undefined };
  if (at.subnet.gate) ask(at.subnet.gate, at.subnet.gate.ingress, 'ingress', packet, point, rec);
}

/** To Azure's own addresses: only a rule that names the platform's tag stops a packet (N-8). */
export function isPlatformDenied(
  at: Position,
  packet: Packet,
  disposition: Disposition,
  stage: Stage,
  rec: Recorder,
): boolean {
  for (const gate of egressGates(at)) {
    if (gate.platform.length === 0) continue;
    const decision = rec.decide(gate.platform, pointOf(packet), sameVerdict);
    if (decision.kind !== 'row' || decision.row.action === 'allow') continue;
    const { by } = decision.row;
    const says = `rule ${by.rule} denies ${packet.protocol} ${packet.port} to Azure's own ${formatIp(packet.destination)}`;
    rec.stop(disposition, stage, by, says, {
      resource: by.resource,
      property: `securityRules/${by.rule}`,
      is: 'Deny',
      needs: `no rule that denies Azure's own ${formatIp(packet.destination)} by its tag`,
    });
    return true;
  }
  return false;
}

/** Reports whether any group is asked at a spot. */
export function isFiltered(at: Position): boolean {
  return nicGate(at) !== undefined || at.subnet.gate !== undefined;
}

function nicGate(at: Position): CompiledGate | undefined {
  return at.nic?.gate === undefined ? undefined : at.subnet.nicGates.get(keyOf(at.nic.gate));
}

function ask(
  gate: CompiledGate,
  table: Table<Verdict>,
  stage: 'egress' | 'ingress',
  packet: Packet,
  point: Point,
  rec: Recorder,
): void {
  const decision = rec.decide(table, point, sameVerdict);
  if (decision.kind === 'none') return;
  const { row } = decision;
  const name = `${nameOf(gate.id)}/${row.by.rule}`;
  if (decision.kind === 'unknown') {
    rec.stop('unknown', stage, row.by, `cannot say whether ${name} matches without ${decision.missing}`);
    return;
  }
  const flow = flowOf(packet, stage);
  if (row.action === 'allow') {
    rec.pass(stage, row.by, `${name} allows ${flow}`);
    return;
  }
  const direction = stage === 'egress' ? 'outbound' : 'inbound';
  const own = row.builtIn !== true;
  rec.stop('dropped-by-gate', stage, row.by, `${name} denies ${flow}`, {
    resource: gate.id,
    property: own ? `securityRules/${row.by.rule}` : 'securityRules',
    is: own ? 'Deny' : `no ${direction} rule allows it`,
    needs: `an ${direction} rule that allows ${packet.protocol} ${packet.port} from ${packet.source === undefined ? 'the source' : formatIp(packet.source)} to ${formatIp(packet.destination)}${own ? ' before it' : ''}`,
  });
}

function sameVerdict(a: Verdict, b: Verdict): boolean {
  return a === b;
}
