import { projectedNames } from "./capacity.ts";
import type { OpenTable } from "./context.ts";
import type { ParsedRead } from "./read-requests.ts";
import { attributesOf, checkKeyValue, type IndexSchema, rowKey } from "./schema.ts";
import type { KeyRange } from "./storage/sorted.ts";
import { getMember, type Value, valueText } from "./values/attribute-value.ts";
import { invalid, invalidParameter } from "./values/faults.ts";
import { checkNested } from "./write.ts";

/** The index that the request names. Throws AWS's error when the table does not allow the read. */
export function checkReadable(parsed: ParsedRead, table: OpenTable, now: number): IndexSchema | undefined {
  const index = table.schema.indexes.find(({ name }) => name === parsed.index);
  if (parsed.index !== undefined && !index) throw invalid(`The table does not have the specified index: ${parsed.index}`);
  if (index?.global && parsed.consistent) throw invalid("Consistent reads are not supported on global secondary indexes");
  if (index && now < index.doc.readyAt) throw invalid(`Cannot read from backfilling global secondary index: ${index.name}`);
  checkFilter(parsed, table, index);
  if (index) checkProjection(parsed, table, index);
  return index;
}

function checkFilter(
  { isQuery, filterPaths, filterTitle, projectPaths }: ParsedRead,
  { schema }: OpenTable,
  index: IndexSchema | undefined,
): void {
  const nested = [...projectPaths, ...filterPaths].filter(({ length }) => length > 1).map(([name]) => name);
  checkNested(schema, nested);
  if (!isQuery) return;
  for (const { name } of attributesOf(index ?? schema))
    if (filterPaths.some(([head]) => head === name))
      throw invalid(`${filterTitle} can only contain non-primary key attributes: Primary key attribute: ${name}`);
}

/** A global index can return only the attributes that it holds. */
function checkProjection({ select, projectPaths, isQuery }: ParsedRead, { schema }: OpenTable, index: IndexSchema): void {
  const names = projectedNames(index, schema);
  if (!names || !index.global) return;
  if (select === "ALL_ATTRIBUTES")
    throw invalidParameter(
      `Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.name} because its projection type is not ALL`,
    );
  const lacking = projectPaths.map(([head]) => head).filter((head) => !names.includes(head));
  if (lacking.length > 0 && isQuery)
    throw invalidParameter(`Global secondary index ${index.name} does not project [${[...new Set(lacking)].join(", ")}]`);
}

const NO_MATCH = "The provided starting key is invalid: The provided key element does not match the schema";
/** The key of the entry before a page's first one. */
export function startOf(parsed: ParsedRead, { schema }: OpenTable, index: IndexSchema | undefined, range: KeyRange): string | undefined {
  const { start, isQuery } = parsed;
  if (!start) return undefined;
  const attributes = new Map([...attributesOf(schema), ...(index ? attributesOf(index) : [])].map((one) => [one.name, one]));
  const names = Object.keys(start);
  if (names.length !== attributes.size || names.some((name) => !attributes.has(name)))
    throw invalid(isQuery || index ? "The provided starting key is invalid" : NO_MATCH);
  for (const attribute of attributes.values()) {
    const value = getMember(start, attribute.name);
    if (value?.[attribute.type] === undefined) throw invalid(NO_MATCH);
    checkKeyValue(attributesOf(schema).some(({ name }) => name === attribute.name) ? schema : (index ?? schema), attribute, value);
  }
  if (isQuery && !index && !schema.range)
    throw invalid(
      `The provided exclusive start key is invalid: ExclusiveStartKey: {${schema.hash.name}=AttributeValue: ${valueText(start[schema.hash.name] as Value)}}`,
    );
  const key = index ? index.keyOf(start, rowKey(schema, start)) : rowKey(schema, start);
  if (key === undefined) throw invalid(NO_MATCH);
  if (key < range.from || key >= range.to) throw outside(parsed);
  return key;
}

function outside({ segment, isQuery }: ParsedRead): Error {
  if (!isQuery && segment)
    return invalid(
      `The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: ${segment.of} Segment: ${segment.at}`,
    );
  return invalid("The provided starting key is outside query boundaries based on provided conditions");
}
