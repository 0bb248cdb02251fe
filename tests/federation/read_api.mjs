// Reads supergraphs with @apollo/federation-internals: a JSON list in on stdin, their client schemas out on stdout.
import { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph, printSchema } from '@apollo/federation-internals';
import { text } from 'node:stream/consumers';

const readable = { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES };

function api(sdl) {
  try {
    return { api: printSchema(Supergraph.build(sdl, readable).apiSchema()) };
  } catch (error) {
    return { error: String(error) };
  }
}

const supergraphs = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(supergraphs.map(api)));
