// What the groups of checks share: operations of the profile, sent and judged.
import assert from 'node:assert/strict';

let count = 0;

// Variables with a fresh text for "{{s}}" and a number that grows for "{{n}}".
export const filled = (variables) => JSON.parse(JSON.stringify(variables ?? {}), (_, value) => {
  if (value === '{{n}}') return (count += 1);
  return typeof value === 'string' ? value.replace('{{s}}', `text ${process.pid}-${(count += 1)}`) : value;
});

// Every member of `expected` is in `given`; "*" stands for anything but null.
export function matches(given, expected, path = 'data') {
  if (expected === '*') return assert.ok(given !== null && given !== undefined, `${path} is missing`);
  if (expected === null || typeof expected !== 'object') return assert.deepEqual(given, expected, path);
  assert.ok(given !== null && typeof given === 'object', `${path} is ${JSON.stringify(given)}`);
  for (const key of Object.keys(expected)) matches(given[key], expected[key], `${path}.${key}`);
}

export async function post(profile, body, headers = {}) {
  const response = await fetch(profile.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...profile.headers, ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, json: await response.json() };
}

// Makes events until `enough()`: the subscriber may have come after the first.
export async function until(profile, enough) {
  const { query, variables } = profile.trigger;
  while (!enough()) {
    const { json } = await post(profile, { query, variables: filled(variables) });
    assert.equal(json.errors, undefined);
    await new Promise((resolve) => setTimeout(resolve, profile.trigger.everyMs ?? 20));
  }
}
