import type { Config } from "../../../src/config/config.ts";
import type { FaultRule, LoggedCall } from "../../../src/local/core/faults.ts";
import { seeded } from "../../../src/simulate/random.ts";
import type { Command } from "../invariants/order.ts";
import type { CommandRun, Fixture } from "./fixture.ts";
import { type Lifecycle, lifecycle, runCommand, type Scenario } from "./lifecycle.ts";

/** F1–F10, F13–F15, F20–F22: a fault meets one call. */

/** The n-th writing call. */
interface WritePoint {
  readonly nth: number;
  readonly call: LoggedCall;
}
interface FaultMaker {
  readonly name: string;
  readonly rules: (point: WritePoint) => NonNullable<Lifecycle["rules"]>;
}
const at = (nth: number) => ({ write: true, nth }) as const;
const fail = (code: string, status: number) => ({ kind: "fail", code, status }) as const;

const WRITE_FAULTS: readonly FaultMaker[] = [
  {
    name: "F1 killed before",
    rules:
      ({ nth }) =>
      (run) => [{ ...at(nth), fault: { kind: "hook", before: () => run.kill() } }],
  },
  {
    name: "F2 killed after",
    rules:
      ({ nth }) =>
      (run) => [{ ...at(nth), fault: { kind: "hook", after: () => run.kill() } }],
  },
  {
    name: "F3 answer lost",
    rules:
      ({ nth }) =>
      () => [{ ...at(nth), fault: { kind: "lose" } }],
  },
  {
    name: "F4 500 after effect",
    rules:
      ({ nth }) =>
      () => [{ ...at(nth), fault: { kind: "failAfter" } }],
  },
  {
    name: "F5 503 twice",
    rules:
      ({ nth }) =>
      () => [{ ...at(nth), times: 2, fault: fail("ServiceUnavailable", 503) }],
  },
  {
    name: "F6 throttled twice",
    rules:
      ({ nth }) =>
      () => [{ ...at(nth), times: 2, fault: { kind: "throttle" } }],
  },
];
/** F20, F21: faults of the caller. */
const CALLER_FAULTS: readonly FaultMaker[] = [
  {
    name: "F20 interrupted",
    rules:
      ({ nth }) =>
      (run) => [{ ...at(nth), fault: { kind: "hook", before: () => run.interrupt() } }],
  },
  {
    name: "F21 credentials expire",
    rules:
      ({ nth }) =>
      () => [{ ...at(nth), times: null, fault: fail("ExpiredToken", 403) }],
  },
  {
    name: "F21 clock skew",
    rules:
      ({ nth }) =>
      () => [{ ...at(nth), times: null, fault: fail("RequestTimeTooSkewed", 403) }],
  },
  {
    name: "F21 endpoint gone",
    rules:
      ({ nth }) =>
      () => [{ ...at(nth), times: null, fault: { kind: "cutBefore" } }],
  },
];

/** Every fault at every writing call of an undisturbed run. */
export function atEveryWrite(calls: readonly LoggedCall[], during: Command): readonly Scenario[] {
  return writesOf(calls).flatMap((call, index) =>
    [...WRITE_FAULTS, ...CALLER_FAULTS].map((maker) => atWrite({ nth: index + 1, call }, maker, during)),
  );
}
function atWrite(point: WritePoint, { name, rules }: FaultMaker, during: Command, production?: Config): Scenario {
  const prefix = production ? "production's " : "";
  return lifecycle({
    name: `${during === "teardown" ? "F15 " : ""}${name} at ${prefix}${during} write ${point.nth} ${nameOf(point.call)}`,
    during,
    concurrency: 1 + ((point.nth - 1) % 8),
    rules: rules(point),
    ...(production && { config: production }),
  });
}

