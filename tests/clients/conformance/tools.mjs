// What lives on introspection: graphql-js, and gql.tada with TypeScript.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { buildClientSchema, buildSchema, getIntrospectionQuery, parse, printSchema, validate, validateSchema } from 'graphql';

import { post } from './asking.mjs';

const HERE = path.dirname(import.meta.dirname);
const ALL = {
  descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true,
  inputValueDeprecation: true, oneOf: true,
};
const OLDEST = { descriptions: false, directiveIsRepeatable: false };

export async function tools(check, profile) {
  for (const [name, options] of Object.entries({ all: ALL, usual: {}, oldest: OLDEST })) {
    await check(`graphql-js reads the schema (${name})`, async () => {
      const { json } = await post(profile, { query: getIntrospectionQuery(options) });
      assert.equal(json.errors, undefined);
      const schema = buildClientSchema(json.data);
      assert.deepEqual(validateSchema(schema), []);
      assert.deepEqual(validateSchema(buildSchema(printSchema(schema))), []);
      for (const one of ['query', 'mutation', 'subscription', 'trigger']) {
        assert.deepEqual(validate(schema, parse(profile[one].query)), []);
      }
    });
  }
  await check('gql.tada types an operation as TypeScript checks it', async () => {
    const folder = await mkdtemp(path.join(HERE, '.typed-'));
    try { await typed(profile, folder); } finally { await rm(folder, { recursive: true }); }
  });
}

async function typed(profile, folder) {
  const run = (script, ...given) =>
    promisify(execFile)(process.execPath, [path.join(HERE, 'node_modules', script), ...given], { cwd: folder })
      .catch((failure) => { throw new Error(`${script}: ${failure.stdout}${failure.stderr}`); });
  const plugin = { name: 'gql.tada/ts-plugin', schema: './schema.graphql', tadaOutputLocation: './types.d.ts' };
  const options = {
    strict: true, noEmit: true, skipLibCheck: true, target: 'es2022', module: 'esnext', moduleResolution: 'bundler',
    types: [], plugins: [plugin],
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }));
  const headers = Object.entries(profile.headers ?? {}).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
  await run('gql.tada/bin/cli.js', 'generate-schema', '--output', 'schema.graphql', ...headers, profile.url);
  await run('gql.tada/bin/cli.js', 'generate-output');
  assert.match(await readFile(path.join(folder, 'types.d.ts'), 'utf8'), /introspection/);

  const program = (leaf) => `
    import { initGraphQLTada, type ResultOf } from 'gql.tada';
    import type { introspection } from './types.d.ts';
    const graphql = initGraphQLTada<{ introspection: introspection }>();
    const operation = graphql(\`${profile.typed.query}\`);
    export const read = (result: ResultOf<typeof operation>): ${leaf} => result${profile.typed.path};`;
  await writeFile(path.join(folder, 'right.ts'), program(profile.typed.type));
  await run('typescript/bin/tsc', '-p', 'tsconfig.json');
  await writeFile(path.join(folder, 'wrong.ts'), program('{ no: "such type" }'));
  await assert.rejects(run('typescript/bin/tsc', '-p', 'tsconfig.json'), /not assignable/);
}
