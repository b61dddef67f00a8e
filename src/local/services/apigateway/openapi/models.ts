import { createHash } from "node:crypto";
import { modelUrl } from "../control/models.ts";
import { badRequest, newResourceId } from "../state.ts";
import type { Import, Schema } from "./document.ts";

const COMPONENT = "#/components/schemas/";

/** Every component schema becomes a model. */
export function importModels({ api, document }: Import): void {
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
    if (!/^[a-zA-Z0-9]+$/.test(name))
      throw badRequest(
        `Errors found during import:\n\tUnable to create model for '${name}': Model name must be alphanumeric: ^[a-zA-Z0-9]+$`,
      );
    const before = api.models[name];
    api.models[name] = {
      id: before?.id ?? newResourceId(),
      name,
      ...(typeof schema.description === "string" ? { description: schema.description } : {}),
      contentType: "application/json",
      schema: JSON.stringify(asModel(schema, api.id)),
    };
  }
}

/** The name of a body's model: the referenced one, or a new one with a generated name, as on AWS. */
export function modelFor({ api, warnings }: Import, schema: Schema): string {
  if (schema.$ref?.startsWith(COMPONENT)) {
    const name = schema.$ref.slice(COMPONENT.length);
    if (api.models[name]) return name;
    throw badRequest(`Errors found during import:\n\tUnable to find model '${name}'`);
  }
  if (schema.$ref) warnings.push(`Unable to resolve reference ${schema.$ref}`);
  const text = JSON.stringify(asModel(schema, api.id));
  const name = `MODEL${createHash("sha256").update(text).digest("hex").slice(0, 6)}`;
  api.models[name] = { id: newResourceId(), name, contentType: "application/json", schema: text };
  return name;
}

/** AWS's import drops `minItems` and `maxItems` from the models, and turns references into model URLs. */
function asModel(schema: unknown, apiId: string): unknown {
  if (Array.isArray(schema)) return schema.map((one) => asModel(one, apiId));
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).flatMap(([key, value]): [string, unknown][] => {
    if ((key === "minItems" || key === "maxItems") && typeof value === "number") return [];
    if (key === "$ref" && typeof value === "string" && value.startsWith(COMPONENT))
      return [[key, modelUrl(apiId, value.slice(COMPONENT.length))]];
    return [[key, asModel(value, apiId)]];
  });
  return Object.fromEntries(entries);
}