/** Production: every fault at the calls that only production makes; a kill before and after each of the others. */
export function inProduction(
  calls: readonly LoggedCall[],
  during: Command,
  config: Config,
  development: readonly LoggedCall[],
): readonly Scenario[] {
  const known = new Set(writesOf(development).map(nameOf));
  return writesOf(calls).flatMap((call, index) =>
    [...WRITE_FAULTS, ...CALLER_FAULTS]
      .filter(({ name }) => !known.has(nameOf(call)) || name.includes("killed"))
      .map((maker) => atWrite({ nth: index + 1, call }, maker, during, config)),
  );
}

/** Timeout of a hanging call, in real milliseconds. */
const HANGING_MS = 400;
/** Faults for any operation, reading or writing. */
const OPERATION_FAULTS: readonly (readonly [name: string, fault: FaultRule["fault"], times: number | null])[] = [
  ["F7 throttled for ever", { kind: "throttle" }, null],
  ["F7 denied", { kind: "deny" }, null],
  ["F7 invalid", fail("ValidationException", 400), null],
  ["F8 hangs, then takes effect", { kind: "hang", effect: true }, 1],
];
export function atEveryOperation(calls: readonly LoggedCall[], during: Command): readonly Scenario[] {
  return operationsOf(calls).flatMap(({ service, operation }, index) =>
    OPERATION_FAULTS.map(([name, fault, times]) =>
      lifecycle({
        name: `${name} at ${during} ${service}:${operation}`,
        during,
        concurrency: 1 + (index % 8),
        ...(fault.kind === "hang" && { requestTimeoutMs: HANGING_MS }),
        rules: () => [{ service, operation, times, fault }],
      }),
    ),
  );
}

/** F9 at every create, F10 at every list. */
export function staleAnswers(calls: readonly LoggedCall[], during: Command): readonly Scenario[] {
  const creates = during === "up" ? writesOf(calls).filter((call) => /^(Create|Put|Add)/.test(call.operation)) : [];
  const stale = operationsOf(creates).flatMap(({ service, operation }) =>
    ([1, 3] as const).map((times) =>
      lifecycle({
        name: `F9 the first ${times} reads after ${service}:${operation} do not find it`,
        during,
        concurrency: times,
        rules: (_run, fixture) => [{ service, operation, fault: { kind: "hook", after: () => addStaleReads(fixture, service, times) } }],
      }),
    ),
  );
  const lists = operationsOf(calls).filter(({ operation }) => /^List|^(Describe|Get)\w+s$|^GetResources$/.test(operation));
  const staleLists = lists.flatMap(({ service, operation }) =>
    ([1, 2, 4] as const).map((nth) =>
      lifecycle({
        name: `F10 ${service}:${operation} is stale from its answer ${nth} in ${during}`,
        during,
        concurrency: nth,
        rules: () => [{ service, operation, nth, times: 2, fault: { kind: "staleList" } }],
      }),
    ),
  );
  const paged = lists
    .filter(({ service, operation }) => PAGED.test(`${service}:${operation}`))
    .map(({ service, operation }) =>
      lifecycle({
        name: `F10 ${service}:${operation} begins with an empty page in ${during}`,
        during,
        concurrency: 2,
        rules: () => [{ service, operation, times: 2, fault: { kind: "emptyPage" } }],
      }),
    );
  return [...stale, ...staleLists, ...paged];
}
function addStaleReads({ faults }: Fixture, service: string, times: number): void {
  faults.add({ service, times, fault: { kind: "staleRead" } });
}
/** Lists that AWS may answer in pages. */
const PAGED =
  /^(iam:List(RolePolicies|AttachedRolePolicies|Roles)|lambda:List(Aliases|VersionsByFunction|Functions)|rds:DescribeDBParameters|apigateway:Get(RestApis|ApiKeys|UsagePlans|UsagePlanKeys|Resources|Deployments)|sns:List(Topics|SubscriptionsByTopic)|logs:DescribeLogGroups|dynamodb:List(Tables|TagsOfResource)|s3:ListObjectVersions|ec2:Describe\w+)$/;

