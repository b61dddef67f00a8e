import { join } from "node:path";
import type { Violation } from "../../core/model.ts";
import { JSON_REFUSALS } from "../../core/refusals.ts";
import { type LocalEnv, LocalFault, type LocalService } from "../../core/service.ts";
import { loadModel, pathOf, validationFault } from "../../core/validation.ts";
import { eventFiles } from "./event-files.ts";
import { groupOperations } from "./groups.ts";
import { permissionsOf, policyOperations } from "./policies.ts";
import { readingOperations } from "./reading.ts";
import { groupsOf } from "./state.ts";
import { streamOperations } from "./streams.ts";
import { tagOperations } from "./tags.ts";

const DAY_MS = 86_400_000;
const SWEEP_MS = 3_600_000;

/** CloudWatch Logs. Groups and streams are in the journal, events in files below `logs/`. */
/** AWS's words for a name of a group or stream that is too long (recorded); for everything else those of the model. */
function refuseInput(found: readonly Violation[]): LocalFault {
  const isTooLong = found.some(({ path, rule }) => rule === "max" && /^log(Group|Stream)Name$/.test(String(path[0])));
  return isTooLong
    ? new LocalFault("InvalidParameterException", "Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
    : validationFault(found, "awsJson1_1", pathOf, "InvalidParameterException");
}

export function logsService(env: LocalEnv): LocalService {
  const groups = groupsOf(env);
  const files = eventFiles(join(env.dataDir, "logs"));
  let cancel = (): void => {};
  const sweep = (): void => {
    cancel = env.clock.after(SWEEP_MS, sweep);
    for (const group of groups.all()) {
      const days = group.retentionInDays;
      if (days) for (const stream of groups.streams(group)) files.expire(stream, env.clock.now() - days * DAY_MS);
    }
  };
  return {
    name: "logs",
    sdk: () => import("@aws-sdk/client-cloudwatch-logs"),
    model: () => loadModel("logs"),
    refusals: JSON_REFUSALS,
    pageTokens: { all: ["nextToken", "nextToken"] },
    // A batch of 1 MB with the overhead of JSON.
    maxBodyBytes: 10 * 1024 * 1024,
    // CloudWatch Logs uses its own error code with the shared message.
    inputRules: { refuse: refuseInput },
    operations: {
      ...groupOperations(env, groups, files),
      ...streamOperations(env, groups, files),
      ...readingOperations(env, groups, files),
      ...tagOperations(groups),
      ...policyOperations(env),
    },
    permissions: permissionsOf,
    async start() {
      files.keepOnly(new Set(groups.all().map(({ id }) => id)));
      cancel = env.clock.after(SWEEP_MS, sweep);
    },
    stop: async () => cancel(),
    facts: () => ({ logGroups: groups.all().length }),
  };
}
