/**
 * @file Tags of a pipeline: in the memo of its workflow, and as a search attribute where that is registered.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertMemo, upsertSearchAttributes, type ChildWorkflowOptions } from '@temporalio/workflow';
import { light } from './proxies.js';
import { defaultBudget, runUnit } from './units.js';

/** Name of the search attribute, of the type KeywordList. */
export const TAGS_ATTRIBUTE = 'DistilleryTags';
const attribute = defineSearchAttributeKey(TAGS_ATTRIBUTE, 'KEYWORD_LIST');

/** What the workflows of the stages are started with. */
export type ChildTags = Pick<ChildWorkflowOptions, 'memo' | 'typedSearchAttributes'>;

/** A server refuses what it does not know, and would fail the workflow; so it is asked first. */
export async function tagRun(tags: Readonly<Record<string, string>>): Promise<ChildTags> {
  upsertMemo({ tags });
  const searchable = await runUnit(
    'tags',
    () => light.searchesTags(TAGS_ATTRIBUTE),
    defaultBudget,
    () => undefined,
  );
  if (!searchable) return { memo: { tags } };
  const value = Object.entries(tags).map(([name, text]) => `${name}=${text}`);
  upsertSearchAttributes([{ key: attribute, value }]);
  return { memo: { tags }, typedSearchAttributes: [{ key: attribute, value }] };
}
