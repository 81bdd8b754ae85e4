/**
 * @file docs/errors.md describes every code, and its examples are what it says they are.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { compile, DefinitionError } from '../../definition/index.js';
import { issueCodes } from '../../definition/issues.js';
import { errorCodes } from '../../errors/errors.js';
import { packageRoot } from '../../setup/package-root.js';

const text = readFileSync(join(packageRoot(), 'docs', 'errors.md'), 'utf8');
const sections = new Map(
  text
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [code = '', ...rest] = section.split('\n');
      return [code, rest.join('\n').split(/^## /m)[0] ?? ''];
    }),
);

function failure(input: Uint8Array | string): DefinitionError {
  try {
    // As a command would: an included file could be read if there were one.
    compile(input, { readFragment: () => ({ problem: 'there is no such file' }) });
  } catch (error) {
    assert.ok(error instanceof DefinitionError, String(error));
    return error;
  }
  assert.fail('it compiled');
}

describe('the documented codes of mistakes in a definition', () => {
  it('are all that there are, in order', () => {
    assert.deepEqual([...sections.keys()], issueCodes.toSorted());
  });

  /** What no text of a document can show. */
  const made: Readonly<Record<string, Uint8Array | string>> = {
    encoding: new Uint8Array([0x6e, 0xff]),
    'too-large': `# ${'x'.repeat(256 * 1024)}`,
  };
  for (const [code, section] of sections) {
    it(`${code} is what its example yields, and its mend is said`, () => {
      const [, example] = /^```yaml\n(.*?)^```$/ms.exec(section) ?? [];
      const input = made[code] ?? example;
      assert.ok(input !== undefined, 'no example');
      const { issues, message } = failure(input);
      assert.deepEqual([...new Set(issues.map((issue) => issue.code))], [code], message);
      assert.ok(message.includes(` [${code}]`));
      assert.match(section, /\*\*Mend:\*\* \S+/);
    });
  }
});

describe('the documented codes of errors', () => {
  it('are all that there are, with whether they are tried again', () => {
    const rows = [...text.matchAll(/^\| `(\w+)` +\| (yes|no) +\| \S.*? +\| \S.* +\|$/gm)];
    const documented = rows.map(([, code = '', again]) => [code, { retryable: again === 'yes' }]);
    assert.deepEqual(Object.fromEntries(documented), errorCodes);
  });
});
