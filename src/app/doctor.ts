import { defined } from "../defined.ts";
import { observe } from "../engine/observe.ts";
import { FleetlogixError } from "../errors.ts";
import type { Finding } from "./contract.ts";
import { type Check, fine, lacks, PREFLIGHT } from "./preflight.ts";
import type { Session } from "./session.ts";

const OLDEST_NODE = 20;

const node: Check = async () => {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= OLDEST_NODE) return [fine("node", `Node.js ${process.versions.node}`)];
  return [lacks("node", "error", `Node.js ${process.versions.node} is too old.`, `install Node.js ${OLDEST_NODE} or newer`)];
};

/** From the first call of the session, which was answered before the checks. */
const identity: Check = async ({ place, options, config }) => {
  const where = options.endpoint === undefined ? "AWS" : options.endpoint;
  return [
    fine("credentials", `account ${place.account} (${place.partition}) at ${where}`),
    fine("region", `${place.region}, environment ${config.environment}`),
  ];
};

/** One read of each service: a permission that is missing here is missing later, too. */
const permissions: Check = async ({ clients, config, ask }) => {
  const reads: Readonly<Record<string, () => Promise<unknown>>> = {
    s3: async () => (await clients.s3()).listBuckets({}),
    dynamodb: async () => (await clients.dynamodb()).listTables({ Limit: 1 }),
    sns: async () => (await clients.sns()).listTopics({}),
    rds: async () => (await clients.rds()).describeDBInstances({ MaxRecords: 20 }),
    ec2: async () => (await clients.ec2()).describeSecurityGroups({ MaxResults: 5 }),
    iam: async () => (await clients.iam()).listRoles({ MaxItems: 1 }),
    logs: async () => (await clients.logs()).describeLogGroups({ limit: 1 }),
    lambda: async () => (await clients.lambda()).listFunctions({ MaxItems: 1 }),
    apigateway: async () => (await clients.apigateway()).getRestApis({ limit: 1 }),
    ...defined({ kms: config.hardening === "production" ? async () => (await clients.kms()).listAliases({ Limit: 1 }) : undefined }),
  };
  const findings = await Promise.all(
    Object.entries(reads).map(([service, read]) => examined(`permissions: ${service}`, () => ask(service, read).then(() => []))),
  );
  const refused = findings.flat();
  return refused.length > 0 ? refused : [fine("permissions", `${Object.keys(reads).length} services answer`)];
};

/** A function that is active on AWS and that no caller can use. */
const serving: Check = async (session) => {
  const stack = session.stack();
  const seen = await observe(stack.part("functions"), session.run(stack), { specs: false });
  return seen.flatMap(({ subject, observation }) => {
    const trouble = observation.state === "absent" ? undefined : subject.kind.describe(observation.live).trouble;
    if (trouble === undefined) return [];
    const [message = "", command] = trouble.split(/ \(.*?`([^`]+)`.*/);
    return [lacks("functions", "warning", `"${subject.label}" is ${message}.`, command === undefined ? trouble : `\`${command}\``)];
  });
};

/** A check that takes longer is itself a finding: AWS or the network does not answer. */
const LONGEST_CHECK_MS = 10_000;

/** Each check reports its findings when it ends, independent of the others. */
export async function examine(session: Session, report: (findings: readonly Finding[]) => void = () => {}): Promise<readonly Finding[]> {
  const checks: Readonly<Record<string, Check>> = { node, identity, permissions, serving };
  const entries = [...Object.entries(checks), ...PREFLIGHT.map((check) => [check.name, check] as const)];
  const findings = await Promise.all(
    entries.map(async ([name, check]) => {
      const found = await examined(name, () => within(LONGEST_CHECK_MS, name, check(session)));
      report(found);
      return found;
    }),
  );
  return findings.flat();
}

/** The call continues after the limit and its answer is ignored; the process ends after the last check. */
async function within(ms: number, name: string, check: Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Finding[]>((done) => {
    timer = setTimeout(
      () =>
        done([
          lacks(name, "error", `No answer within ${ms / 1000} s.`, "see whether the network and AWS answer: `aws sts get-caller-identity`"),
        ]),
      ms,
    );
  });
  return Promise.race([check, late]).finally(() => clearTimeout(timer));
}

async function examined(check: string, run: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof FleetlogixError) || error.code === "INTERRUPTED") throw error;
    // Other endpoints need not have the quotas of AWS.
    const unknown = /^(Http)?501$|NotImplemented|UnknownOperation/.test(error.detail.awsCode ?? "");
    return [lacks(check, unknown ? "warning" : "error", error.message, error.detail.hint)];
  }
}
