/**
 * Azure Resource Manager and the template language, asked nonsense: every answer is one of theirs.
 */

import {
  anything,
  array,
  assert,
  asyncProperty,
  constantFrom,
  jsonValue,
  oneof,
  property,
  record,
} from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArmError } from '../../src/arm/error.ts';
import { ExpressionProblem } from '../../src/arm/template/expression.ts';
import { context, outputs, template, zone } from '../../src/arm/template/fixture.ts';
import { functions } from '../../src/arm/template/functions/registry.ts';
import { readJson } from '../../src/arm/template/json.ts';
import { parseExpression } from '../../src/arm/template/parser.ts';
import { prepareTemplate } from '../../src/arm/template/prepare.ts';
import { SyntaxProblem } from '../../src/arm/template/problem.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import { registry } from '../../src/providers/registry.ts';
import { bent, budget, soup } from '../support/fuzz.ts';
import { idOf, rg, root, TestPlane } from '../support/plane.ts';

const types = [...registry.all()].map(({ type }) => type);
const methods = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'FOO'];
const words = [
  '/subscriptions',
  root,
  '/resourceGroups',
  rg,
  '/rg',
  '/providers',
  ...types.map((type) => `/providers/${type}`),
  '/providers/Microsoft.Resources/deployments',
  '/providers/Microsoft.Authorization/roleAssignments',
  '/locations/eastus',
  '/x',
  '/default',
  '/listKeys',
  '/validate',
  '/whatIf',
  '/operations',
  '/exportTemplate',
];
const values = oneof(
  jsonValue({ maxDepth: 3 }) as ReturnType<typeof constantFrom<Json[]>>,
  constantFrom<Json[]>(
    '10.0.0.0/8',
    '10.0.0.1',
    'eastus',
    idOf('vnet/hub'),
    'Allow',
    '*',
    [],
    {},
    'a.b',
    true,
    -1,
    1e9,
  ),
);
const members = constantFrom(
  ...['location', 'properties', 'name', 'id', 'tags', 'sku', 'kind', 'identity', 'zones', 'type', 'etag'],
  ...['subnets', 'addressSpace', 'addressPrefixes', 'securityRules', 'routes', 'ipConfigurations', 'mode'],
  ...['template', 'parameters', 'subnet', 'privateLinkServiceConnections', '__proto__', 'constructor'],
);
const object = array(record({ member: members, value: values }), { maxLength: 5 }).map((pairs) =>
  Object.fromEntries(pairs.map(({ member, value }) => [member, value])),
);
const bodies = oneof(
  object,
  record({ location: constantFrom('eastus', 'nowhere', 7 as unknown as string), properties: object }),
  values,
);

describe('the router', () => {
  it.each([
    // What is extended is no resource: the provider threw.
    `${rg}/subscriptions/providers/Microsoft.MachineLearningServices/workspaces/data`,
    `${rg}/a/b/providers/Microsoft.Network/virtualNetworks/n/subnets/s`,
    `${root}/x/providers/Microsoft.Authorization/roleAssignments/11111111-2222-4333-8444-555555555555`,
  ])('refuses to write below what is nothing: %s', async (path) => {
    const plane = await TestPlane.start();
    for (const method of ['PUT', 'GET', 'DELETE', 'PATCH', 'POST']) {
      const { status, code } = await plane.ask(method, path, { location: 'eastus', properties: {} });
      expect([method, status >= 400 && status < 500, code !== undefined]).toEqual([method, true, true]);
    }
  });

  it('has nothing to delete where no deployment can be called so', async () => {
    const plane = await TestPlane.start();
    const path = `${rg}/providers/Microsoft.Resources/deployments/%`;
    expect((await plane.ask('DELETE', path, undefined)).status).toBe(204);
    expect((await plane.ask('GET', path, undefined)).code).toBe('DeploymentNotFound');
  });

  it('answers every path and body in its own words', { timeout: 120_000 }, async () => {
    const plane = await TestPlane.start();
    await plane.put(idOf('vnet/hub'), {
      location: 'eastus',
      properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } },
    });
    let refused = 0;
    let taken = 0;
    const named = constantFrom(...types).chain((type) =>
      constantFrom('a', 'a/b', 'a/b/c', 'hub', '', '%', 'x'.repeat(100)).map((name) => {
        const [space = '', ...kinds] = type.split('/');
        const names = name.split('/');
        return `${rg}/providers/${space}${kinds.map((kind, at) => `/${kind}/${names[at] ?? 'n'}`).join('')}`;
      }),
    );
    const versions = constantFrom(
      '2024-01-01',
      '',
      '2024',
      '2024-13-45',
      '2024-01-01-preview',
      'latest',
      '\u0000',
    );
    await assert(
      asyncProperty(
        constantFrom(...methods),
        oneof(soup(words), named),
        bodies,
        versions,
        async (method, path, body, version) => {
          const query = { 'api-version': version };
          const answer = await plane.ask(method, path, body as Json, { query });
          if (answer.status < 400) taken += 1;
          else refused += 1;
          const own = answer.status < 400 || (answer.status < 500 && answer.code && answer.message);
          expect([
            method,
            path,
            answer.status,
            answer.code,
            Boolean(own) || method === 'HEAD' || answer.status === 501,
          ]).toEqual([method, path, answer.status, answer.code, true]);
        },
      ),
      budget('router', 3_000),
    );
    await plane.idle();
    expect(plane.defects).toEqual([]);
    // A fuzzer that is only refused sees one line of code.
    expect(Math.min(refused, taken)).toBeGreaterThan(100);
    // Whatever was stored can be compiled.
    expect(plane.network().endpoints).toBeDefined();
  });
});

