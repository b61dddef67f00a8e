import { Ajv } from "ajv";

/** The rules of SARIF 2.1.0 (OASIS, 27 March 2020; each object names its section) for the objects that the audit writes. */
const text = { type: "string" };
const index = { type: "integer", minimum: -1 };
/** SARIF allows no unknown members in these objects. */
const closed = (properties: object, ...required: readonly string[]) => ({
  type: "object",
  additionalProperties: false,
  properties,
  required,
});
const listOf = (items: object, more: object = {}) => ({ type: "array", items, ...more });
const level = { enum: ["none", "note", "warning", "error"] };
/** 3.8: allows all members; only its tags are checked. */
const properties = { type: "object", properties: { tags: listOf(text, { uniqueItems: true }) } };
/** 3.11 and 3.12: a message needs its text or an identifier. A rule's text is enough. */
const message = {
  ...closed({ text, markdown: text, id: text, arguments: listOf(text) }),
  anyOf: [{ required: ["text"] }, { required: ["id"] }],
};
const multiformat = closed({ text, markdown: text }, "text");
/** 3.28, 3.29, 3.33. */
const location = closed({
  id: index,
  physicalLocation: {
    ...closed({ artifactLocation: closed({ uri: { type: "string", format: "uri-reference" }, uriBaseId: text, index }) }),
    anyOf: [{ required: ["artifactLocation"] }, { required: ["address"] }],
  },
  logicalLocations: listOf(closed({ name: text, fullyQualifiedName: text, decoratedName: text, index, parentIndex: index, kind: text }), {
    uniqueItems: true,
  }),
  message,
});
/** 3.35: `external` is kept outside of the source. */
const suppression = closed(
  { kind: { enum: ["inSource", "external"] }, status: { enum: ["accepted", "underReview", "rejected"] }, justification: text, guid: text },
  "kind",
);
/** 3.27. */
const result = closed(
  {
    ruleId: text,
    ruleIndex: index,
    level,
    kind: { enum: ["notApplicable", "pass", "fail", "review", "open", "informational"] },
    message,
    locations: listOf(location),
    suppressions: listOf(suppression, { uniqueItems: true }),
    properties,
  },
  "message",
);
/** 3.49 and 3.50. */
const rule = closed(
  {
    id: text,
    name: text,
    shortDescription: multiformat,
    fullDescription: multiformat,
    help: multiformat,
    helpUri: { type: "string", format: "uri" },
    defaultConfiguration: closed({ enabled: { type: "boolean" }, level, rank: { type: "number", minimum: -1, maximum: 100 } }),
    properties,
  },
  "id",
);
/** 3.18 and 3.19. */
const tool = closed(
  {
    driver: closed(
      { name: text, version: text, informationUri: { type: "string", format: "uri" }, rules: listOf(rule, { uniqueItems: true }) },
      "name",
    ),
  },
  "driver",
);
/** 3.14 and 3.17. */
const run = closed(
  {
    tool,
    automationDetails: closed({ id: text, guid: text, description: message }),
    columnKind: { enum: ["utf16CodeUnits", "unicodeCodePoints"] },
    results: listOf(result),
  },
  "tool",
);
/** 3.13. */
const log = closed({ $schema: { type: "string", format: "uri" }, version: { const: "2.1.0" }, runs: listOf(run) }, "version", "runs");

const ajv = new Ajv({ allErrors: true, strictRequired: false, formats: { uri: URL.canParse, "uri-reference": isReference } });
const isValid = ajv.compile(log);

function isReference(value: string): boolean {
  return !/[\s<>"{}|\\^`]/.test(value) && URL.canParse(value, "https://example.com/");
}

/** The places where a document violates SARIF 2.1.0, and how; empty when it is valid. */
export function sarifErrors(document: unknown): readonly string[] {
  if (isValid(document)) return [];
  return (isValid.errors ?? []).map(({ instancePath, message: what = "" }) => `${instancePath} ${what}`);
}
