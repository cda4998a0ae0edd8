/** docs/cloister.schema.json is what `cloister.yaml` may hold: editors complete by it, and the reader takes the same. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../src/app/config.ts';
import { codes } from '../src/verify/codes.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const schema = JSON.parse(readFileSync(`${root}docs/cloister.schema.json`, 'utf8')) as {
  properties: { accept: { items: { properties: { code: { enum: string[] } } } } };
};
const valid = new Ajv({ allErrors: true, strict: true, strictRequired: false }).compile(schema);

function judge(text: string): { schema: boolean; reader: boolean } {
  let reader = true;
  try {
    readConfig(text, 'cloister.yaml');
  } catch {
    reader = false;
  }
  return { schema: valid(parse(text) ?? {}), reader };
}

describe('cloister.schema.json', () => {
  const examples = readdirSync(`${root}examples`)
    .map((name) => `examples/${name}/cloister.yaml`)
    .filter((file) => existsSync(root + file));

  it.each(examples)('takes %s', (file) => {
    expect(judge(readFileSync(root + file, 'utf8'))).toEqual({ schema: true, reader: true });
  });

  it('saw an example', () => expect(examples.length).toBeGreaterThan(0));

  it('names every code', () => {
    expect(schema.properties.accept.items.properties.code.enum).toEqual(Object.keys(codes));
  });

  const good = [
    'intents: [{from: internet, must-not: reach, to: "workspace/*"}]',
    'intents: [{from: vnet/hub/training, must: reach, to: "storage/*/blob", port: 443}]',
    'intents: [{from: internet, may: reach, to: vault/kv}]',
    'intents: [{as: deployer, must: do, action: a/b/c, on: vnet/hub/training}]',
    'accept: [{code: subnet-without-nsg, subject: "*/legacy", because: it goes away, until: 2027-01-31}]',
    'sites: {hq: {prefixes: [192.168.0.0/16], via: vpn/gw, dns: dnsServer/hq, hosts: ["10.0.0.4 a.b"]}}',
    'sites: {hq: {via: vpn/gw, proxy: {http: "http://10.0.0.9:3128", dns: dnsServer/hq, bypass: ["*.a.org"], deny: [b.org], inspect: {ca: own, except: []}, credentials: required}, browser: {doh: true}}}',
    'sites: {hq: {clusters: [ward, {name: lab, services: 10.96.0.0/12, pods: 10.244.0.0/16, skip: [127.0.0.1, .svc]}]}}',
    'dnsServers: {hq: {address: 10.0.0.1, forward: {".": [10.0.0.2]}, records: {a.example.org: 10.0.0.5}}}',
    'commits: [{configuration: central/baseline, regions: [eastus]}, {configuration: a/b}]',
    'deployer: {object: 00000000-0000-0000-0000-000000000001}',
    'directory: {users: {ada@example.org: {name: Ada}}, groups: {team: {members: [user/ada@example.org]}}}',
  ];
  it.each(good)('takes %s', (text) => expect(judge(text)).toEqual({ schema: true, reader: true }));

  const bad = [
    'intent: []',
    'intents: [{from: internet, must: be, to: vault/kv}]',
    'intents: [{from: internet, must: reach, must-not: reach, to: vault/kv}]',
    'intents: [{from: internet, must: reach}]',
    'intents: [{must: reach, to: vault/kv}]',
    'sites: {hq: {clusters: ward}}',
    'sites: {hq: {clusters: [{services: 10.96.0.0/12}]}}',
    'intents: [{as: deployer, must: do, on: vault/kv}]',
    'intents: [{as: deployer, may: do, action: a, on: vault/kv}]',
    'intents: [{from: internet, must: reach, to: vault/kv, port: 0}]',
    'accept: [{code: no-such-code, subject: "*", because: x}]',
    'accept: [{code: subnet-without-nsg, subject: "*"}]',
    'accept: [{code: subnet-without-nsg, subject: "*", because: x, until: soon}]',
    'commits: [{regions: [eastus]}]',
    'deployer: {}',
  ];
  it.each(bad)('refuses %s', (text) => expect(judge(text)).toEqual({ schema: false, reader: false }));
});
