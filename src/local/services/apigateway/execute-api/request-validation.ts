import { createRequire } from "node:module";
import type AjvDraft4 from "ajv-draft-04";
import type { ErrorObject, ValidateFunction } from "ajv-draft-04";
import { TimeLimitExceeded, withTimeLimit } from "../../../core/time-limit.ts";
import { modelUrl } from "../control/models.ts";
import type { ApiDoc } from "../state.ts";
import { type Exchange, GatewayError, headerOf } from "./exchange.ts";

/** Applies the method's request validator: required parameters first, then the body's model. */
export function validateRequest(exchange: Exchange): void {
  const { api, method } = exchange;
  const validator = api.validators[method?.requestValidatorId ?? ""];
  if (validator?.validateRequestParameters) validateParameters(exchange);
  if (validator?.validateRequestBody) validateBody(exchange);
}

function validateParameters({ method, incoming, pathParameters }: Exchange): void {
  const missing = Object.entries(method?.requestParameters ?? {}).flatMap(([key, required]) => {
    const [, , place, ...rest] = key.split(".");
    const name = rest.join(".");
    const value =
      place === "header"
        ? headerOf(incoming, name)
        : place === "path"
          ? pathParameters[name]
          : incoming.query.find(([one]) => one === name)?.[1];
    return required && !value ? [name] : [];
  });
  if (missing.length > 0) throw new GatewayError("BAD_REQUEST_PARAMETERS", `Missing required request parameters: [${missing.join(", ")}]`);
}

function validateBody({ api, method, incoming }: Exchange): void {
  const type = (headerOf(incoming, "content-type") ?? "application/json").split(";")[0]?.trim().toLowerCase() ?? "";
  const models = method?.requestModels ?? {};
  const model = models[type] ?? models.$default;
  if (!model || model === "Empty") return;
  const validate = validatorOf(api, model);
  let body: unknown;
  try {
    // A byte order mark is ignored. Unproven: no recording shows what AWS's validator does with one. If it rejects the body, the caller gets the reason.
    body = JSON.parse(incoming.body.toString("utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new GatewayError("BAD_REQUEST_BODY", "Invalid request body", { validation: `[${(error as Error).message}]` });
  }
  if (isValid(validate, body)) return;
  const errors = validate.errors ?? [];
  throw new GatewayError("BAD_REQUEST_BODY", "Invalid request body", { validation: `[${validationMessages(errors).join(", ")}]` });
}

/** Limits the time, because matching a pattern of the model may take exponential time. */
function isValid(validate: ValidateFunction, body: unknown): boolean {
  try {
    return withTimeLimit(() => validate(body), MAX_MS);
  } catch (error) {
    if (!(error instanceof TimeLimitExceeded || error instanceof RangeError)) throw error;
    throw new GatewayError("BAD_REQUEST_BODY", "Invalid request body", { validation: "[the model takes too long to check it]" });
  }
}
const MAX_MS = 90;

const compiled = new WeakMap<ApiDoc, AjvDraft4.default>();
function validatorOf(api: ApiDoc, name: string): ValidateFunction {
  const ajv = compiled.get(api) ?? compile(api);
  compiled.set(api, ajv);
  const validate = ajv.getSchema(modelUrl(api.id, name));
  if (!validate) throw new GatewayError("API_CONFIGURATION_ERROR", "Internal server error");
  return validate;
}
function compile(api: ApiDoc): AjvDraft4.default {
  // Loaded on first use: its sixty files would slow down every start of the local AWS.
  const { default: Ajv } = createRequire(import.meta.url)("ajv-draft-04") as typeof AjvDraft4;
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, verbose: true, logger: false });
  for (const model of Object.values(api.models)) {
    const { $schema: _dialect, ...schema } = JSON.parse(model.schema || "{}");
    ajv.addSchema(schema, modelUrl(api.id, model.name ?? ""));
  }
  return ajv;
}

/** The errors in the words of the validator that AWS uses. */
function validationMessages(errors: readonly ErrorObject[]): string[] {
  const missing = new Map<string, string[]>();
  const foreign = new Map<string, string[]>();
  const out: string[] = [];
  for (const error of errors) {
    const { params, instancePath } = error;
    if (error.keyword === "required") missing.set(instancePath, [...(missing.get(instancePath) ?? []), params.missingProperty]);
    else if (error.keyword === "additionalProperties")
      foreign.set(instancePath, [...(foreign.get(instancePath) ?? []), params.additionalProperty]);
    else out.push(wordsOf(error));
  }
  const quoted = (names: readonly string[]): string => JSON.stringify([...names].sort());
  return [
    ...[...missing.values()].map((names) => `object has missing required properties (${quoted(names)})`),
    ...[...foreign.values()].map((names) => `object instance has properties which are not allowed by the schema: ${quoted(names)}`),
    ...out,
  ];
}

function wordsOf({ keyword, params, data, schema, message }: ErrorObject): string {
  const limit = params.limit as number;
  const size = (data as { length?: number } | undefined)?.length;
  switch (keyword) {
    case "type":
      return `instance type (${typeOf(data)}) does not match any allowed primitive type (allowed: ${JSON.stringify([params.type].flat())})`;
    case "enum":
      return `instance value (${JSON.stringify(data)}) not found in enum (possible values: ${JSON.stringify(params.allowedValues)})`;
    case "minimum":
      return `numeric instance is lower than the required minimum (minimum: ${limit}, found: ${data})`;
    case "maximum":
      return `numeric instance is greater than the required maximum (maximum: ${limit}, found: ${data})`;
    case "minLength":
      return `string "${data}" is too short (length: ${size}, required minimum: ${limit})`;
    case "maxLength":
      return `string "${data}" is too long (length: ${size}, maximum allowed: ${limit})`;
    case "pattern":
      return `ECMA 262 regex "${params.pattern}" does not match input string "${data}"`;
    case "minItems":
      return `array is too short: must have at least ${limit} elements but instance has ${size} elements`;
    case "maxItems":
      return `array is too long: must have at most ${limit} elements but instance has ${size} elements`;
    case "anyOf":
      return `instance failed to match at least one required schema among ${(schema as unknown[]).length}`;
    case "oneOf":
      return `instance failed to match exactly one schema (matched ${(params.passingSchemas as unknown[] | null)?.length ?? 0} out of ${(schema as unknown[]).length})`;
    default:
      return message ?? keyword;
  }
}
function typeOf(data: unknown): string {
  if (data === null) return "null";
  if (Array.isArray(data)) return "array";
  return typeof data === "number" ? (Number.isInteger(data) ? "integer" : "number") : typeof data;
}
