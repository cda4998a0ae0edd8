/**
 * `cloister.yaml`: what Azure does not record, beside the templates.
 *
 * @module
 */

import { type Document, isCollection, isNode, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { Directory } from '../arm/directory.ts';
import { ArmError } from '../arm/error.ts';
import * as shape from '../arm/shape.ts';
import { parseFqdn } from '../lib/fqdn.ts';
import { parseIp } from '../lib/ip.ts';
import type { Json } from '../lib/json.ts';
import type { DnsServerFact, Fact } from '../net/facts.ts';
import type { Accept } from '../verify/intents/accept.ts';
import type { OwnIntent } from '../verify/intents/own.ts';
import {
  directoryFrom,
  directoryShape,
  principalFacts,
  type ReadCertificate,
  type Refuse,
} from './directory.ts';
import { acceptShape, intentShape, readAccept, readIntent } from './intents.ts';
import { InputError, type Problem } from './problem.ts';
import { siteClusters, siteFact, siteShape } from './sites.ts';

const configShape = shape.object({
  template: shape.text,
  parameters: shape.text,
  content: shape.mapOf(shape.text),
  sites: shape.mapOf(siteShape),
  dnsServers: shape.mapOf(
    shape.object({
      address: shape.address,
      at: shape.text,
      forward: shape.mapOf(shape.list(shape.address)),
      records: shape.mapOf(shape.address),
    }),
  ),
  commits: shape.list(
    shape.object({ configuration: shape.required(shape.text), regions: shape.list(shape.text) }),
  ),
  deployer: shape.object({ object: shape.required(shape.text) }),
  directory: directoryShape,
  intents: shape.list(intentShape),
  accept: shape.list(acceptShape),
});

/** A file that is put into a storage account from the start: `account/container/path` and where it is. */
export interface Content {
  readonly to: string;
  readonly file: string;
}

/** What a cloister.yaml says. */
export interface Config {
  readonly template: string | undefined;
  readonly parameters: string | undefined;
  readonly content: readonly Content[];
  readonly deployer: string | undefined;
  readonly directory: Directory;
  /** Machines and configurations are named as people write them; they are resolved when the estate is known. */
  readonly facts: readonly Fact[];
  readonly intents: readonly OwnIntent[];
  readonly accepts: readonly Accept[];
}

/** Reads a cloister.yaml. Throws InputError with line and column. */
export function readConfig(source: string, file: string, readCertificate?: ReadCertificate): Config {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true, logLevel: 'error' });
  const [broken] = document.errors;
  if (broken) {
    const at = lines.linePos(broken.pos[0]);
    throw new InputError({
      file,
      line: at.line,
      column: at.col,
      message: broken.message.split('\n')[0] ?? '',
    });
  }
  const value = dataOf(document, (node, message) => {
    const at = lines.linePos(node?.range?.[0] ?? 0);
    throw new InputError({ file, line: at.line, column: at.col, message });
  });
  const where = (target: string): Problem => {
    const path = target
      .replace(/^\$\.?/, '')
      .split(/[.[\]]+/)
      .filter((part) => part !== '');
    const [start] = nodeAt(document.contents, path)?.range ?? [];
    if (start === undefined) return { file, message: '' };
    const at = lines.linePos(start);
    return { file, line: at.line, column: at.col, message: '' };
  };
  const refuse = (target: string, message: string): never => {
    throw new InputError({ ...where(target), message });
  };
  try {
    const config = configShape.check(value, '$');
    const directory = directoryFrom(config.directory, file, refuse, readCertificate);
    return {
      template: config.template,
      parameters: config.parameters,
      content: Object.entries(config.content ?? {}).map(([to, from]) => {
        const match = /^storage\/([^/]+\/[^/]+\/.+)$/.exec(to);
        return {
          to: match?.[1] ?? refuse(`content.${to}`, `'${to}' must be storage/<account>/<container>/<path>.`),
          file: from,
        };
      }),
      deployer: config.deployer?.object,
      directory,
      facts: [
        ...principalFacts(directory),
        ...Object.entries(config.sites ?? {}).flatMap(([name, site]) => [
          siteFact(name, site, refuse),
          ...siteClusters(name, site),
        ]),
        ...Object.entries(config.dnsServers ?? {}).map(([name, server]) => serverFact(name, server, refuse)),
        ...(config.commits ?? []).map(
          ({ configuration, regions }) => ({ kind: 'admin-commit', configuration, regions }) as const,
        ),
      ],
      intents: (config.intents ?? []).map((item, at) => readIntent(item, where(`intents.${at}`), refuse, at)),
      accepts: (config.accept ?? []).map((item, at) => readAccept(item, where(`accept.${at}`), refuse, at)),
    };
  } catch (error) {
    if (error instanceof ArmError)
      throw new InputError({ ...where(error.target ?? ''), message: error.message });
    throw error;
  }
}

/** The innermost node on a path. Names may have dots in them, as those of users do. */
function nodeAt(node: unknown, path: readonly string[]): Node | undefined {
  if (isCollection(node)) {
    for (let length = 1; length <= path.length; length++) {
      const name = path.slice(0, length).join('.');
      if (node.has(name)) return nodeAt(node.get(name, true), path.slice(length)) ?? node;
    }
  }
  return isNode(node) ? node : undefined;
}

type Shaped = shape.Of<typeof configShape>;

function serverFact(
  name: string,
  server: NonNullable<Shaped['dnsServers']>[string],
  refuse: Refuse,
): DnsServerFact {
  const at = `dnsServers.${name}`;
  if (server.address === undefined && server.at === undefined) {
    refuse(at, `DNS server '${name}' needs an address, or 'at: vm/<name>'.`);
  }
  return {
    kind: 'dns-server',
    name,
    address: server.address === undefined ? undefined : parseIp(server.address),
    at: server.at,
    forward: Object.entries(server.forward ?? {}).map(([suffix, to]) => ({
      suffix:
        suffix === '.' ? '.' : (parseFqdn(suffix) ?? refuse(`${at}.forward`, `'${suffix}' is not a domain.`)),
      to: to.flatMap((text) => parseIp(text) ?? []),
    })),
    records: Object.entries(server.records ?? {}).map(([text, address]) => ({
      name: parseFqdn(text) ?? refuse(`${at}.records`, `'${text}' is not a host name.`),
      address: parseIp(address) ?? refuse(`${at}.records`, `'${address}' is not an IPv4 address.`),
    })),
  };
}

/** What a document says. The library throws what is no InputError where an alias names nothing, or where they multiply. */
function dataOf(document: Document.Parsed, refuse: (node: Node | undefined, message: string) => never): Json {
  visit(document, {
    Alias: (_, alias) => {
      if (!alias.resolve(document)) refuse(alias, `there is no anchor '&${alias.source}' before the alias.`);
    },
  });
  try {
    return (document.toJS() ?? {}) as Json;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return refuse(document.contents ?? undefined, `${error.message}: write what is meant.`);
  }
}
