// The explorer is served by the router from its own package: no CDN, no request to another origin.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/explorer-assets/',
  plugins: [react()],
  worker: { format: 'es' },
  build: {
    outDir: '../../router/http/static/explorer',
    emptyOutDir: true,
    chunkSizeWarningLimit: 8192,
    reportCompressedSize: false,
  },
});
