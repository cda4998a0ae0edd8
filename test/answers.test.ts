/** The judge of recorded answers sees what is wrong. */

import { describe, expect, it } from 'vitest';
import type { Json } from '../src/lib/json.ts';
import { type Answer, judge } from './clients/answers/judge.ts';
import { readShapes, words } from './clients/answers/shapes.ts';

const root = '/subscriptions/0c7e5a1d-3f0b-4c52-9d6e-1a2b3c4d5e6f/resourceGroups/rg/providers';
const zone = `${root}/Microsoft.Network/privateDnsZones/a.example`;
const link = `${zone}/virtualNetworkLinks/l`;
const guid = '3f0b5a1d-0c7e-4c52-9d6e-1a2b3c4d5e6f';
const operation = `https://management.azure.com/subscriptions/x/providers/Microsoft.Resources/operationStatuses/${guid}?api-version=2020-06-01`;

const properties = {
  virtualNetwork: { id: `${root}/Microsoft.Network/virtualNetworks/v` },
  registrationEnabled: false,
  virtualNetworkLinkState: 'Completed',
  provisioningState: 'Succeeded',
};
const whole = {
  id: link,
  name: 'l',
  type: 'Microsoft.Network/privateDnsZones/virtualNetworkLinks',
  location: 'global',
};
const good: Answer = {
  method: 'PUT',
  target: `${link}?api-version=2020-06-01`,
  status: 201,
  headers: { 'x-ms-request-id': guid, 'content-type': 'application/json; charset=utf-8' },
  body: { ...whole, properties },
};
const judged = (answer: Partial<Answer>): readonly string[] =>
  judge(JSON.stringify({ ...good, ...answer })).problems;
const withProperties = (more: Readonly<Record<string, Json>>): Json => ({
  ...whole,
  properties: { ...properties, ...more },
});

describe('an answer', () => {
  it('as Azure gives it has nothing wrong, and is counted', () => {
    const { answers, types, fields, assumed, problems } = judge(`${JSON.stringify(good)}\n`);
    expect({ answers, types, fields, assumed, problems }).toEqual({
      answers: 1,
      types: ['Microsoft.Network/privateDnsZones/virtualNetworkLinks'],
      fields: 8,
      assumed: [],
      problems: [],
    });
  });

  it('of the marketplace is a bare list', () => {
    const skus =
      '/providers/Microsoft.Compute/locations/eastus/publishers/P/artifacttypes/vmimage/offers/O/skus/S';
    const target = `/subscriptions/${guid}${skus}/versions?api-version=2024-07-01`;
    const list = { method: 'GET', target, status: 200 };
    const image = { id: `/subscriptions/${guid}${skus}/versions/1.0.0`, name: '1.0.0', location: 'eastus' };
    expect(judged({ ...list, body: [image] })).toEqual([]);
    expect(judged({ ...list, body: [{ ...image, location: 1 }] })).toEqual([
      expect.stringContaining('1 is not: text'),
    ]);
  });

  it.each<[string, Partial<Answer>, string]>([
    ['a member is missing', { body: { ...whole, properties: {} } }, 'lacks virtualNetwork'],
    ['a member is not Azure’s', { body: withProperties({ colour: 'red' }) }, 'has colour'],
    ['a flag is a text', { body: withProperties({ registrationEnabled: 'false' }) }, '"false" is not: flag'],
    [
      'a state is not one',
      { body: withProperties({ provisioningState: 'Done' }) },
      '"Done" is not: Creating',
    ],
    ['an id is none', { body: withProperties({ virtualNetwork: { id: 'v' } }) }, '"v" is not: id'],
    [
      'it is not ready and says no operation',
      { body: withProperties({ provisioningState: 'Creating' }) },
      'no operation',
    ],
    [
      'an operation is not absolute',
      { headers: { ...good.headers, 'azure-asyncoperation': '/x', 'retry-after': '1' } },
      'no absolute address',
    ],
    [
      'it says an operation and is ready',
      { headers: { ...good.headers, 'azure-asyncoperation': operation, 'retry-after': '1' } },
      'and is Succeeded',
    ],
    [
      'a header is missing',
      { headers: { 'content-type': 'application/json; charset=utf-8' } },
      'x-ms-request-id',
    ],
    [
      'the type of its content',
      { headers: { 'x-ms-request-id': guid, 'content-type': 'text/plain' } },
      'is text/plain',
    ],
    ['a status is not ARM’s', { status: 206 }, 'PUT is not answered so'],
    ['a 202 without a place to ask', { status: 202 }, 'says Location'],
    ['an error without a code', { status: 400, body: { error: { message: 'no' } } }, 'lacks code'],
    ['an error beside its envelope', { status: 400, body: { code: 'X', message: 'no' } }, 'lacks error'],
    [
      'a list is none',
      { method: 'GET', status: 200, target: `${zone}/virtualNetworkLinks`, body: {} },
      'lacks value',
    ],
    [
      'something in a list',
      { method: 'GET', status: 200, target: `${zone}/virtualNetworkLinks`, body: { value: [whole] } },
      'value[0]: lacks properties',
    ],
    [
      'an operation without a status',
      {
        method: 'GET',
        status: 200,
        target: new URL(operation).pathname,
        body: { id: 'x', name: 'x', startTime: '2026-01-01T00:00:00Z' },
      },
      'lacks status',
    ],
  ])('%s', (_, answer, says) => {
    expect(judged(answer).join('\n')).toContain(says);
  });

  it('of a type or an action without a source is assumed, by name', () => {
    const fiction = {
      ...good,
      target: `${root}/Microsoft.Network/things/t`,
      body: { ...whole, properties: { x: 1 } },
    };
    const action = { ...good, method: 'POST', status: 200, target: `${zone}/turn`, body: {} };
    const { assumed, problems } = judge([fiction, action].map((each) => JSON.stringify(each)).join('\n'));
    expect(assumed).toEqual(['Microsoft.Network/privateDnsZones/turn', 'Microsoft.Network/things']);
    expect(problems).toEqual([]);
  });
});

it('shapes.yaml has no word that nobody knows', () => {
  const { types, others, actions } = readShapes();
  expect(Object.keys(types).length).toBeGreaterThanOrEqual(28);
  expect(Object.keys(actions).length).toBeGreaterThanOrEqual(5);
  const said = leaves({ ...types, ...others, ...actions } as Json);
  expect(said.length).toBeGreaterThan(400);
  const choices = / \| |^[A-Z]/;
  expect(said.filter((word) => words[word] === undefined && !choices.test(word))).toEqual([]);
});

function leaves(shape: Json): readonly string[] {
  if (typeof shape === 'string') return [shape];
  return Object.entries(shape ?? {}).flatMap(([name, inner]) => (name === '+' ? [] : leaves(inner)));
}
