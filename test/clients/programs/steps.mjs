/**
 * Steps of a program that uses an SDK of Azure, unmodified: run by `cloister exec`, told where it stands. Each step is
 * printed as one line of JSON, {"step", "ok", "says"}; the last line is {"steps", "failed"}.
 *
 * `works`: the call succeeds, as in Azure. `refuses`: it fails, as in Azure. `limit`: it fails here, by name, and
 * works in Azure. docs/clients.md is written from these words and their first argument.
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { inspect } from 'node:util';

const require = createRequire(join(process.env.CLOISTER_CLIENTS, 'node', 'package.json'));

/** An SDK from the clients' environment. */
export const sdk = (name) => require(name);

export const place = process.env.CLOISTER_PLACE;
export const subscription = process.env.AZURE_SUBSCRIPTION_ID;
export const group = 'cloister';

let steps = 0;
let failed = 0;

/** A call that must succeed; its result must pass the check. Returns the result, or undefined where it failed. */
export async function works(step, call, check = () => true) {
  try {
    const found = await call();
    tell(step, check(found) === true, found);
    return found;
  } catch (error) {
    tell(step, false, problemOf(error));
    return undefined;
  }
}

/** A call that must fail as in Azure: with that status, if the client tells it, and these words in what it says. */
export async function refuses(step, status, words, call) {
  try {
    tell(step, false, await call());
  } catch (error) {
    const says = problemOf(error);
    const right = (error.statusCode ?? error.status) === status && words.every((word) => says.includes(word));
    tell(step, right, says);
  }
}

/** A call that works in Azure and is refused here, by name. */
export const limit = refuses;

/** Everything that an iterator yields. */
export async function all(iterator) {
  const found = [];
  for await (const each of iterator) found.push(each);
  return found;
}

/** The last line. */
export function finish() {
  console.log(JSON.stringify({ steps, failed }));
  process.exitCode = failed === 0 ? 0 : 1;
}

function tell(step, ok, found) {
  steps += 1;
  if (!ok) failed += 1;
  const says = (typeof found === 'string' ? found : inspect(found, { depth: 3 })).slice(0, 400);
  console.log(JSON.stringify({ step, ok, says }));
}

function problemOf(error) {
  const { name, code, statusCode, message } = error;
  return [name, statusCode, code, message].filter((part) => part !== undefined).join(' ');
}
