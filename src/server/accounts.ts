/**
 * Who can sign in to a running Cloister, and with what: the deployer, and whom cloister.yaml describes.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { naming } from '../app/why.ts';
import type { Application as Described, Directory, User } from '../arm/directory.ts';
import type { Account, Application } from '../services/sign-in/accounts.ts';
import { publicClients } from '../services/sign-in/accounts.ts';
import { hashSecret } from '../services/sign-in/secret.ts';
import { deployer } from './directory.ts';
import type { Keys } from './keys.ts';

/** The deployer's own certificate: as PEM, and the file that has it together with its key. */
export interface DeployerCertificate {
  readonly pem: string;
  readonly file: string;
}

/** The accounts of an instance. Secrets and passwords are derived, so they are the same after a restart. */
export class Accounts {
  readonly #keys: Keys;
  readonly #certificate: DeployerCertificate;
  readonly #directory: () => Directory;

  /** `directory` is asked each time: it may be described anew. */
  constructor(keys: Keys, certificate: DeployerCertificate, directory: () => Directory) {
    this.#keys = keys;
    this.#certificate = certificate;
    this.#directory = directory;
  }

  /** Finds an application by its client id. */
  application(clientId: string): Application | undefined {
    const wanted = clientId.toLowerCase();
    if (wanted === deployer.appId) {
      return {
        objectId: deployer.objectId,
        secretHashes: [hashSecret(this.#keys.clientSecret)],
        certificates: [{ kind: 'pem', pem: this.#certificate.pem }],
      };
    }
    const found = this.#directory().applications.find(({ appId }) => appId === wanted);
    if (!found) return undefined;
    const { objectId, certificates } = found;
    const secretHashes = certificates.length > 0 ? [] : [hashSecret(this.#secretOf(found))];
    return { objectId, certificates, secretHashes };
  }

  /** Finds a user by principal name or object id. */
  account(name: string): Account | undefined {
    const wanted = name.toLowerCase();
    const user = this.#directory().users.find(
      (it) => it.upn.toLowerCase() === wanted || it.objectId === wanted,
    );
    if (!user) return undefined;
    const { objectId, upn, displayName } = user;
    // The same password must give the same text, or every refresh token would be void at once.
    const salt = createHash('sha256').update(objectId).digest().subarray(0, 16);
    return { objectId, upn, displayName, passwordHash: hashSecret(this.#passwordOf(user), salt) };
  }

  /**
   * What a program needs in its environment to sign in as somebody, by the names that Azure's SDKs look for.
   * Throws InputError where there is nobody of that name.
   */
  environmentOf(who = 'deployer'): Readonly<Record<string, string>> {
    const wanted = who.toLowerCase();
    // A program that has nothing looks for the identity of the machine that it is on.
    if (wanted === 'anonymous') return {};
    if (wanted === 'deployer') {
      return {
        AZURE_CLIENT_ID: deployer.appId,
        AZURE_CLIENT_SECRET: this.#keys.clientSecret,
        AZURE_CLIENT_CERTIFICATE_PATH: this.#certificate.file,
      };
    }
    const { users, applications } = this.#directory();
    const user = users.find(({ upn }) => [`user/${upn}`, upn].some((name) => name.toLowerCase() === wanted));
    if (user) {
      const [client = ''] = publicClients.keys();
      return { AZURE_CLIENT_ID: client, AZURE_USERNAME: user.upn, AZURE_PASSWORD: this.#passwordOf(user) };
    }
    const application = applications.find(({ name }) =>
      [`app/${name}`, name].some((each) => each.toLowerCase() === wanted),
    );
    if (application) {
      const { appId, certificates } = application;
      const secret = certificates.length > 0 ? {} : { AZURE_CLIENT_SECRET: this.#secretOf(application) };
      return { AZURE_CLIENT_ID: appId, ...secret };
    }
    const candidates = [
      'deployer',
      'anonymous',
      ...users.map(({ upn }) => `user/${upn}`),
      ...applications.map(({ name }) => `app/${name}`),
    ];
    throw naming('--as', { message: `nobody signs in as '${who}'`, candidates });
  }

  #passwordOf({ objectId, password }: User): string {
    return password ?? text(this.#keys.secret(`password of ${objectId}`), 24);
  }

  #secretOf({ objectId }: Described): string {
    return text(this.#keys.secret(`client secret of ${objectId}`), 40);
  }
}

/** As hexadecimal digits: a secret that begins with a dash would be taken for a flag by the programs it is given to. */
export function text(secret: string, length: number): string {
  return Buffer.from(secret, 'base64').toString('hex').slice(0, length);
}
