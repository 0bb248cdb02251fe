// Events over HTTP: graphql-sse in its distinct connections mode, multipart as Apollo's clients read it.
import assert from 'node:assert/strict';

import { createClient } from 'graphql-sse';
import { meros } from 'meros/browser';

import { filled, matches, until } from './asking.mjs';

export async function streams(check, profile) {
  const client = () => createClient({ url: profile.url, headers: profile.headers, retryAttempts: 0 });
  const { query, variables, expect } = profile.subscription;
  const body = () => JSON.stringify({ query, variables: filled(variables) });
  const open = (accept, signal) => fetch(profile.url, {
    method: 'POST', body: body(), signal,
    headers: { 'content-type': 'application/json', accept, ...profile.headers },
  });

  await check('graphql-sse: three events, then the client leaves', async () => {
    const events = [];
    const leave = client().subscribe(
      { query, variables: filled(variables) },
      { next: (event) => events.push(event), error: (error) => events.push({ error }), complete: () => {} },
    );
    await until(profile, () => events.length >= 3);
    leave();
    for (const { data } of events) matches(data, expect);
  });
  await check('graphql-sse: a query is one result, then complete', async () => {
    const results = [];
    const one = client().iterate({ query: profile.query.query, variables: filled(profile.query.variables) });
    for await (const result of one) results.push(result);
    assert.equal(results.length, 1);
    matches(results[0].data, profile.query.expect);
  });
  await check('graphql-sse: a refusal is a result with errors, then complete', async () => {
    const results = [];
    for await (const result of client().iterate({ query: 'subscription { thereIsNoSuchField }' })) results.push(result);
    assert.equal(results.length, 1);
    assert.ok(results[0].errors[0].extensions.code);
  });
  await check('an event stream may be neither stored nor changed on its way', async () => {
    const leave = new AbortController();
    const response = await open('text/event-stream', leave.signal);
    assert.match(response.headers.get('content-type'), /^text\/event-stream/);
    assert.match(response.headers.get('cache-control'), /no-store|no-cache/);
    leave.abort();
  });
  await check('multipart: payloads, a heartbeat is an empty object', async () => {
    const leave = new AbortController();
    const response = await open('multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json', leave.signal);
    assert.match(response.headers.get('content-type'), /^multipart\/mixed/);
    const payloads = [];
    const reading = (async () => {
      for await (const part of await meros(response)) {
        assert.ok(part.json, 'a part is no JSON');
        if (part.body.payload) payloads.push(part.body.payload);
        if (payloads.length >= 3) return;
      }
    })();
    await Promise.all([reading, until(profile, () => payloads.length >= 3)]);
    for (const { data } of payloads) matches(data, expect);
    leave.abort();
  });
  await check('who takes no stream is told so', async () => {
    const response = await open('application/json');
    const { data, errors } = await response.json();
    assert.ok(errors[0].extensions.code);
    assert.ok(!data);
  });
}
