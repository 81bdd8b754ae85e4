import tseslint from 'typescript-eslint';

// Inside a workflow these would make a replay differ from the first run.
const nondeterministic = [
  { name: 'Buffer', message: 'Workflow code has no Node globals; move this to an activity.' },
  { name: 'process', message: 'Workflow code has no Node globals; move this to an activity.' },
  { name: 'WeakRef', message: 'Garbage collection is not deterministic.' },
  { name: 'FinalizationRegistry', message: 'Garbage collection is not deterministic.' },
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules', 'test/histories/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['workflows/**/*.ts', 'definition/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...nondeterministic],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:*'], message: 'Not available in the workflow sandbox.' },
            {
              regex:
                '^\\.\\./(activities|compute|artifacts|worker|cli|servers|setup|tensor|networks|custom|distillation|datasets|report)/',
              allowTypeImports: true,
              message: 'Workflows and definitions may import only types from this folder.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Key all randomness by seed, purpose and index.' },
        {
          object: 'Date',
          property: 'now',
          message: 'Deterministic in the sandbox, but never part of a result; use workflowInfo() times.',
        },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
    },
  },
  {
    // node:test returns promises that the runner itself awaits.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
