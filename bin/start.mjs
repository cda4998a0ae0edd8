// `npm start`: sets itself up, then runs the main job on the example.
import { ensureBuilt } from './ensure-built.mjs';

ensureBuilt();
const { start } = await import('../dist/cli/start.js');
try {
  process.exitCode = await start(process.argv.slice(2));
} catch (error) {
  const { report } = await import('../dist/cli/report.js');
  process.exitCode = report(error);
}
