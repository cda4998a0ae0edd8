/**
 * The architecture, as data: who may import whom, where Azure's literals and the platform may appear, how large a
 * file may be. A checker that sees nothing passes, so it also says how much it saw.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../src', import.meta.url));

/** Layer -> the layers that it may import, and why it must not import more. */
const layers = {
  lib: { may: [], because: 'it is the leaf' },
  net: { may: ['lib'], because: 'semantics run in a browser, a verifier and a server alike' },
  arm: { may: ['lib'], because: 'the control plane knows nothing of networks' },
  providers: { may: ['arm', 'net', 'lib'], because: 'it is the only bridge between arm and net' },
  verify: { may: ['net', 'lib'], because: 'proof reads the compiled Network and nothing else' },
  enforce: { may: ['net', 'lib'], because: 'drivers hold no rule of Azure' },
  ship: { may: ['providers', 'arm', 'net', 'lib'], because: 'exporting needs no server' },
  app: {
    may: ['arm', 'providers', 'net', 'verify', 'ship', 'lib'],
    because: 'files to answers, without a server',
  },
  services: { may: ['arm', 'lib'], because: 'services word refusals and decide none' },
  compute: { may: ['arm', 'lib'], because: 'replicas know nothing of networks' },
  store: { may: ['arm', 'lib'], because: 'it implements the port of arm' },
  api: { may: ['lib'], because: 'it owns its types' },
  server: {
    may: [
      'lib',
      'net',
      'arm',
      'providers',
      'verify',
      'app',
      'enforce',
      'ship',
      'services',
      'compute',
      'store',
      'api',
    ],
    because: 'it is the composition root and holds no rule',
  },
  cli: { may: ['app', 'api', 'lib', 'server'], because: 'it is thin; the server only to start it' },
} as const satisfies Record<string, { may: readonly string[]; because: string }>;

type Layer = keyof typeof layers;

/** The platform, clock and randomness stay out of what must give the same answer everywhere. */
const pure: readonly Layer[] = ['lib', 'net', 'arm', 'providers', 'verify', 'ship'];
const impure = /\b(?:Date\.now|new Date\(\)|Math\.random|performance\.now|process\.|crypto\.randomUUID)/;

/** Rules of Azure are tables in net and providers; a literal elsewhere is a second dispatch. */
const literals = /privatelink\.|168\.63\.129\.16|\b65500\b|'VirtualNetwork'|'AzureLoadBalancer'/;
const mayHoldLiterals: readonly Layer[] = ['net', 'providers'];

/** Files of cli that start a server, by name. */
const starters = ['cli/serve.ts', 'cli/up.ts', 'cli/start.ts'];

interface Module {
  readonly path: string;
  readonly layer: Layer;
  readonly text: string;
  readonly imports: readonly string[];
}

