/** Loaded into a server with `node --import`: writes the host of each request as a line to the file COUNT_REQUESTS. */

import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';

const file = process.env.COUNT_REQUESTS;
if (file !== undefined) {
  subscribe('http.server.request.start', ({ request }) => appendFileSync(file, `${request.headers.host}\n`));
}
