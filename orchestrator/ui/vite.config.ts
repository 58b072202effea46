// SPDX-License-Identifier: Apache-2.0
// How the app is put together: files with their digest in their names, no
// script or style inside the page, nothing from another site.
import { defineConfig } from 'vite';

export default defineConfig({
  // build/ui holds links to the sources, beside the packages.
  resolve: { preserveSymlinks: true },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  css: { postcss: { plugins: [] } },
  build: {
    target: 'es2021',
    outDir: 'dist',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 600,
  },
  // For work on the pages: LOEP=https://localhost:8443 npm run dev
  server: process.env['LOEP']
    ? {
        proxy: {
          '/api': {
            target: process.env['LOEP'],
            secure: false,
            changeOrigin: true,
          },
        },
      }
    : {},
});
