import type { Config } from "../../../src/config/config.ts";
import type { FaultRule, LoggedCall } from "../../../src/local/core/faults.ts";
import { seeded } from "../../../src/simulate/random.ts";
import type { Started, World } from "./fixture.ts";
import { type Command, type Life, life, run, type Scenario } from "./lifecycle.ts";

/** F1–F10, F13–F15, F20–F22: something goes wrong at a call. */

/** The n-th writing call. */
interface Place {
  readonly nth: number;
  readonly call: LoggedCall;
}
interface Maker {
  readonly name: string;
  readonly rules: (place: Place) => NonNullable<Life["rules"]>;
}
const at = (nth: number) => ({ write: true, nth }) as const;
const fail = (code: string, status: number) => ({ kind: "fail", code, status }) as const;

const AT_A_WRITE: readonly Maker[] = [
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
/** F20, F21: interrupted, without good credentials, with a wrong clock, without an endpoint. */
const PERSONAL: readonly Maker[] = [
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
    [...AT_A_WRITE, ...PERSONAL].map((maker) => atWrite({ nth: index + 1, call }, maker, during)),
  );
}
function atWrite(place: Place, { name, rules }: Maker, during: Command, production?: Config): Scenario {
  const word = production ? "production's " : "";
  return life({
    name: `${during === "teardown" ? "F15 " : ""}${name} at ${word}${during} write ${place.nth} ${nameOf(place.call)}`,
    during,
    concurrency: 1 + ((place.nth - 1) % 8),
    rules: rules(place),
    ...(production && { config: production }),
  });
}

/** Of a stack in production: every fault at the writing calls that only it makes, and killed before and after each of the others. */
export function inProduction(
  calls: readonly LoggedCall[],
  during: Command,
  config: Config,
  development: readonly LoggedCall[],
): readonly Scenario[] {
  const known = new Set(writesOf(development).map(nameOf));
  return writesOf(calls).flatMap((call, index) =>
    [...AT_A_WRITE, ...PERSONAL]
      .filter(({ name }) => !known.has(nameOf(call)) || name.includes("killed"))
      .map((maker) => atWrite({ nth: index + 1, call }, maker, during, config)),
  );
}

