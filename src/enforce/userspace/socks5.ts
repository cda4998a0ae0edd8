/**
 * The gateway's SOCKS5 side: CONNECT after user name and password (RFC 1928, RFC 1929).
 *
 * @module
 */

import { formatIp, type Ip } from '../../lib/ip.ts';
import { never } from '../../lib/result.ts';
import type { Outcome, Warden } from './decision.ts';
import type { Intake } from './intake.ts';
import { reply, wordingOf } from './refusal.ts';
import { type Target, targetOf } from './target.ts';

/** First byte of every SOCKS5 message but those of the sign-in. */
export const socksVersion = 5;

const signInVersion = 1;
const byPassword = 2;
const noMethod = 0xff;
const connectCommand = 1;
const addressType = { ipv4: 1, name: 3, ipv6: 4 } as const;

/** Reads greeting, sign-in and request, and finds out what becomes of the connection. */
export async function readSocks5(intake: Intake, warden: Warden): Promise<Outcome> {
  const greeting = await intake.take(2);
  const methods = await intake.take(greeting.readUInt8(1));
  if (!methods.includes(byPassword)) return end(Buffer.of(socksVersion, noMethod));
  intake.socket.write(Buffer.of(socksVersion, byPassword));
  const place = await signIn(intake, warden);
  if (place === undefined) return end(Buffer.of(signInVersion, 1));
  intake.socket.write(Buffer.of(signInVersion, 0));
  const header = await intake.take(4);
  if (header.readUInt8(0) !== socksVersion) return end(replied(reply.generalFailure));
  const target = await readTarget(intake, header.readUInt8(3));
  if (header.readUInt8(1) !== connectCommand) return end(replied(reply.commandNotSupported));
  if (target === undefined || target.kind === 'ipv6') return end(replied(reply.addressTypeNotSupported));
  if (target.kind === 'malformed') return end(replied(reply.generalFailure));
  const decision = warden.decide({ place, host: target.host, port: target.port });
  switch (decision.verdict) {
    case 'refuse':
      return end(replied(wordingOf(decision).socks));
    case 'connect': {
      const { deliver } = decision;
      return { kind: 'connect', answer: replied(reply.succeeded), first: Buffer.alloc(0), deliver };
    }
    default:
      return never(decision);
  }
}

function end(answer: Buffer): Outcome {
  return { kind: 'end', answer };
}

/** Prints a reply. Its bound address is 0.0.0.0:0: there is no outgoing socket that could have another. */
export function replied(code: number): Buffer {
  return Buffer.of(socksVersion, code, 0, addressType.ipv4, 0, 0, 0, 0, 0, 0);
}

async function signIn(intake: Intake, warden: Warden): Promise<string | undefined> {
  const start = await intake.take(2);
  if (start.readUInt8(0) !== signInVersion) return undefined;
  const username = await intake.take(start.readUInt8(1));
  const length = await intake.take(1);
  const password = await intake.take(length.readUInt8(0));
  return warden.admit({ username: username.toString('utf8'), password: password.toString('utf8') });
}

/** Reads address and port; nothing for an address type that RFC 1928 does not know. */
async function readTarget(intake: Intake, type: number): Promise<Target | undefined> {
  switch (type) {
    case addressType.ipv4: {
      const bytes = await intake.take(6);
      return targetOf(formatIp(bytes.readUInt32BE(0) as Ip), bytes.readUInt16BE(4));
    }
    case addressType.name: {
      const length = (await intake.take(1)).readUInt8(0);
      const bytes = await intake.take(length + 2);
      return targetOf(bytes.toString('latin1', 0, length), bytes.readUInt16BE(length));
    }
    case addressType.ipv6:
      await intake.take(18);
      return { kind: 'ipv6' };
    default:
      return undefined;
  }
}
