// Makes one file of each verb's modules (docs/adr/0023-bundle.md). `dist` must be built.
import { build } from 'vite';
import { root } from './ensure-built.mjs';

await build({
  root,
  configFile: false,
  logLevel: 'error',
  ssr: { noExternal: true },
  build: {
    ssr: 'dist/cli/entry.js',
    // As deep as what it is made of: files beside the sources are found from both.
    outDir: 'dist/bundle',
    emptyOutDir: false,
    target: 'node20',
    minify: false,
    rollupOptions: {
      // The server is a process that stays, with native modules; pages are read from a folder that is deeper.
      external: [/\/dist\/server\//, /\/dist\/app\/report\/pages\.js$/],
      output: { chunkFileNames: '[name].js' },
    },
  },
});