/** Runs something that may refuse, in the words of templates. */
function refuses(work: () => unknown, ...words: readonly (new (...args: never[]) => Error)[]): boolean {
  try {
    work();
    return false;
  } catch (error) {
    if (words.some((word) => error instanceof word)) return true;
    throw error;
  }
}

describe('the template language', () => {
  const pieces = [
    ...Object.keys(functions),
    ...['(', ')', ',', "'a'", "'b.c'", '1', '-5', "['x']", '[0]', '.id', '.x', '?.y', 'null()', 'true()'],
    ...[
      "parameters('p')",
      "variables('v')",
      'resourceGroup().id',
      "createObject('a', 1)",
      "createArray(1, 'b')",
    ],
  ];

  it('parses or refuses whatever is in brackets', () => {
    let right = 0;
    const texts = oneof(
      soup(pieces).map((text) => `[${text}]`),
      bent([
        "[concat('a', resourceGroup().location, parameters('p')[0].b)]",
        "[if(equals(1, 2), 'x', json('{}'))]",
      ]),
    );
    assert(
      property(texts, (text) => {
        if (!refuses(() => parseExpression(text), ExpressionProblem)) right += 1;
      }),
      budget('parser', 5_000),
    );
    expect(right).toBeGreaterThan(100);
  });

  it('evaluates or refuses every call of every function', () => {
    const values = constantFrom(
      ...[
        "''",
        "'a'",
        "'a,b'",
        "'10.0.0.0/16'",
        "'2024-01-01T00:00:00Z'",
        "'{}'",
        "'e30='",
        "'P1D'",
        '0',
        '1',
        '-1',
      ],
      ...['2147483647', 'true()', 'null()', 'createArray()', "createArray(1, 'a', null())", 'createObject()'],
      ...[
        "createObject('a', createArray(1))",
        'resourceGroup()',
        "'Microsoft.Network/virtualNetworks'",
        "'{0}{1}'",
      ],
      ...["'😀'", "'%zz'", "'https://a/b'", 'range(0, 3)', "'__proto__'", 'json(\'{"__proto__": 1}\')'],
    );
    let right = 0;
    let wrong = 0;
    assert(
      property(constantFrom(...Object.keys(functions)), array(values, { maxLength: 4 }), (name, args) => {
        const value = `[${name}(${args.join(', ')})]`;
        const parts = {
          outputs: { out: { type: 'object', value: `[createObject('v', ${value.slice(1, -1)})]` } },
        };
        const refused = refuses(() => outputs(prepareTemplate(template(parts), {}, context)), ArmError);
        if (refused) wrong += 1;
        else right += 1;
      }),
      budget('evaluator', 4_000),
    );
    expect(Math.min(right, wrong)).toBeGreaterThan(100);
  });

  it('prepares or refuses whatever a template is', () => {
    const names = [
      'parameters',
      'variables',
      'resources',
      'outputs',
      'functions',
      'languageVersion',
      'definitions',
    ];
    const part = oneof(anything({ maxDepth: 3, withNullPrototype: false }), jsonValue({ maxDepth: 4 }));
    const resource = record({
      type: constantFrom('Microsoft.Network/virtualNetworks', 'a', '', 7 as unknown as string),
      name: constantFrom('a', '', "[concat('a')]", '[', 7 as unknown as string),
      apiVersion: constantFrom('2024-01-01', '', null as unknown as string),
      dependsOn: jsonValue({ maxDepth: 1 }),
      copy: jsonValue({ maxDepth: 1 }),
      condition: jsonValue({ maxDepth: 1 }),
      properties: jsonValue({ maxDepth: 2 }),
    });
    assert(
      property(constantFrom(...names), part, array(resource, { maxLength: 3 }), (name, value, resources) => {
        const text = JSON.stringify({
          ...template({ resources: [zone('z'), ...(resources as JsonObject[])] }),
          [name]: value ?? null,
        });
        const parsed = JSON.parse(text) as JsonObject;
        refuses(() => outputs(prepareTemplate(parsed, {}, context)), ArmError);
      }),
      budget('templates', 3_000),
    );
  });

  it('reads or refuses whatever is meant as JSON, and reads JSON as everybody does', () => {
    let both = 0;
    const right = [
      '{"a": [1, -2.5e3, true, null, "x\\u0041\\n"], "b": {}}',
      '// c\n{"a": /* d */ 1}',
      "{'a': 'b\nc'}",
      '[]',
    ];
    assert(
      property(
        oneof(
          bent(right),
          jsonValue().map((value) => JSON.stringify(value, undefined, 1)),
        ),
        (text) => {
          let read: { readonly value: Json } | undefined;
          const refused = refuses(() => {
            read = readJson(text, 'a.json');
          }, SyntaxProblem);
          let usual: unknown;
          try {
            usual = JSON.parse(text);
          } catch {
            return;
          }
          // Members that differ in case alone, and what no double can hold, are refused where others take them.
          if (refused) return;
          both += 1;
          expect(JSON.stringify(read?.value)).toBe(JSON.stringify(usual));
        },
      ),
      budget('JSON', 4_000),
    );
    expect(both).toBeGreaterThan(500);
  });
});
