// Starts @graphql-hive/gateway on a supergraph and asks it queries: JSON in on stdin, JSON out on stdout.
import { createGatewayRuntime } from '@graphql-hive/gateway';
import { text } from 'node:stream/consumers';

const { supergraph, queries, headers } = JSON.parse(await text(process.stdin));
const gateway = createGatewayRuntime({
  supergraph,
  logging: false,
  maskedErrors: false,
  propagateHeaders: { fromClientToSubgraphs: () => headers },
});

async function answer(query) {
  const body = JSON.stringify({ query });
  const response = await gateway.fetch('http://gateway/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body,
  });
  const { data, errors } = await response.json();
  return { data, errors: (errors ?? []).map((error) => error.message) };
}

const answers = [];
for (const query of queries) answers.push(await answer(query));
await gateway.dispose();
process.stdout.write(JSON.stringify(answers));
