/**
 * What is remembered of sign-ins under way: device codes that wait for their user, and authorization codes that were
 * redeemed. All of it is forgotten with the process, which ends those sign-ins and no other.
 *
 * @module
 */

import { randomBytes, randomInt } from 'node:crypto';

/** Seconds that a user has to sign in with a device code. */
export const deviceCodeLife = 900;
/** Most sign-ins that wait at a time. */
const most = 1_000;
/** Letters that nobody takes for another. */
const letters = 'BCDFGHJKLMNPQRSTVWXZ23456789';

/** A sign-in on another device. */
export interface Waiting {
  readonly deviceCode: string;
  /** What the user types: nine letters and digits. */
  readonly userCode: string;
  readonly clientId: string;
  readonly scope: string;
  /** Seconds since the epoch. */
  readonly until: number;
  readonly answer: 'pending' | 'declined' | { readonly objectId: string };
}

/** Device codes that wait. Times are seconds since the epoch. */
export class DeviceCodes {
  readonly #byDevice = new Map<string, Waiting>();

  /** Begins a sign-in; undefined: too many wait. */
  begin(clientId: string, scope: string, now: number): Waiting | undefined {
    for (const [code, { until }] of this.#byDevice)
      if (until + deviceCodeLife < now) this.#byDevice.delete(code);
    if (this.#byDevice.size >= most) return undefined;
    const waiting: Waiting = {
      deviceCode: randomBytes(32).toString('base64url'),
      userCode: Array.from({ length: 9 }, () => letters[randomInt(letters.length)]).join(''),
      clientId,
      scope,
      until: now + deviceCodeLife,
      answer: 'pending',
    };
    this.#byDevice.set(waiting.deviceCode, waiting);
    return waiting;
  }

  /** Finds the sign-in that a user's code is for, as long as nobody has answered it. */
  pending(userCode: string, now: number): Waiting | undefined {
    const wanted = userCode.toUpperCase().replace(/[^A-Z0-9]/g, '');
    for (const waiting of this.#byDevice.values()) {
      const open = waiting.answer === 'pending' && waiting.until > now;
      if (open && waiting.userCode === wanted) return waiting;
    }
    return undefined;
  }

  answer(waiting: Waiting, answer: Waiting['answer']): void {
    this.#byDevice.set(waiting.deviceCode, { ...waiting, answer });
  }

  get(deviceCode: string): Waiting | undefined {
    return this.#byDevice.get(deviceCode);
  }

  /** A code that was redeemed, or declined, is of no more use. */
  end(deviceCode: string): void {
    this.#byDevice.delete(deviceCode);
  }
}

/** Authorization codes that were redeemed, until they would have expired anyway. */
export class Redeemed {
  readonly #until = new Map<string, number>();

  /** Reports whether the code is redeemed for the first time. Times are seconds since the epoch. */
  redeem(id: string, until: number, now: number): boolean {
    for (const [each, end] of this.#until) if (end < now) this.#until.delete(each);
    if (this.#until.has(id)) return false;
    this.#until.set(id, until);
    return true;
  }
}
