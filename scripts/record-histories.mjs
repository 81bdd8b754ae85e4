// Records test/histories anew after a build; see test/workflows/record-histories.ts for when to do it.
import '../dist/test/workflows/record-histories.js';