/** A call that hangs is given up after this long; real time, so kept short. */
const HANGING_MS = 400;
/** What may meet any operation, reading or writing. */
const AT_AN_OPERATION: readonly (readonly [name: string, fault: FaultRule["fault"], times: number | null])[] = [
  ["F7 throttled for ever", { kind: "throttle" }, null],
  ["F7 denied", { kind: "deny" }, null],
  ["F7 invalid", fail("ValidationException", 400), null],
  ["F8 hangs, then takes effect", { kind: "hang", effect: true }, 1],
];
export function atEveryOperation(calls: readonly LoggedCall[], during: Command): readonly Scenario[] {
  return operationsOf(calls).flatMap(({ service, operation }, index) =>
    AT_AN_OPERATION.map(([name, fault, times]) =>
      life({
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
export function oldNews(calls: readonly LoggedCall[], during: Command): readonly Scenario[] {
  const creates = during === "up" ? writesOf(calls).filter((call) => /^(Create|Put|Add)/.test(call.operation)) : [];
  const stale = operationsOf(creates).flatMap(({ service, operation }) =>
    ([1, 3] as const).map((times) =>
      life({
        name: `F9 the first ${times} reads after ${service}:${operation} know nothing of it`,
        during,
        concurrency: times,
        rules: (_run, world) => [{ service, operation, fault: { kind: "hook", after: () => forget(world, service, times) } }],
      }),
    ),
  );
  const lists = operationsOf(calls).filter(({ operation }) => /^List|^(Describe|Get)\w+s$|^GetResources$/.test(operation));
  const old = lists.flatMap(({ service, operation }) =>
    ([1, 2, 4] as const).map((nth) =>
      life({
        name: `F10 ${service}:${operation} answers with old news from its answer ${nth} in ${during}`,
        during,
        concurrency: nth,
        rules: () => [{ service, operation, nth, times: 2, fault: { kind: "staleList" } }],
      }),
    ),
  );
  const paged = lists
    .filter(({ service, operation }) => PAGED.test(`${service}:${operation}`))
    .map(({ service, operation }) =>
      life({
        name: `F10 ${service}:${operation} begins with an empty page in ${during}`,
        during,
        concurrency: 2,
        rules: () => [{ service, operation, times: 2, fault: { kind: "emptyPage" } }],
      }),
    );
  return [...stale, ...old, ...paged];
}
function forget({ faults }: World, service: string, times: number): void {
  faults.add({ service, times, fault: { kind: "staleRead" } });
}
/** Lists that AWS may answer in pages. */
const PAGED =
  /^(iam:List(RolePolicies|AttachedRolePolicies|Roles)|lambda:List(Aliases|VersionsByFunction|Functions)|rds:DescribeDBParameters|apigateway:Get(RestApis|ApiKeys|UsagePlans|UsagePlanKeys|Resources|Deployments)|sns:List(Topics|SubscriptionsByTopic)|logs:DescribeLogGroups|dynamodb:List(Tables|TagsOfResource)|s3:ListObjectVersions|ec2:Describe\w+)$/;

/** F13: the first run stands still at a call while another goes from its beginning to its end. */
export function twoAtOnce(calls: readonly LoggedCall[]): readonly Scenario[] {
  return writesOf(calls).flatMap((call, index) =>
    (["up", "teardown"] as const).map((other) =>
      life({
        name: `F13 another ${other} from beginning to end while up stands at write ${index + 1} ${nameOf(call)}`,
        during: "up",
        runs: 2,
        together: true,
        remakes: other === "teardown",
        concurrency: 1 + (index % 8),
        rules: (_run, world) => [
          { ...at(index + 1), fault: { kind: "hook", before: async () => void (await run(await world.start(2), other, world)) } },
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
    const killAt = (nth: number, after: boolean) => (run: Started) =>
      [{ ...at(nth), fault: { kind: "hook", [after ? "after" : "before"]: () => run.kill() } }] as const;
    return life({
      name: `F14 seed ${index + 1}: killed at write ${first}, and the next run at its write ${second}`,
      during: "up",
      concurrency: 1 + Math.floor(chance() * 8),
      runs: 2,
      before: async (world) => {
        const started = await world.start(4);
        world.faults.add(...killAt(first, chance() < 0.5)(started));
        await run(started, "up", world);
      },
      rules: (started) => killAt(second, chance() < 0.5)(started),
    });
  });
}

/** F22: two faults at random places, from a seed. */
export function random(calls: readonly LoggedCall[], seeds: number): readonly Scenario[] {
  const writes = writesOf(calls);
  return Array.from({ length: seeds }, (_, index) => {
    const chance = seeded(index + 1);
    const pick = () => {
      const nth = 1 + Math.floor(chance() * writes.length);
      const maker = [...AT_A_WRITE, ...PERSONAL][Math.floor(chance() * (AT_A_WRITE.length + PERSONAL.length))] as Maker;
      return { name: `${maker.name} at write ${nth}`, rules: maker.rules({ nth, call: writes[nth - 1] as LoggedCall }) };
    };
    const [first, second] = [pick(), pick()];
    return life({
      name: `F22 seed ${index + 1}: ${first.name} and ${second.name}`,
      during: "up",
      runs: 2,
      concurrency: 1 + Math.floor(chance() * 8),
      rules: (run, world) => [...first.rules(run, world), ...second.rules(run, world)],
    });
  });
}

/** I13: any concurrency, and answers in any order. */
export function anyOrder(): readonly Scenario[] {
  return Array.from({ length: 8 }, (_, index) => {
    const chance = seeded(1_000 + index);
    const turns = async (): Promise<void> => {
      for (let turn = Math.floor(chance() * 6); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
    };
    return life({
      name: `I13 ${index + 1} calls at a time, answered in any order`,
      during: "up",
      concurrency: index + 1,
      anyOrder: true,
      rules: () => [{ times: null, fault: { kind: "hook", before: turns } }],
      ends: ({ result }) => (result?.ok ? undefined : "it fails without a fault"),
    });
  });
}

const writesOf = (calls: readonly LoggedCall[]): readonly LoggedCall[] => calls.filter((call) => call.write);
const nameOf = ({ service, operation }: LoggedCall): string => `${service}:${operation}`;
const operationsOf = (calls: readonly LoggedCall[]): readonly LoggedCall[] => [
  ...new Map(calls.map((call) => [nameOf(call), call])).values(),
];
