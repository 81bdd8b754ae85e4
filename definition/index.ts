/**
 * @file Definitions: what users write, checked and compiled to plans. Pure code that runs anywhere, also
 * in a workflow's sandbox.
 */
export type { KnownDataset } from './builtin-datasets.js';
export { compile, type Compiled, type CompileOptions } from './compile.js';
export { parseCalibrations, sameEngine, type Calibration } from './calibration.js';
export type { StageSignature } from './custom-stages.js';
export { describePlan, type PlanSummary, type StageSummary } from './cost.js';
export { estimatePlan, type PlanEstimate, type StageEstimate } from './estimate.js';
export { DefinitionError, type DefinitionIssue, type IssueCode } from './issues.js';
export { importSourceText, parseStageOfRun, type ImportedStage, type ImportSource } from './imports.js';
export { flatten } from './flatten.js';
export type { ReadFragment } from './include.js';
export { definitionJsonSchema } from './json-schema.js';
export { parseParameterFile } from './parameter-file.js';
export type { ParameterValue, ParameterValues } from './parameters.js';
export type { OutputKind, Outputs } from './outputs.js';
export type * from './plan.js';
export type * from './stages.js';