/** F13: the first run waits in a call while another run goes from its beginning to its end. */
export function concurrentRuns(calls: readonly LoggedCall[]): readonly Scenario[] {
  return writesOf(calls).flatMap((call, index) =>
    (["up", "teardown"] as const).map((other) =>
      lifecycle({
        name: `F13 another ${other} runs completely while up waits at write ${index + 1} ${nameOf(call)}`,
        during: "up",
        runs: 2,
        twoRuns: true,
        mayRecreate: other === "teardown",
        concurrency: 1 + (index % 8),
        rules: (_run, fixture) => [
          {
            ...at(index + 1),
            fault: { kind: "hook", before: async () => void (await runCommand(await fixture.start(2), other, fixture)) },
          },
        ],
      }),
    ),
  );
}

/** F14: killed twice. */
export function killedTwice(calls: readonly LoggedCall[], seeds: number): readonly Scenario[] {
  const writes = writesOf(calls);
  return Array.from({ length: seeds }, (_, index) => {
    const chance = seeded(index + 1);
    const place = () => 1 + Math.floor(chance() * writes.length);
    const [first, second] = [place(), place()];
    const killAt = (nth: number, after: boolean) => (run: CommandRun) =>
      [{ ...at(nth), fault: { kind: "hook", [after ? "after" : "before"]: () => run.kill() } }] as const;
    return lifecycle({
      name: `F14 seed ${index + 1}: killed at write ${first}, and the next run at its write ${second}`,
      during: "up",
      concurrency: 1 + Math.floor(chance() * 8),
      runs: 2,
      before: async (fixture) => {
        const started = await fixture.start(4);
        fixture.faults.add(...killAt(first, chance() < 0.5)(started));
        await runCommand(started, "up", fixture);
      },
      rules: (started) => killAt(second, chance() < 0.5)(started),
    });
  });
}

/** F22: two faults at random places, from a seed. */
export function randomFaults(calls: readonly LoggedCall[], seeds: number): readonly Scenario[] {
  const writes = writesOf(calls);
  return Array.from({ length: seeds }, (_, index) => {
    const chance = seeded(index + 1);
    const pick = () => {
      const nth = 1 + Math.floor(chance() * writes.length);
      const maker = [...WRITE_FAULTS, ...CALLER_FAULTS][Math.floor(chance() * (WRITE_FAULTS.length + CALLER_FAULTS.length))] as FaultMaker;
      return { name: `${maker.name} at write ${nth}`, rules: maker.rules({ nth, call: writes[nth - 1] as LoggedCall }) };
    };
    const [first, second] = [pick(), pick()];
    return lifecycle({
      name: `F22 seed ${index + 1}: ${first.name} and ${second.name}`,
      during: "up",
      runs: 2,
      concurrency: 1 + Math.floor(chance() * 8),
      rules: (run, fixture) => [...first.rules(run, fixture), ...second.rules(run, fixture)],
    });
  });
}

/** I13: any concurrency, and answers in any order. */
export function reordered(): readonly Scenario[] {
  return Array.from({ length: 8 }, (_, index) => {
    const chance = seeded(1_000 + index);
    const turns = async (): Promise<void> => {
      for (let turn = Math.floor(chance() * 6); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
    };
    return lifecycle({
      name: `I13 ${index + 1} calls at a time, answered in any order`,
      during: "up",
      concurrency: index + 1,
      reordered: true,
      rules: () => [{ times: null, fault: { kind: "hook", before: turns } }],
      expectEnd: ({ result }) => (result?.ok ? undefined : "it fails without a fault"),
    });
  });
}

const writesOf = (calls: readonly LoggedCall[]): readonly LoggedCall[] => calls.filter((call) => call.write);
const nameOf = ({ service, operation }: LoggedCall): string => `${service}:${operation}`;
const operationsOf = (calls: readonly LoggedCall[]): readonly LoggedCall[] => [
  ...new Map(calls.map((call) => [nameOf(call), call])).values(),
];
