import { setImmediate as turn } from "node:timers/promises";
import { type Call, JSON_TEXT, type Operations } from "../../core/service.ts";
import { consumed, ofIndex, ofTable, projected, projectedNames, readUnits, scanUnits } from "./capacity.ts";
import { type Context, entriesOf, itemOf, type OpenTable, openTable } from "./context.ts";
import { isSatisfied } from "./expressions/condition.ts";
import type { Projection } from "./expressions/projection.ts";
import { type ParsedRead, parseQuery, parseScan } from "./read-requests.ts";
import { checkReadable, startOf } from "./read-rules.ts";
import type { ReadRequest } from "./requests.ts";
import { attributesOf, type IndexSchema } from "./schema.ts";
import type { Database } from "./storage/database.ts";
import type { Row } from "./storage/rows.ts";
import { type KeyRange, step } from "./storage/sorted.ts";
import type { Item } from "./values/attribute-value.ts";
import { itemSize } from "./values/size.ts";

/** AWS ends a page when it has read this many bytes. */
const PAGE_BYTES = 1024 * 1024;
/** After this time, other requests get a turn before the page continues. */
const SLICE_MS = 8;

export function readOperations(context: Context): Operations {
  return {
    Query: (input: ReadRequest, call: Call) => read(parseQuery(input), context, call),
    Scan: (input: ReadRequest, call: Call) => read(parseScan(input), context, call),
  };
}

async function read(parsed: ParsedRead, context: Context, { region }: Call): Promise<object> {
  const database = await context.database();
  const table = openTable(context, database, region, parsed.table);
  const index = checkReadable(parsed, table, context.env.clock.now());
  const range = parsed.rangeOf(index ?? table.schema);
  const start = startOf(parsed, table, index, range);
  const source = await sourceOf(database, table, index);
  const page = await readPage(parsed, table, index, source, range, start);
  return { [JSON_TEXT]: pageText(parsed, table, index, page) };
}

/** Rows in the order of the table or of the index. */
interface Source {
  next(range: KeyRange, reverse: boolean, last: string | undefined): readonly [string, Row] | undefined;
}
async function sourceOf(database: Database, table: OpenTable, index: IndexSchema | undefined): Promise<Source> {
  const { rows } = table.rows;
  if (!index) return { next: (range, reverse, last) => step(rows, range, reverse, last) };
  const { entries } = await entriesOf(database, table, index);
  return {
    next(range, reverse, last) {
      const pair = step(entries, range, reverse, last);
      return pair && [pair[0], rows.get(pair[1]) as Row];
    },
  };
}

interface Page {
  readonly items: string[];
  count: number;
  scanned: number;
  bytes: number;
  /** The last row read, when there may be more. */
  last: Row | undefined;
}

async function readPage(
  parsed: ParsedRead,
  table: OpenTable,
  index: IndexSchema | undefined,
  source: Source,
  range: KeyRange,
  start: string | undefined,
): Promise<Page> {
  const page: Page = { items: [], count: 0, scanned: 0, bytes: 0, last: undefined };
  const collect = rowCollector(parsed, table, index, page);
  let key = start;
  let began = performance.now();
  for (;;) {
    const pair = source.next(range, parsed.reverse, key);
    if (!pair) return page;
    key = pair[0];
    collect(pair[1]);
    if (page.scanned === parsed.limit || page.bytes >= PAGE_BYTES) {
      page.last = pair[1];
      return page;
    }
    if (performance.now() - began < SLICE_MS) continue;
    await turn();
    began = performance.now();
  }
}

/** The index, when the answer shows items as the index holds them. A local index reads missing attributes from the table. */
function indexShown({ wholeItems, projectPaths }: ParsedRead, table: OpenTable, index: IndexSchema | undefined): IndexSchema | undefined {
  const names = index && projectedNames(index, table.schema);
  if (!names || (!index.global && wholeItems)) return undefined;
  return !index.global && projectPaths.some(([head]) => !names.includes(head)) ? undefined : index;
}
/** Counts a row and adds it to the page when the filter accepts it. */
function rowCollector(parsed: ParsedRead, table: OpenTable, index: IndexSchema | undefined, page: Page): (row: Row) => void {
  const { filter, project, counts } = parsed;
  const narrow = indexShown(parsed, table, index);
  return (row: Row): void => {
    page.scanned++;
    if (!filter && !project && !narrow) {
      page.bytes += row.size;
      page.count++;
      if (!counts) page.items.push(row.text);
      return;
    }
    const item = narrow ? projected(narrow, table.schema, itemOf(row)) : itemOf(row);
    page.bytes += narrow ? itemSize(item) : row.size;
    if (filter && !isSatisfied(filter, item)) return;
    page.count++;
    if (!counts) page.items.push(textOf(row, item, project, narrow !== undefined));
  };
}
const textOf = (row: Row, item: Item, project: Projection | undefined, narrowed: boolean): string =>
  project ? JSON.stringify(project(item)) : narrowed ? JSON.stringify(item) : row.text;

function pageText(parsed: ParsedRead, { schema, doc }: OpenTable, index: IndexSchema | undefined, page: Page): string {
  const { isQuery, start, segment } = parsed;
  const isWholeScan = !isQuery && !index && !start && !segment && !page.last;
  const units = Math.max(readUnits(page.bytes, parsed.consistent), isWholeScan ? scanUnits(doc, parsed.consistent) : 0);
  const ConsumedCapacity = consumed(parsed.capacity, doc.name, index ? ofIndex(index, units) : ofTable(units));
  const parts = [`"Count":${page.count}`, `"ScannedCount":${page.scanned}`];
  if (!parsed.counts) parts.push(`"Items":[${page.items.join(",")}]`);
  if (page.last) {
    const item = itemOf(page.last);
    const names = new Set([...(index ? attributesOf(index) : []), ...attributesOf(schema)].map(({ name }) => name));
    parts.push(`"LastEvaluatedKey":${JSON.stringify(Object.fromEntries([...names].map((name) => [name, item[name]])))}`);
  }
  if (ConsumedCapacity) parts.push(`"ConsumedCapacity":${JSON.stringify(ConsumedCapacity)}`);
  return `{${parts.join(",")}}`;
}
