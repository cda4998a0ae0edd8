/**
 * Fetches for a deployment or a compute what it is started with, as Azure does: from its place, over its own way, and with
 * the tokens that its place hands out.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import type { Ask, DialedClient } from '../../api/dialed.ts';
import { type Fqdn, parseFqdn } from '../../lib/fqdn.ts';
import { asText, type Json, member } from '../../lib/json.ts';
import { wholeUpTo } from '../../services/bytes.ts';

/** Milliseconds without a byte after which an answer is given up. */
const patience = 60_000;
const largestText = 4 * 2 ** 20;

/** What requests of a place are made with. */
export interface Departure {
  readonly client: DialedClient;
  /** What a program finds in its environment there. */
  readonly environment: Readonly<Record<string, string>>;
  /** Leaves the place. */
  readonly leave: () => Promise<void>;
}

/** For whom somebody goes, as errors name it. */
export interface Sender {
  /** `deployment blue`. */
  readonly label: string;
  /** Whose identity it has: `endpoint length-of-stay`. */
  readonly holder: string;
}

/** Goes for one deployment or compute. */
export class Courier {
  readonly #sender: Sender;
  readonly #departure: Departure;
  readonly #cutOff: (host: Fqdn) => string | undefined;

  /** `cutOff` says why the sender does not come to a host, or is not let in there; undefined: nobody knows of a reason. */
  constructor(sender: Sender, departure: Departure, cutOff: (host: Fqdn) => string | undefined) {
    this.#sender = sender;
    this.#departure = departure;
    this.#cutOff = cutOff;
  }

  /** Asks, and answers whatever is answered. Throws an error that says what is in the way where nobody answers. */
  async ask(address: string, ask: Ask = {}): Promise<IncomingMessage> {
    try {
      return await this.#departure.client.open(address, { ...ask, patience });
    } catch (error) {
      const { hostname } = new URL(address);
      const { message } = error as Error;
      const met = `${this.#sender.label} does not get to ${hostname}: ${message}`;
      throw new Error(this.#known(hostname) ?? met, { cause: error });
    }
  }

  /** What is in the way where a host refuses: its door, or else what the sender's identity may not do there. */
  refusal(host: string, may: string): Error {
    return new Error(this.#known(host) ?? `the identity of ${this.#sender.holder} may not ${may}`);
  }

  #known(host: string): string | undefined {
    const name = parseFqdn(host);
    return name && this.#cutOff(name);
  }

  /** A token of the sender's identity for a resource of Azure's; undefined: it has none. */
  async token(resource: string): Promise<string | undefined> {
    const { MSI_ENDPOINT = '', MSI_SECRET = '' } = this.#departure.environment;
    const query = new URLSearchParams({ resource, 'api-version': '2017-09-01' });
    const answer = await this.ask(`${MSI_ENDPOINT}?${query}`, { headers: { secret: MSI_SECRET } });
    return asText(member(await jsonOf(answer), 'access_token'));
  }

  /** Leaves. */
  async close(): Promise<void> {
    this.#departure.client.close();
    await this.#departure.leave();
  }
}

/** Reads an answer that is known to be small. */
export async function bytesOf(answer: IncomingMessage): Promise<Uint8Array> {
  const bytes = await wholeUpTo(answer, largestText);
  if (!(bytes instanceof Uint8Array)) {
    answer.destroy();
    throw new Error('the answer is too large');
  }
  return bytes;
}

/** Reads JSON; null where it is none. */
export async function jsonOf(answer: IncomingMessage): Promise<Json> {
  const text = Buffer.from(await bytesOf(answer)).toString();
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
