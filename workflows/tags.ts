/**
 * @file Tags of a pipeline and its stages: in the memos of their workflows, and as a search attribute where that is registered.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertMemo, upsertSearchAttributes, type ChildWorkflowOptions } from '@temporalio/workflow';
import type { Plan, PlannedStage } from '../definition/plan.js';
import { light } from './proxies.js';
import { defaultBudget, runUnit } from './units.js';

/** Name of the search attribute, of the type KeywordList. */
export const TAGS_ATTRIBUTE = 'DistilleryTags';
const attribute = defineSearchAttributeKey(TAGS_ATTRIBUTE, 'KEYWORD_LIST');

/** What the workflow of a stage is started with. */
export type ChildTags = Pick<ChildWorkflowOptions, 'memo' | 'typedSearchAttributes'>;
export type TagsOf = (stage: PlannedStage) => ChildTags;

export const untagged: TagsOf = () => ({});

export function isTagged({ tags, stages }: Plan): boolean {
  return tags !== undefined || stages.some((stage) => stage.tags !== undefined);
}

/**
 * Tags the workflow of the pipeline. A server refuses what it does not know, and would fail the workflow; so it is
 * asked first.
 *
 * @returns the tags of each stage's workflow: those of the pipeline, and over them its own
 */
export async function tagRun({ tags }: Plan): Promise<TagsOf> {
  if (tags !== undefined) upsertMemo({ tags });
  const searchable = await runUnit(
    'tags',
    () => light.searchesTags(TAGS_ATTRIBUTE),
    defaultBudget,
    () => undefined,
  );
  if (searchable && tags !== undefined) upsertSearchAttributes(attributesOf(tags));
  return (stage) => {
    if (tags === undefined && stage.tags === undefined) return {};
    const all = { ...tags, ...stage.tags };
    return { memo: { tags: all }, ...(searchable && { typedSearchAttributes: attributesOf(all) }) };
  };
}

function attributesOf(tags: Tags) {
  return [{ key: attribute, value: Object.entries(tags).map(([name, text]) => `${name}=${text}`) }];
}

type Tags = Readonly<Record<string, string>>;
