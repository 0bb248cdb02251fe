// Composes sets of subgraphs with @apollo/composition: JSON in on stdin, JSON out on stdout.
import { composeServices } from '@apollo/composition';
import { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph, errorCauses, printSchema } from '@apollo/federation-internals';
import { GraphQLError, parse } from 'graphql';
import { text } from 'node:stream/consumers';

const readable = { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES };
const code = (error) => error.extensions?.code ?? 'INVALID_GRAPHQL';

function composed(subgraphs) {
  let services;
  try {
    services = subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
  } catch {
    return { unreadable: true };
  }
  try {
    const { supergraphSdl, errors, hints } = composeServices(services);
    if (errors) return { codes: errors.map(code) };
    const api = printSchema(Supergraph.build(supergraphSdl, readable).apiSchema());
    return { supergraph: supergraphSdl, api, hints: hints.map((hint) => hint.definition.code) };
  } catch (error) {
    const causes = errorCauses(error);
    if (causes) return { codes: causes.map(code) };
    return error instanceof GraphQLError ? { codes: [code(error)] } : { crash: String(error) };
  }
}

const sets = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(sets.map(composed)));
