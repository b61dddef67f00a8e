import { FUNCTIONS } from "../../handlers/contract/functions.ts";
import type { Config, FunctionName } from "../config/config.ts";
import { stackNameOf } from "../config/names.ts";
import type { ResourceNode, Tags } from "../engine/contract.ts";
import { apiLayer } from "./api-layer.ts";
import { dataLayer } from "./data-layer.ts";
import { functionLayer } from "./function-layer.ts";
import { type StackContext, type StackInput, stackKey } from "./layer.ts";
import { naming } from "./naming.ts";
import { alarmsTopic, watchLayer } from "./watch-layer.ts";

export interface Stack {
  readonly nodes: readonly ResourceNode[];
  /** Nodes of one command's scope. The engine adds the nodes that they need. */
  part(scope: "all" | "data" | "functions" | "api", functions?: readonly FunctionName[]): readonly ResourceNode[];
  readonly tags: Tags;
  /** `<project>/<environment>`: the value of the tag that proves ownership. */
  readonly name: string;
}

/**
 * Config → resource nodes, pure. A layer uses outputs of the layers above it only:
 *
 *     key         customer key of KMS (production)
 *     alarms      topic of the alarms
 *     data        database and its network · lake bucket · tables · alerts topic and its subscribers · Snowflake's role
 *     functions   role → log → function, one of each per manifest in handlers/contract
 *     api         REST API → permissions to call the functions → stage → web ACL (production), key and usage plan
 *     watch       alarms' subscribers · alarms · dashboard
 */
export function topology(config: Config, context: StackContext): Stack {
  const input = inputOf(config, context);
  const alarms = config.alarms.enabled ? alarmsTopic(input) : undefined;
  const data = dataLayer(input, alarms);
  const functions = FUNCTIONS.map((manifest) => functionLayer(input, manifest));
  const api = apiLayer(input, new Map(functions.map((f) => [f.name, f.live])));
  const watch = alarms ? watchLayer(input, alarms) : [];

  const all = Object.keys(config.functions.names) as readonly FunctionName[];
  const ofFunctions = (chosen: readonly FunctionName[]) =>
    functions.filter((f) => chosen.includes(f.name)).flatMap((f) => [f.role, f.log, f.live]);
  const nodes = [...(input.key ? [input.key] : []), ...data, ...ofFunctions(all), ...api, ...watch];
  const name = stackNameOf(config);
  return {
    nodes,
    part(scope, chosen) {
      if (scope === "all") return nodes;
      if (scope === "data") return data;
      return scope === "api" ? api : ofFunctions(chosen && chosen.length > 0 ? chosen : all);
    },
    tags: tagsOf(config, name, context.place.region),
    name,
  };
}

/** Auditors ask for a year of logs. Development keeps them for the configured time. */
const PRODUCTION_LOG_DAYS = 365;

function inputOf(config: Config, context: StackContext): StackInput {
  const production = config.hardening === "production";
  const days = config.functions.logRetentionDays;
  const logRetentionDays = production ? Math.max(days, PRODUCTION_LOG_DAYS) : days;
  const input = { ...context, config, names: naming(config, context.place), production, logRetentionDays };
  return { ...input, key: production ? stackKey(input) : undefined };
}

const tagsOf = (config: Config, stack: string, region: string): Tags => ({
  ...config.tags,
  Project: config.project,
  Environment: config.environment,
  ManagedBy: "fleetlogix",
  "fleetlogix:stack": stack,
  // Roles are global: without this tag, a stack in another region would count as this one.
  "fleetlogix:region": region,
});
