/**
 * What is asked of an account as a whole: properties of its blob service, statistics, what kind of account it is.
 *
 * @module
 */

import { asText, isObject, type Json, member } from '../../lib/json.ts';
import type { DataResponse } from '../data-plane.ts';
import { bodyText } from './body.ts';
import { answer, notImplemented, StorageError } from './error.ts';
import type { Call } from './operation.ts';
import { type Element, parseXml } from './parse-xml.ts';
import { type Xml, xml, xmlHead } from './xml.ts';

/** Elements that are kept -> what they are until somebody sets them. Nothing here acts on them. */
const kept: Readonly<Record<string, Json>> = {
  Logging: {
    Version: '1.0',
    Delete: 'false',
    Read: 'false',
    Write: 'false',
    RetentionPolicy: { Enabled: 'false' },
  },
  HourMetrics: { Version: '1.0', Enabled: 'false', RetentionPolicy: { Enabled: 'false' } },
  MinuteMetrics: { Version: '1.0', Enabled: 'false', RetentionPolicy: { Enabled: 'false' } },
};

/** Elements that would change what clients see -> what they are as long as they do not. */
const acting: Readonly<Record<string, Json>> = {
  Cors: {},
  DeleteRetentionPolicy: { Enabled: 'false' },
  StaticWebsite: { Enabled: 'false' },
};

/** Answers what the service is set to. */
export async function getServiceProperties(call: Call): Promise<DataResponse> {
  const set = await call.blobs.service(call.at.account);
  const all = { ...kept, ...acting, ...(isObject(set) ? set : {}) };
  const body = xml('StorageServiceProperties', elementsOf(all));
  return answer(call.request, 200, { 'content-type': 'application/xml' }, `${xmlHead}${body}`);
}

/** Sets what is named, and leaves the rest. */
export async function setServiceProperties(call: Call): Promise<DataResponse> {
  const root = parseXml(await bodyText(call));
  if (root.name !== 'StorageServiceProperties') throw new StorageError('InvalidXmlDocument');
  for (const each of root.children) {
    if (each.name in kept) continue;
    const off =
      each.name === 'Cors' ? each.children.length === 0 : each.text('Enabled').toLowerCase() === 'false';
    if (!(each.name in acting) || !off) throw notImplemented(`Set Blob Service Properties (${each.name})`);
  }
  const named = root.children.filter(({ name }) => name in kept);
  const change = Object.fromEntries(named.map((each) => [each.name, jsonOf(each)]));
  await call.blobs.setService(call.at.account, (before) => ({
    ...(isObject(before) ? before : {}),
    ...change,
  }));
  return answer(call.request, 202, {});
}

/** Statistics are of the secondary location alone, and that has a host that is not here. */
export async function getServiceStats(): Promise<DataResponse> {
  const details = { QueryParameterName: 'comp', QueryParameterValue: 'stats' };
  throw new StorageError('InvalidQueryParameterValue', { details });
}

/** Answers what kind of account it is. */
export async function getAccountInformation({ request }: Call): Promise<DataResponse> {
  const { sku, kind, properties } = request.resource;
  return answer(request, 200, {
    'x-ms-sku-name': asText(member(sku, 'name')) ?? 'Standard_LRS',
    'x-ms-account-kind': kind ?? 'StorageV2',
    'x-ms-is-hns-enabled': String(properties['isHnsEnabled'] === true),
    'content-length': '0',
  });
}

function elementsOf(value: Json): readonly Xml[] {
  if (!isObject(value)) return [];
  return Object.entries(value).map(([name, each]) =>
    typeof each === 'string' ? xml(name, each) : xml(name, elementsOf(each ?? null)),
  );
}

function jsonOf(element: Element): Json {
  if (element.children.length === 0) return element.own.trim();
  return Object.fromEntries(element.children.map((each) => [each.name, jsonOf(each)]));
}
