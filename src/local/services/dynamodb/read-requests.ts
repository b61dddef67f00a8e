import { LocalFault } from "../../core/service.ts";
import type { Condition } from "./expressions/condition.ts";
import { pathsOf, readCondition } from "./expressions/condition-parser.ts";
import { legacyKeyConditions, rangeOf, readKeyConditions } from "./expressions/key-condition.ts";
import { legacyFilter, legacyValues } from "./expressions/legacy.ts";
import type { Path } from "./expressions/paths.ts";
import { type Placeholders, placeholdersOf } from "./expressions/placeholders.ts";
import { type Projection, projectAttributes, readProjection } from "./expressions/projection.ts";
import { checkDistinct, checkStyles, checkTableName, type ReadRequest } from "./requests.ts";
import type { KeySchema } from "./schema.ts";
import type { KeyRange } from "./storage/sorted.ts";
import { nameOf } from "./table.ts";
import { checkItem, checkValue, type Item } from "./values/attribute-value.ts";
import { invalid, invalidParameter } from "./values/faults.ts";
import { afterPrefix, HASH_COUNT, hashText } from "./values/key.ts";

/** A query or scan whose input has been checked and whose expressions have been parsed. */
export interface ParsedRead {
  readonly table: string;
  readonly index: string | undefined;
  readonly isQuery: boolean;
  readonly rangeOf: (key: KeySchema) => KeyRange;
  readonly reverse: boolean;
  readonly limit: number | undefined;
  readonly start: Item | undefined;
  readonly consistent: boolean;
  readonly filter: Condition | undefined;
  /** The attributes that the filter reads. */
  readonly filterPaths: readonly Path[];
  readonly filterTitle: string;
  readonly project: Projection | undefined;
  readonly projectPaths: readonly Path[];
  /** True when only the number of items is requested. */
  readonly counts: boolean;
  /** True when whole items are requested, also from an index that holds parts of them. */
  readonly wholeItems: boolean;
  readonly select: string | undefined;
  readonly capacity: string | undefined;
  /** The segment of a parallel scan. */
  readonly segment: { readonly at: number; readonly of: number } | undefined;
}

export function parseQuery(request: ReadRequest): ParsedRead {
  checkTableName(request.TableName as string);
  checkStyles(
    request,
    ["ProjectionExpression", "FilterExpression", "KeyConditionExpression"],
    ["AttributesToGet", "QueryFilter", "ConditionalOperator", ...(request.KeyConditionExpression === undefined ? [] : ["KeyConditions"])],
  );
  checkLegacyOperator(request);
  for (const value of [...legacyValues(request.QueryFilter), ...legacyValues(request.KeyConditions)]) checkValue(value);
  const shared = parseShared(request, request.QueryFilter, "QueryFilter");
  const { KeyConditionExpression, KeyConditions } = request;
  if (KeyConditionExpression === undefined && !KeyConditions)
    throw invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
  const conditions =
    KeyConditionExpression === undefined
      ? legacyKeyConditions(KeyConditions ?? {})
      : readKeyConditions(KeyConditionExpression, shared.placeholders);
  shared.placeholders.checkUsed();
  return {
    ...shared.parsed,
    isQuery: true,
    rangeOf: (key) => rangeOf(conditions, key),
    reverse: request.ScanIndexForward === false,
    segment: undefined,
  };
}

export function parseScan(request: ReadRequest): ParsedRead {
  checkTableName(request.TableName as string);
  checkStyles(request, ["ProjectionExpression", "FilterExpression"], ["AttributesToGet", "ScanFilter", "ConditionalOperator"]);
  checkLegacyOperator(request);
  for (const value of legacyValues(request.ScanFilter)) checkValue(value);
  const segment = segmentOf(request);
  const shared = parseShared(request, request.ScanFilter, "ScanFilter");
  shared.placeholders.checkUsed();
  return { ...shared.parsed, isQuery: false, rangeOf: () => segmentRange(segment), reverse: false, segment };
}

