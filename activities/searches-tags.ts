/**
 * @file `searchesTags`: whether the server takes tags as a search attribute.
 */
import type { Client } from '@temporalio/client';
import protos from '@temporalio/proto';

const { IndexedValueType } = protos.temporal.api.enums.v1;

/** A server that does not say is taken for one without; runs are found by their memo all the same. */
export async function searchesTags(
  { connection, options: { namespace } }: Pick<Client, 'connection' | 'options'>,
  attribute: string,
): Promise<boolean> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return customAttributes[attribute] === IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST;
  } catch {
    return false;
  }
}
