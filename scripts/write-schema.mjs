// Writes pipelines/pipeline.schema.json from the schema of definitions. Run after a build: npm run schema
import { writeFileSync } from 'node:fs';
import { definitionJsonSchema } from '../dist/definition/index.js';

const file = new URL('../pipelines/pipeline.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(definitionJsonSchema(), null, 2)}\n`);
