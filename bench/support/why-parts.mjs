/**
 * The steps of `cloister why FILE` one by one, as bin/cloister and src/cli/why.ts take them. Milliseconds, as JSON.
 */

const [example, from, to] = process.argv.slice(2);
const marks = [performance.now()];
const mark = () => marks.push(performance.now());
const { ensureBuilt } = await import('../../bin/ensure-built.mjs');
ensureBuilt();
mark();
await import('../../dist/cli/main.js');
mark();
const { why } = await import('../../dist/app/why.js');
const { open } = await import('../../dist/app/files.js');
mark();
const { linked } = await open([example]);
mark();
JSON.stringify(why(linked.network, { from, to }), undefined, 2);
mark();
const names = ['check', 'verbs', 'modules', 'open', 'walk'];
const parts = names.map((name, at) => [name, marks[at + 1] - marks[at]]);
process.stdout.write(JSON.stringify(Object.fromEntries(parts)));
