/**
 * The control API's server: loopback only, and every request needs the instance's token.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import type { Beside, StatusAnswer, WhyRequest } from '../api/control.ts';
import { InputError } from '../app/problem.ts';

/** What the control API can ask of an instance. */
export interface Controlled {
  status(): Promise<StatusAnswer>;
  places(): readonly string[];
  why(question: WhyRequest): string;
  hosts(): unknown;
  enter(place: string): unknown;
  leave(username: string): void;
  describe(configs: readonly Beside[]): void;
  seed(to: string, bytes: Uint8Array): Promise<void>;
  stop(): void;
}

const largestSeed = 512 * 1024 * 1024;

/** Makes the control API over an instance. */
export function controlApi(instance: Controlled, token: string): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    const given = Buffer.from(context.req.header('authorization')?.replace(/^Bearer /, '') ?? '');
    const wanted = Buffer.from(token);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      return context.text('The token is wrong.\n', 401);
    return next();
  });
  app.onError((error, context) => {
    if (error instanceof InputError) return context.text(`${error.message}\n`, 400);
    return context.text(`${error.message}\n`, 500);
  });
  app.get('/status', async (context) => context.json(await instance.status()));
  app.get('/places', (context) => context.json(instance.places()));
  app.get('/hosts', (context) => context.json(instance.hosts()));
  app.post('/why', async (context) =>
    context.body(instance.why(await context.req.json<WhyRequest>()), 200, {
      'content-type': 'application/json',
    }),
  );
  app.post('/sessions', async (context) => {
    const { place } = await context.req.json<{ place: string }>();
    return context.json(instance.enter(place));
  });
  app.delete('/sessions/:username', (context) => {
    instance.leave(context.req.param('username'));
    return context.body(null, 204);
  });
  app.put('/beside', async (context) => {
    instance.describe(await context.req.json<Beside[]>());
    return context.body(null, 204);
  });
  app.put('/content/:path{.+}', async (context) => {
    const bytes = new Uint8Array(await context.req.arrayBuffer());
    if (bytes.length > largestSeed)
      return context.text(`a file may have at most ${largestSeed} bytes\n`, 413);
    await instance.seed(context.req.param('path'), bytes);
    return context.body(null, 204);
  });
  app.post('/stop', (context) => {
    instance.stop();
    return context.body(null, 204);
  });
  return app;
}
