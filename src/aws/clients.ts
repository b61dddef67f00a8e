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
import { unsent } from "./unsent.ts";

/**
 * One client for each service, loaded and created on first use: `(await ctx.world.sns()).createTopic({…})`. Kinds import only the SDK's
 * types, so a command loads only the services that it calls.
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
  /** Uses fixed credentials without any rights. The standard chain, which has the user's real credentials, is not used. */
  readonly local: boolean;
  /** The product's own version, for the user agent. */
  readonly version: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Keeps AWS's rate limits, by `service:Operation`. False for endpoints without limits. */
  readonly paced: boolean;
  readonly onWait: (operation: string, waitMs: number) => void;
  /** Called with `service:Operation` before every call that is sent. */
  readonly onCall?: ((operation: string) => void) | undefined;
  /** Timeout of one call in milliseconds; default: one minute. */
  readonly requestTimeoutMs?: number | undefined;
}
const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 60_000;
const LOCAL_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

/** Clients without retries. The engine decides, after a read, whether a call is repeated. */
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
  // All clients share one search for credentials, so that the user is asked for a password once.
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

/** The same clients, which ask `mayCall` before every call. It throws to prevent the call. */
export function guardedClients(clients: AwsClients, mayCall: () => void): AwsClients {
  const guarded = Object.entries(clients).map(([service, clientOf]: [string, () => Promise<Sender>]) => {
    let view: Promise<Sender> | undefined;
    const build = async (): Promise<Sender> => {
      const client = await clientOf();
      const send: Sender["send"] = (...call) => {
        mayCall();
        return client.send(...call);
      };
      return Object.create(client, { send: { value: send } });
    };
    return [service, () => (view ??= build())] as const;
  });
  return Object.fromEntries(guarded) as unknown as AwsClients;
}
/** Methods and paginators of an SDK client end in this one. */
interface Sender {
  send(...call: readonly unknown[]): Promise<unknown>;
}

function settingsOf(options: ClientOptions) {
  const requestTimeout = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  return {
    region: options.region,
    ...defined({ endpoint: options.endpoint }),
    // The user's settings choose among AWS's own endpoints and signatures, and the local AWS has one of each.
    ...(options.local && { useFipsEndpoint: false, useDualstackEndpoint: false, authSchemePreference: ["aws.auth#sigv4"] }),
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

/** The members that every SDK client has. */
interface Dressable {
  readonly middlewareStack: { add: unknown; remove(name: string): boolean };
  readonly config: { readonly credentials: unknown };
  destroy(): void;
}
type Next = (args: never) => Promise<unknown>;
type Around = (service: string, operation: string, renew: () => Promise<void>, call: () => Promise<unknown>) => Promise<unknown>;

/** Adds the outermost middleware of the SDK's chain, so that a repeated call is built and signed anew. */
function dress(client: Dressable, service: string, around: Around): void {
  const { add } = client.middlewareStack as { add: (middleware: unknown, where: object) => void };
  const renew = async (): Promise<void> => {
    // The SDK caches the user's configuration files, so they are read again.
    const { loadSharedConfigFiles } = await import("@smithy/core/config");
    await loadSharedConfigFiles({ ignoreCache: true });
    await (client.config.credentials as (options: object) => Promise<unknown>)({ forceRefresh: true });
  };
  const middleware =
    (next: Next, context: { readonly commandName?: string }): Next =>
    (args) =>
      around(service, (context.commandName ?? "").replace(/Command$/, ""), renew, () => next(args));
  add(middleware, { step: "initialize", priority: "high", name: "fleetlogix" });
  // It makes a copy without secrets of each input and each answer, for a log that nobody reads.
  client.middlewareStack.remove("loggerMiddleware");
}

/** Delays a call to keep the rate limits, adds its name to errors, and renews expired credentials once. */
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
        const withOperation = typeof error === "object" && error !== null ? Object.assign(error, { [OPERATION]: name }) : error;
        throw unsent(withOperation, name) ?? withOperation;
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