const modules: readonly Module[] = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((file) => !/\.(test|testing)\.ts$|fixture\.ts$/.test(file))
  .map((file) => {
    const text = readFileSync(file, 'utf8');
    const path = relative(root, file);
    const { module } = parseSync(file, text);
    const imports = [
      ...module.staticImports.map((item) => item.moduleRequest.value),
      ...module.staticExports.flatMap((item) =>
        item.entries.flatMap((entry) => entry.moduleRequest?.value ?? []),
      ),
      ...module.dynamicImports.map((item) =>
        text.slice(item.moduleRequest.start, item.moduleRequest.end).replace(/['"`]/g, ''),
      ),
    ];
    return { path, layer: path.split('/')[0] as Layer, text, imports };
  });

const edges = modules.flatMap((from) =>
  from.imports
    .filter((request) => request.startsWith('.'))
    .map((request) => ({ from, to: relative(root, resolve(root, dirname(from.path), request)) })),
);

describe('architecture', () => {
  it('saw the whole source', () => {
    expect(new Set(modules.map((module) => module.layer))).toEqual(new Set(Object.keys(layers)));
    expect(modules.length).toBeGreaterThan(150);
    expect(edges.length).toBeGreaterThan(500);
    console.log(`architecture: ${modules.length} modules, ${edges.length} imports`);
  });

  it('imports along the table of layers', () => {
    const wrong = edges
      .map(({ from, to }) => ({ from, to, layer: to.split('/')[0] as Layer }))
      .filter(
        ({ from, layer }) =>
          from.layer !== layer && !(layers[from.layer].may as readonly string[]).includes(layer),
      )
      .map(({ from, to }) => `${from.path} imports ${to}, but ${from.layer}: ${layers[from.layer].because}`);
    expect(wrong).toEqual([]);
  });

  it('starts a server from cli only where that is the point', () => {
    const wrong = edges
      .filter(
        ({ from, to }) => from.layer === 'cli' && to.startsWith('server/') && !starters.includes(from.path),
      )
      .map(({ from, to }) => `${from.path} imports ${to}`);
    expect(wrong).toEqual([]);
  });

  it('has the same table in its TypeScript projects', () => {
    for (const [layer, { may }] of Object.entries(layers)) {
      const project = JSON.parse(readFileSync(join(root, layer, 'tsconfig.json'), 'utf8')) as {
        references: { path: string }[];
      };
      const references = project.references.map((reference) => reference.path.replace('../', ''));
      expect([layer, references.toSorted()]).toEqual([layer, [...may].toSorted()]);
    }
  });

  it('keeps Node out of what the entry of the package reaches', () => {
    const reached = new Set(['app/index.ts']);
    for (const path of reached) {
      for (const { from, to } of edges) if (from.path === path) reached.add(to);
    }
    const wrong = modules
      .filter(({ path, imports }) => reached.has(path) && imports.some((name) => name.startsWith('node:')))
      .map(({ path }) => path);
    expect(reached.size).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
  });

  it('has no cycles between modules', () => {
    const graph = new Map(modules.map((module) => [module.path, [] as string[]]));
    for (const { from, to } of edges) graph.get(from.path)?.push(to);
    const done = new Set<string>();
    const walk = (path: string, trail: readonly string[]): string[] | undefined => {
      if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
      if (done.has(path)) return undefined;
      for (const next of graph.get(path) ?? []) {
        const cycle = walk(next, [...trail, path]);
        if (cycle) return cycle;
      }
      done.add(path);
      return undefined;
    };
    const cycles = modules.map((module) => walk(module.path, [])).filter((cycle) => cycle !== undefined);
    expect(cycles).toEqual([]);
  });

  it('keeps the platform, the clock and chance out of the pure layers', () => {
    const wrong = modules
      .filter((module) => pure.includes(module.layer))
      .filter(
        ({ imports, text }) =>
          imports.some((request) => request.startsWith('node:')) || impure.test(code(text)),
      )
      .map((module) => module.path);
    expect(wrong).toEqual([]);
  });

  it("keeps Azure's literals in net and providers", () => {
    const wrong = modules
      .filter((module) => !mayHoldLiterals.includes(module.layer) && literals.test(code(module.text)))
      .map((module) => module.path);
    expect(wrong).toEqual([]);
  });

  it('says in every file what the file is', () => {
    const wrong = modules
      .filter(({ text }) => !/^(?:#!.*\n)?\/\*\*[\s\S]*?@module\s*\*\//.test(text))
      .map((module) => module.path);
    expect(wrong).toEqual([]);
  });

  it('keeps files small', () => {
    const long = modules.filter(({ text }) => text.split('\n').length > 500).map((module) => module.path);
    expect(long).toEqual([]);
    const over = modules.filter(({ text }) => text.split('\n').length > 300).map((module) => module.path);
    expect(over.length).toBeLessThan(modules.length / 20);
  });

  it('has no utils, no factories and no interface prefixes', () => {
    const wrong = modules.filter(
      ({ path, text }) => /utils?\.ts$|[Ff]actory/.test(path) || /\binterface I[A-Z][a-z]/.test(code(text)),
    );
    expect(wrong.map((module) => module.path)).toEqual([]);
  });
});

/** The text without comments, so that prose may name what code may not. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
