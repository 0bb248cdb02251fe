// Asks one running router with the clients that people use, and prints what each of them saw as JSON.
//   node clients.mjs CLIENT URL OPERATION
// CLIENT: a key of `clients` below. OPERATION: {query, variables?, events?, accept?} as JSON.
import { createClient as sseClient } from 'graphql-sse';
import { createClient as socketClient } from 'graphql-ws';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { Defer20220824Handler, GraphQL17Alpha9Handler } from '@apollo/client/incremental';
import { meros } from 'meros/browser';
import WebSocket from 'ws';

const [client, url, text] = process.argv.slice(2);
const { query, variables, events = Infinity, accept } = JSON.parse(text);
const seen = { results: [], error: null, completed: false, connected: 0, states: [] };

const finish = () => { console.log(JSON.stringify(seen)); process.exit(0); };
const told = (error) => (error instanceof Error ? `${error.name}: ${error.message}` : JSON.stringify(error));

// Until `events` results came, then leave; or until the other side ends it.
const sink = (leave) => ({
  next: (result) => { seen.results.push(result); if (seen.results.length >= events) { leave?.(); finish(); } },
  error: (error) => { seen.error = told(error); finish(); },
  complete: () => { seen.completed = true; finish(); },
});

const clients = {
  sse: () => {
    const one = sseClient({ url, retryAttempts: 0 });
    const leave = one.subscribe({ query, variables }, sink(() => leave()));
  },
  'sse-retry': () => {
    const on = { connected: () => { seen.connected += 1; } };
    const one = sseClient({ url, retryAttempts: 5, retry: () => Promise.resolve(), on });
    const leave = one.subscribe({ query, variables }, sink(() => leave()));
  },
  ws: () => {
    const one = socketClient({ url: url.replace(/^http/, 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });
    const leave = one.subscribe({ query, variables }, sink(() => leave()));
  },
  apollo: () => {
    const one = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url }) });
    const read = (result) => ({ data: result.data, error: result.error && told(result.error) });
    const to = sink(() => subscription.unsubscribe());
    const subscription = one
      .subscribe({ query: gql(query), variables })
      .subscribe({ ...to, next: (result) => to.next(read(result)) });
  },
  'apollo-defer': () => watch(new GraphQL17Alpha9Handler()),
  'apollo-defer-2022': () => watch(new Defer20220824Handler()),
  meros: async () => {
    const headers = { 'content-type': 'application/json', accept };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    const parts = await meros(response);
    if (!parts[Symbol.asyncIterator]) { seen.error = `not multipart: ${response.status}`; return finish(); }
    for await (const part of parts) {
      seen.results.push(part.body);
      if (seen.results.length >= events) finish();
    }
    seen.completed = true;
    finish();
  },
};

const watch = (incrementalHandler) => {
  const one = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url }), incrementalHandler });
  one.watchQuery({ query: gql(query), variables, fetchPolicy: 'network-only' }).subscribe({
    next: (result) => {
      seen.states.push(result.dataState);
      if (result.error) { seen.error = told(result.error); finish(); }
      if (result.dataState === 'complete' && !result.loading) { seen.results.push({ data: result.data }); finish(); }
    },
    error: (error) => { seen.error = told(error); finish(); },
  });
};

await clients[client]();
