/**
 * @file One Parquet file of a data set as Hugging Face writes it: an image column, with the picture files' bytes,
 * and a column of labels.
 */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import {
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
} from 'hyparquet';
import { z } from 'zod';
import type { DataFile } from '../files/tree.js';
import { wrongFile } from '../wrong-file.js';

/** Those that the reader does not bring along. */
const compressors: Compressors = {
  GZIP: (packed, bytes) => new Uint8Array(gunzipSync(packed, { maxOutputLength: Math.max(1, bytes) })),
  BROTLI: (packed, bytes) =>
    new Uint8Array(brotliDecompressSync(packed, { maxOutputLength: Math.max(1, bytes) })),
};

const featuresSchema = z.object({
  info: z.object({
    features: z.record(
      z.string(),
      z.looseObject({ _type: z.string().optional(), names: z.array(z.string()).optional() }),
    ),
  }),
});

export interface ParquetFile {
  readonly file: DataFile;
  readonly imageColumn: string;
  readonly labelColumn: string;
  /** Where the file says them. */
  readonly classNames?: readonly string[];
  /** Rows of each row group. */
  readonly groups: readonly number[];
  /** The values of a column in rows `from` up to `to`. */
  readonly column: (name: string, from: number, to: number) => Promise<unknown[]>;
}

/** @throws DistilleryError `InvalidDataset` when it is damaged, or has no images or labels. */
export async function openParquet(file: DataFile): Promise<ParquetFile> {
  const buffer: AsyncBuffer = {
    byteLength: file.bytes,
    slice: async (begin, end) => (await file.read(begin, end ?? file.bytes)).slice().buffer,
  };
  const reading = async <T>(read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      throw wrongFile(
        file.label,
        'a whole Parquet file',
        error instanceof Error ? error.message : 'a damaged one',
      );
    }
  };
  const metadata = await reading(() => parquetMetadataAsync(buffer));
  checkCodecs(metadata, file.label);
  const features = featuresOf(metadata);
  const { imageColumn, labelColumn } = findColumns(metadata, features, file.label);
  const classNames = features[labelColumn]?.names;
  return {
    file,
    imageColumn,
    labelColumn,
    ...(classNames === undefined ? {} : { classNames }),
    groups: metadata.row_groups.map((group) => Number(group.num_rows)),
    column: (name, rowStart, rowEnd) =>
      reading(async () => {
        const options = {
          file: buffer,
          metadata,
          columns: [name],
          rowStart,
          rowEnd,
          compressors,
          utf8: false,
        };
        const rows = await parquetReadObjects(options);
        return rows.map((row): unknown => row[name]);
      }),
  };
}

function checkCodecs({ row_groups: groups }: FileMetaData, label: string): void {
  const known = ['UNCOMPRESSED', 'SNAPPY', ...Object.keys(compressors)];
  const codecs = groups.flatMap(({ columns }) => columns.map((column) => column.meta_data?.codec));
  const strange = codecs.find((codec) => codec !== undefined && !known.includes(codec));
  if (strange === undefined) return;
  throw wrongFile(label, `compression ${known.join(', ')}`, strange, 'Write it again with one of them.');
}

type Features = z.output<typeof featuresSchema>['info']['features'];

/** What the `datasets` library says of the columns; nothing in files of others. */
function featuresOf({ key_value_metadata: pairs = [] }: FileMetaData): Features {
  const text = pairs.find(({ key }) => key === 'huggingface')?.value;
  if (text === undefined) return {};
  try {
    return featuresSchema.parse(JSON.parse(text)).info.features;
  } catch {
    return {};
  }
}

/** In order of preference: CIFAR-100 has two columns of labels. */
const labelNames = ['label', 'labels', 'fine_label', 'target', 'class'];

function findColumns(
  metadata: FileMetaData,
  features: Features,
  label: string,
): { imageColumn: string; labelColumn: string } {
  const columns = parquetSchema(metadata).children;
  const names = columns.map(({ element }) => element.name);
  const ofType = (type: string): string | undefined => names.find((name) => features[name]?._type === type);
  const pictures = columns.find(({ children }) => children.some(({ element }) => element.name === 'bytes'));
  const imageColumn = ofType('Image') ?? pictures?.element.name;
  const labelColumn = labelNames.find((name) => names.includes(name)) ?? ofType('ClassLabel');
  if (imageColumn !== undefined && labelColumn !== undefined) return { imageColumn, labelColumn };
  const expected = `a column of images and one of labels (${labelNames.join(', ')})`;
  throw wrongFile(label, expected, names.join(', '), 'Write it with the Image and ClassLabel features.');
}
