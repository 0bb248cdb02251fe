// GraphiQL over the endpoint that serves this page.
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './explorer.css';

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createClient } from 'graphql-ws';
import { createRoot } from 'react-dom/client';

import { FIRST_QUERY } from './first-query.js';

const endpoint = new URL(window.location.pathname, window.location.href);
const socket = new URL(endpoint);
socket.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';

// Subscriptions carry the same headers as queries, in the connection's first message.
const fetcher = (parameters, options = {}) => {
  const headers = options.headers ?? {};
  return createGraphiQLFetcher({
    url: endpoint.href,
    wsClient: createClient({ url: socket.href, connectionParams: headers, lazy: true }),
  })(parameters, options);
};

createRoot(document.getElementById('explorer')).render(
  <GraphiQL
    fetcher={fetcher}
    defaultQuery={FIRST_QUERY}
    shouldPersistHeaders={false}
    inputValueDeprecation
  >
    <GraphiQL.Logo>Atrium</GraphiQL.Logo>
  </GraphiQL>,
);
