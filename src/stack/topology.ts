import { FUNCTIONS } from "../../handlers/contract/functions.ts";
import type { Artifact } from "../artifacts/artifact.ts";
import type { Config, FunctionName } from "../config/config.ts";
import type { AwsLocation, ResourceNode, Tags } from "../engine/contract.ts";
import { apiLayer } from "./api-layer.ts";
import { dataLayer } from "./data-layer.ts";
import { functionLayer } from "./function-layer.ts";
import { type Plan, stackKey } from "./layer.ts";
import { naming } from "./naming.ts";
import { alarmsTopic, watchLayer } from "./watch-layer.ts";

export interface StackInputs {
  readonly place: AwsLocation;
  /** An imitation of AWS answers: it chooses the port of a database. */
  readonly local: boolean;
  /** The caller's own address, `/32`, for `allowedCidrs: "auto"`; undefined: not known, and what is open stays open. */
  readonly callerCidr: string | undefined;
  /** Ids of the default VPC's private subnets, in two zones at least, else none; undefined: nobody has looked. */
  readonly privateSubnets: readonly string[] | undefined;
  /** undefined: nothing was bundled (status, outputs, teardown), and code is not compared. */
  readonly artifacts: ReadonlyMap<FunctionName, Artifact> | undefined;
}
export interface Stack {
  readonly nodes: readonly ResourceNode[];
  /** The nodes of one command; what they need comes with them. */
  part(scope: "all" | "data" | "functions" | "api", functions?: readonly FunctionName[]): readonly ResourceNode[];
  readonly tags: Tags;
  /** `<project>/<environment>`: the value of the tag that proves ownership. */
  readonly name: string;
}

/** Auditors want a year of logs; development keeps what the configuration says. */
const PRODUCTION_LOG_DAYS = 365;

/** Config → what should exist. Pure. This file is the architecture, readable top to bottom. */
export function topology(config: Config, inputs: StackInputs): Stack {
  const production = config.hardening === "production";
  const days = config.functions.logRetentionDays;
  const logRetentionDays = production ? Math.max(days, PRODUCTION_LOG_DAYS) : days;
  const basis = { ...inputs, config, names: naming(config, inputs.place), production, logRetentionDays };
  const plan: Plan = { ...basis, key: production ? stackKey(basis) : undefined };

  const alarms = config.alarms.enabled ? alarmsTopic(plan) : undefined;
  const data = dataLayer(plan, alarms);
  const functions = FUNCTIONS.map((manifest) => functionLayer(plan, manifest));
  const api = apiLayer(plan, new Map(functions.map((f) => [f.name, f.live])));
  const ofFunctions = (chosen: readonly FunctionName[]) =>
    functions.filter((f) => chosen.includes(f.name)).flatMap((f) => [f.role, f.log, f.live]);
  const all = Object.keys(config.functions.names) as readonly FunctionName[];
  const watch = alarms ? watchLayer(plan, alarms) : [];
  const nodes = [...(plan.key ? [plan.key] : []), ...data, ...ofFunctions(all), ...api, ...watch];
  const name = `${config.project}/${config.environment}`;
  return {
    nodes,
    part(scope, chosen) {
      if (scope === "all") return nodes;
      if (scope === "data") return data;
      return scope === "api" ? api : ofFunctions(chosen && chosen.length > 0 ? chosen : all);
    },
    tags: {
      ...config.tags,
      Project: config.project,
      Environment: config.environment,
      ManagedBy: "fleetlogix",
      "fleetlogix:stack": name,
      // Roles are the whole account's: without it, the stack of another region would be taken for this one.
      "fleetlogix:region": inputs.place.region,
    },
    name,
  };
}
