/**
 * The control API's server: loopback only, and every request needs the instance's token.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type {
  Beside,
  Entry,
  FabricAnswer,
  FlowsAnswer,
  HostsLine,
  Session,
  SnapshotAnswer,
  StatusAnswer,
  WhyRequest,
} from '../api/control.ts';
import { InputError } from '../app/problem.ts';
import { isObject, type JsonObject } from '../lib/json.ts';
import { largestBlob } from '../services/blob/body.ts';
import type { Bytes } from '../services/bytes.ts';
import { withoutGateway } from './environment.ts';
import type { Entry as Way } from './kernel/entry.ts';

/** What the control API can ask of an instance. */
export interface Controlled {
  status(): Promise<StatusAnswer>;
  flows(): Promise<FlowsAnswer>;
  places(): readonly string[];
  why(question: WhyRequest): string;
  verify(): Promise<string>;
  guard(on: boolean): void;
  hosts(): readonly HostsLine[];
  snapshot(): SnapshotAnswer;
  enter(place: string, as?: string): Session;
  resolver(place: string): Promise<string>;
  fabric(): FabricAnswer;
  /** How a program gets to a place that the kernel makes; undefined: nothing is made by the kernel. */
  entry(place: string): Promise<Way | undefined>;
  leave(username: string): void;
  describe(configs: readonly Beside[]): Promise<void>;
  seed(to: string, bytes: Bytes): Promise<void>;
  stop(): void;
}

const largestBody = 4 * 1024 * 1024;
const largestSeed = largestBlob;

/** Makes the control API over an instance. */
export function controlApi(instance: Controlled, token: string): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    const given = Buffer.from(/^Bearer (\S+)$/.exec(context.req.header('authorization') ?? '')?.[1] ?? '');
    const wanted = Buffer.from(token);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      return context.text('The token is missing or wrong.\n', 401);
    return next();
  });
  const atMost = (maxSize: number): ReturnType<typeof bodyLimit> =>
    bodyLimit({ maxSize, onError: (context) => context.text(`at most ${maxSize} bytes are taken\n`, 413) });
  app.onError((error, context) => {
    if (error instanceof InputError) return context.text(`${error.message}\n`, 400);
    return context.text(`${error.message}\n`, 500);
  });
  app.get('/alive', (context) => context.body(null, 204));
  app.get('/status', async (context) => context.json(await instance.status()));
  app.get('/fabric', (context) => context.json(instance.fabric()));
  app.get('/flows', async (context) => context.json(await instance.flows()));
  app.get('/places', (context) => context.json(instance.places()));
  app.get('/hosts', (context) => context.json(instance.hosts()));
  app.get('/snapshot', (context) => context.body(JSON.stringify(instance.snapshot())));
  app.use('/content/*', atMost(largestSeed));
  app.put('/content/:path{.+}', async (context) => {
    await instance.seed(context.req.param('path'), context.req.raw.body ?? new Uint8Array());
    return context.body(null, 204);
  });
  app.use(atMost(largestBody));
  app.post('/why', async (context) =>
    context.body(instance.why(questionIn(objectIn(await jsonOf(context)))), 200, {
      'content-type': 'application/json',
    }),
  );
  app.post('/verify', async (context) =>
    context.body(await instance.verify(), 200, { 'content-type': 'application/json' }),
  );
  app.put('/guard', async (context) => {
    const { on } = objectIn(await jsonOf(context));
    if (typeof on !== 'boolean') throw new InputError({ message: "the body needs 'on', true or false" });
    instance.guard(on);
    return context.body(null, 204);
  });
  app.post('/sessions', async (context) => {
    const asked = objectIn(await jsonOf(context));
    const place = textIn(asked, 'place');
    const way = asked['inside'] === true ? await instance.entry(place) : undefined;
    const session = instance.enter(place, asked['as'] === undefined ? undefined : textIn(asked, 'as'));
    const entry: Entry | undefined = way && {
      command: way.command,
      environment: {
        ...withoutGateway(session.environment),
        ...way.environment,
        CLOISTER_DNS: way.resolver,
      },
    };
    const environment = { ...session.environment, CLOISTER_DNS: await instance.resolver(place) };
    return context.json({ ...session, environment, ...(entry ? { entry } : {}) });
  });
  app.delete('/sessions/:username', (context) => {
    instance.leave(context.req.param('username'));
    return context.body(null, 204);
  });
  app.put('/beside', async (context) => {
    const list = await jsonOf(context);
    if (!Array.isArray(list)) throw new InputError({ message: 'the body must be a list' });
    await instance.describe(
      list.map(objectIn).map((it) => ({ config: textIn(it, 'config'), file: textIn(it, 'file') })),
    );
    return context.body(null, 204);
  });
  app.post('/stop', (context) => {
    instance.stop();
    return context.body(null, 204);
  });
  return app;
}

async function jsonOf(context: Context): Promise<unknown> {
  try {
    return await context.req.json();
  } catch {
    throw new InputError({ message: 'the body is not JSON' });
  }
}

function objectIn(value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw new InputError({ message: 'the body must hold objects' });
}

function textIn(value: JsonObject, name: string): string {
  const text = value[name];
  if (typeof text === 'string') return text;
  throw new InputError({ message: `the body needs '${name}', a text` });
}

function questionIn(value: JsonObject): WhyRequest {
  const { protocol, as } = value;
  return {
    from: textIn(value, 'from'),
    to: textIn(value, 'to'),
    ...(protocol === undefined ? {} : { protocol: textIn(value, 'protocol') }),
    ...(as === undefined ? {} : { as: textIn(value, 'as') }),
  };
}
