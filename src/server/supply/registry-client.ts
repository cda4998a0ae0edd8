/**
 * A container registry as who pulls sees it: the exchange of tokens that Azure has before OCI's distribution, manifests,
 * and layers from wherever the registry sends for them. Every byte is checked against the digest that names it.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import { ImageError } from '../../compute/image/image-error.ts';
import { asText, member } from '../../lib/json.ts';
import { Tally } from '../../services/bytes.ts';
import { type Descriptor, type Parsed, parseManifest } from '../../services/registry/manifest.ts';
import { digestOfBytes } from '../../services/registry/names.ts';
import { bytesOf, type Courier, jsonOf } from './courier.ts';

const accepted = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** Pulls from one repository. */
export class RegistryClient {
  readonly #courier: Courier;
  readonly #host: string;
  readonly #repository: string;
  #authorization: Readonly<Record<string, string>> = {};

  constructor(courier: Courier, host: string, repository: string) {
    this.#courier = courier;
    this.#host = host;
    this.#repository = repository;
  }

  /** Gets a manifest by tag or digest. */
  async manifest(reference: string): Promise<Parsed & { readonly digest: string }> {
    const answer = await this.#get(`manifests/${reference}`, { accept: accepted });
    const bytes = await bytesOf(answer);
    if (answer.statusCode === 404) {
      throw new ImageError(`${this.#repository} has no ${reference}: push it first`);
    }
    if (answer.statusCode !== 200) throw this.#refusal(this.#host, answer, bytes);
    const digest = digestOfBytes(bytes);
    const told = answer.headers['docker-content-digest'];
    requireDigest(digest, reference.includes(':') ? reference : String(told ?? digest));
    return { ...parseManifest(bytes, answer.headers['content-type']), digest };
  }

  /** The bytes of a layer, which fail at their end where they are not those that its digest names. */
  async blob({ digest, foreign }: Descriptor): Promise<Tally> {
    if (foreign) throw new ImageError(`its layer ${digest} is kept elsewhere`);
    const answer = await this.#get(`blobs/${digest}`);
    const elsewhere = answer.statusCode === 307 ? answer.headers.location : undefined;
    const { host, href } = new URL(elsewhere ?? '', `https://${this.#host}`);
    const from = elsewhere === undefined ? answer : await this.#follow(answer, href);
    if (from.statusCode !== 200) throw this.#refusal(host, from, await bytesOf(from));
    return new Tally(from, 'sha256', (tally) => requireDigest(`sha256:${tally.digest('hex')}`, digest));
  }

  /** The address is signed, and is for who has it: our token is not for there. */
  #follow(answer: IncomingMessage, address: string): Promise<IncomingMessage> {
    answer.resume();
    return this.#courier.ask(address);
  }

  /** Asks, and once more with a token where one is wanted. */
  async #get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> {
    const address = `https://${this.#host}/v2/${this.#repository}/${path}`;
    const ask = (): Promise<IncomingMessage> =>
      this.#courier.ask(address, { headers: { ...headers, ...this.#authorization } });
    const answer = await ask();
    if (answer.statusCode !== 401) return answer;
    answer.resume();
    this.#authorization = { authorization: `Bearer ${await this.#signIn(answer)}` };
    return ask();
  }

  /** Exchanges a token of the deployment's identity; nobody is who has none that is good for anything here. */
  async #signIn({ headers }: IncomingMessage): Promise<string> {
    const said = headers['www-authenticate'] ?? '';
    const told = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(said)?.[1] ?? '';
    const [service, scope] = [told('service'), told('scope')];
    const access_token = (await this.#courier.token('https://containerregistry.azure.net')) ?? '';
    const refresh = await this.#post('/oauth2/exchange', {
      grant_type: 'access_token',
      service,
      access_token,
    });
    const refresh_token = asText(member(await jsonOf(refresh), 'refresh_token'));
    const answer =
      refresh_token === undefined
        ? await this.#courier.ask(
            `https://${this.#host}/oauth2/token?${new URLSearchParams({ service, scope })}`,
          )
        : await this.#post('/oauth2/token', { grant_type: 'refresh_token', service, scope, refresh_token });
    return asText(member(await jsonOf(answer), 'access_token')) ?? '';
  }

  #post(path: string, fields: Readonly<Record<string, string>>): Promise<IncomingMessage> {
    const body = new URLSearchParams(fields).toString();
    return this.#courier.ask(`https://${this.#host}${path}`, { method: 'POST', headers: form, body });
  }

  #refusal(host: string, { statusCode = 0 }: IncomingMessage, body: Uint8Array): Error {
    if (statusCode === 401 || statusCode === 403) {
      return this.#courier.refusal(host, `pull images of ${this.#host}: give it the role AcrPull`);
    }
    return new ImageError(`${host} answers ${statusCode}: ${Buffer.from(body.subarray(0, 500)).toString()}`);
  }
}

function requireDigest(is: string, wanted: string): void {
  if (is !== wanted) throw new ImageError(`what came as ${wanted} is ${is}`);
}
