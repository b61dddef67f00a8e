import { defined } from "../defined.ts";
import type { Clock } from "../engine/ports.ts";
import { isExpired, OPERATION, toFault } from "./faults.ts";
import { makePacer } from "./pacing.ts";
import { withOperations } from "./sdk/operations.ts";
import type {
  APIGateway,
  CloudWatch,
  CloudWatchLogs,
  DynamoDB,
  EC2,
  IAM,
  KMS,
  Lambda,
  RDS,
  S3,
  SecretsManager,
  SNS,
  STS,
  WAFV2,
} from "./sdk/types.ts";
import { agentsFor, type Bundle, exampleHost } from "./transport.ts";

/**
 * One client a service, built and loaded on first use: `(await ctx.world.sns()).createTopic({…})`.
 * Kinds import the SDK as types only, so a command loads just the services that it speaks to.
 */
export interface AwsClients {
  s3(): Promise<S3>;
  dynamodb(): Promise<DynamoDB>;
  rds(): Promise<RDS>;
  lambda(): Promise<Lambda>;
  apigateway(): Promise<APIGateway>;
  sns(): Promise<SNS>;
  iam(): Promise<IAM>;
  sts(): Promise<STS>;
  ec2(): Promise<EC2>;
  logs(): Promise<CloudWatchLogs>;
  secretsmanager(): Promise<SecretsManager>;
  kms(): Promise<KMS>;
  cloudwatch(): Promise<CloudWatch>;
  wafv2(): Promise<WAFV2>;
}

export interface ClientOptions extends Bundle {
  readonly region: string;
  /** undefined: AWS itself. */
  readonly endpoint?: string | undefined;
  readonly profile?: string | undefined;
  /** Fixed credentials that open nothing; the standard chain, with the user's real ones, is never asked. */
  readonly local: boolean;
  /** The product's own version, for the user agent. */
  readonly version: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Keep to AWS's rate limits by `service:Operation`; pointless at an endpoint that has none. */
  readonly paced: boolean;
  readonly onWait: (operation: string, waitMs: number) => void;
  /** Called with `service:Operation` before every call that goes out. */
  readonly onCall?: ((operation: string) => void) | undefined;
  /** How long a call may go without an answer; default one minute. */
  readonly requestTimeoutMs?: number | undefined;
}
const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 60_000;
const LOCAL_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

/** Clients that try once: whether a call is made again is the engine's to say, after it has looked. */
export function makeClients(options: ClientOptions): AwsClients & { destroy(): void } {
  const around = surround(options);
  const made: { destroy(): void }[] = [];
  const once = <C extends Dressable>(service: string, make: () => Promise<C>): (() => Promise<C>) => {
    let client: Promise<C> | undefined;
    const build = async (): Promise<C> => {
      const built = await make();
      dress(built, service, around);
      made.push(built);
      return built;
    };
    return () => {
      client ??= build();
      return client;
    };
  };
  const settings = settingsOf(options);
  const sts = once("sts", async () => new (withOperations<STS>(await import("./sdk/sts.ts")))({ ...settings, ...credentialsOf(options) }));
  // All share what one search for credentials found: one question for a password, one renewal.
  const shared = async () => ({
    ...settings,
    ...credentialsOf(options),
    ...defined({ credentials: options.local ? undefined : (await sts()).config.credentials }),
  });
  const client = <C extends Dressable>(
    service: string,
    load: () => Promise<{ readonly Client: unknown }>,
    more: object = {},
  ): (() => Promise<C>) => once(service, async () => new (withOperations<C>(await load()))({ ...(await shared()), ...more }));
  return {
    sts,
    s3: client<S3>("s3", () => import("./sdk/s3.ts"), { forcePathStyle: options.endpoint !== undefined }),
    dynamodb: client<DynamoDB>("dynamodb", () => import("./sdk/dynamodb.ts")),
    rds: client<RDS>("rds", () => import("./sdk/rds.ts")),
    lambda: client<Lambda>("lambda", () => import("./sdk/lambda.ts")),
    apigateway: client<APIGateway>("apigateway", () => import("./sdk/apigateway.ts")),
    sns: client<SNS>("sns", () => import("./sdk/sns.ts")),
    iam: client<IAM>("iam", () => import("./sdk/iam.ts")),
    ec2: client<EC2>("ec2", () => import("./sdk/ec2.ts")),
    logs: client<CloudWatchLogs>("logs", () => import("./sdk/logs.ts")),
    secretsmanager: client<SecretsManager>("secretsmanager", () => import("./sdk/secretsmanager.ts")),
    kms: client<KMS>("kms", () => import("./sdk/kms.ts")),
    cloudwatch: client<CloudWatch>("cloudwatch", () => import("./sdk/cloudwatch.ts")),
    wafv2: client<WAFV2>("wafv2", () => import("./sdk/wafv2.ts")),
    destroy: () => made.forEach((client) => void client.destroy()),
  };
}

function settingsOf(options: ClientOptions) {
  const requestTimeout = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  return {
    region: options.region,
    ...defined({ endpoint: options.endpoint }),
    maxAttempts: 1,
    customUserAgent: [["fleetlogix", options.version]] as [string, string][],
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout,
      throwOnRequestTimeout: true,
      ...agentsFor(options.endpoint ?? exampleHost(options.region), options),
    },
  };
}
function credentialsOf({ local, profile }: ClientOptions) {
  if (local) return { credentials: LOCAL_CREDENTIALS };
  return profile === undefined ? {} : { profile };
}

/** What every client of the SDK has, whatever its service. */
interface Dressable {
  readonly middlewareStack: { add: unknown };
  readonly config: { readonly credentials: unknown };
  destroy(): void;
}
type Next = (args: never) => Promise<unknown>;
type Around = (service: string, operation: string, renew: () => Promise<void>, call: () => Promise<unknown>) => Promise<unknown>;

/** Outermost in the SDK's own chain, so that a call made again is built and signed anew. */
function dress(client: Dressable, service: string, around: Around): void {
  const { add } = client.middlewareStack as { add: (middleware: unknown, where: object) => void };
  const renew = async (): Promise<void> => {
    // What the user's files said an hour ago is kept in memory: read them again.
    const { loadSharedConfigFiles } = await import("@smithy/core/config");
    await loadSharedConfigFiles({ ignoreCache: true });
    await (client.config.credentials as (options: object) => Promise<unknown>)({ forceRefresh: true });
  };
  const middleware =
    (next: Next, context: { readonly commandName?: string }): Next =>
    (args) =>
      around(service, (context.commandName ?? "").replace(/Command$/, ""), renew, () => next(args));
  add(middleware, { step: "initialize", priority: "high", name: "fleetlogix" });
}

/** Paces a call, names it in what it throws, and renews credentials that ran out during a long wait, once. */
function surround(options: ClientOptions): Around {
  const pace = options.paced ? makePacer(options) : undefined;
  return async (service, operation, renew, call) => {
    const name = `${service}:${operation}`;
    const attempt = async (): Promise<unknown> => {
      await pace?.(service, operation);
      options.onCall?.(name);
      try {
        return await call();
      } catch (error) {
        throw typeof error === "object" && error !== null ? Object.assign(error, { [OPERATION]: name }) : error;
      }
    };
    try {
      return await attempt();
    } catch (error) {
      const fault = toFault(error);
      if (!fault || options.local || !isExpired(fault)) throw error;
      await renew();
      return attempt();
    }
  };
}