function checkLegacyOperator({ ConditionalOperator, QueryFilter, ScanFilter }: ReadRequest): void {
  if (ConditionalOperator === undefined || Object.keys(QueryFilter ?? ScanFilter ?? {}).length > 0) return;
  throw invalidParameter("ConditionalOperator cannot be used without Filter or Expected");
}

type Shared = Omit<ParsedRead, "isQuery" | "rangeOf" | "reverse" | "segment">;
function parseShared(
  request: ReadRequest,
  legacy: ReadRequest["QueryFilter"],
  legacyName: string,
): { parsed: Shared; placeholders: Placeholders } {
  checkStart(request.ExclusiveStartKey);
  checkSelect(request);
  const placeholders = placeholdersOf(request);
  const { FilterExpression, AttributesToGet, ProjectionExpression, Select } = request;
  if (AttributesToGet) checkDistinct(AttributesToGet);
  const projection =
    ProjectionExpression !== undefined
      ? readProjection(ProjectionExpression, placeholders)
      : AttributesToGet && { project: projectAttributes(AttributesToGet), paths: AttributesToGet.map((name): Path => [name]) };
  const filter =
    FilterExpression !== undefined
      ? readCondition("FilterExpression", FilterExpression, placeholders)
      : legacy && Object.keys(legacy).length > 0
        ? legacyFilter(legacy, request.ConditionalOperator)
        : undefined;
  const parsed: Shared = {
    table: nameOf(request.TableName as string),
    index: request.IndexName,
    limit: request.Limit,
    start: request.ExclusiveStartKey,
    consistent: request.ConsistentRead === true,
    filter,
    filterPaths: filter ? pathsOf(filter) : [],
    filterTitle: FilterExpression !== undefined ? "Filter Expression" : legacyName,
    project: projection?.project,
    projectPaths: projection?.paths ?? [],
    counts: Select === "COUNT",
    wholeItems: Select === "ALL_ATTRIBUTES",
    select: Select,
    capacity: request.ReturnConsumedCapacity,
  };
  return { parsed, placeholders };
}

function checkStart(start: Item | undefined): void {
  if (!start) return;
  try {
    checkItem(start);
  } catch (error) {
    if (!(error instanceof LocalFault)) throw error;
    throw invalid(`The provided starting key is invalid: ${error.message}`);
  }
}

function checkSelect({ Select, IndexName, AttributesToGet, ProjectionExpression }: ReadRequest): void {
  const projection = AttributesToGet ? "AttributesToGet" : ProjectionExpression !== undefined ? "ProjectionExpression" : undefined;
  if (projection && Select !== undefined && Select !== "SPECIFIC_ATTRIBUTES")
    throw invalidParameter(`Cannot specify the ${projection} when choosing to get ${Select === "COUNT" ? "only the Count" : Select}`);
  if (!projection && Select === "SPECIFIC_ATTRIBUTES")
    throw invalidParameter("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES");
  if (Select === "ALL_PROJECTED_ATTRIBUTES" && IndexName === undefined)
    throw invalidParameter("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
}

function segmentOf({ Segment, TotalSegments }: ReadRequest): ParsedRead["segment"] {
  if (Segment === undefined && TotalSegments === undefined) return undefined;
  if (TotalSegments === undefined)
    throw invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present");
  if (Segment === undefined)
    throw invalid("The Segment parameter is required but was not present in the request when parameter TotalSegments is present");
  if (Segment >= TotalSegments)
    throw invalid(
      `The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: ${Segment} is not less than TotalSegments: ${TotalSegments}`,
    );
  return { at: Segment, of: TotalSegments };
}

/** The segment's equal share of the partitions' hashes. */
function segmentRange(segment: ParsedRead["segment"]): KeyRange {
  const end = afterPrefix("");
  if (!segment) return { from: "", to: end };
  const share = (at: number): string => hashText(Math.floor((HASH_COUNT / segment.of) * at));
  return { from: share(segment.at), to: segment.at + 1 === segment.of ? end : share(segment.at + 1) };
}
