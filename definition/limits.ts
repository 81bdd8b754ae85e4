/**
 * @file How large a definition may be. Far above any honest one; the limits keep compiling short for
 * anything that a caller may send.
 */

/** Bytes of UTF-8. */
export const maximumBytes = 256 * 1024;
/** Mappings and lists inside each other. */
export const maximumDepth = 32;
/** Words, signs, spaces and line breaks as the YAML parser counts them. */
export const maximumTokens = 50_000;
/** Values after aliases are expanded. */
export const maximumValues = 10_000;
/** Uses of anchors, counting those inside expanded ones. */
export const maximumAliases = 100;
/** Files that a definition includes, also by others. */
export const maximumIncludes = 64;
/** Files that include each other. */
export const maximumIncludeDepth = 8;
/** As they are written. */
export const maximumStages = 256;
/** With more stages than this, messages carry the keys of all results in place of what they say. */
export const largePlan = 256;
/** Of one matrix. */
export const maximumCells = 2000;
/** Of a matrix. */
export const maximumAxes = 8;
/** Once every matrix is expanded. */
export const maximumPlannedStages = 3000;
/** Values of all stages together, once every matrix is expanded. */
export const maximumExpandedValues = 100_000;
/** Of a pipeline. */
export const maximumParameters = 256;
/** Of all stages together, once every matrix is expanded: they are part of the plan, which is one message. */
export const maximumNeeds = 20_000;
/** Characters of the id of a cell. */
export const maximumCellId = 200;
/** Of one distillation: a candidate is some 350 bytes in a message that may have 2 MiB. */
export const maximumCandidates = 2000;
/** Values of an image that can be whitened: the matrices, its square, must fit an object of the store. */
export const maximumWhitenedValues = 4000;
/** Of a network that experts are trained of: a snapshot, four bytes a parameter, must fit an object of the store. */
export const maximumExpertParameters = 16_000_000;
/** Candidates times the networks trained on each. */
export const maximumCandidateRuns = 40_000;
/** Synthetic images of a kernel regression, whose time grows with the third power of their number. */
export const maximumSupport = 5000;
