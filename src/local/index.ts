import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalClock, realClock } from "./core/clock.ts";
import { createDispatcher } from "./core/dispatcher.ts";
import { type Faults, faultPlan } from "./core/faults.ts";
import { listen } from "./core/server.ts";
import type { LocalEnv, LocalService, Settings } from "./core/service.ts";
import { openStore, type Store } from "./core/store.ts";
import { bringUpToDate } from "./format.ts";
import { apigatewayService } from "./services/apigateway/index.ts";
import { cloudwatchService } from "./services/cloudwatch/index.ts";
import { dynamodbService } from "./services/dynamodb/index.ts";
import { ec2Service } from "./services/ec2/index.ts";
import { iamService } from "./services/iam/index.ts";
import { kmsService } from "./services/kms/index.ts";
import { lambdaService } from "./services/lambda/index.ts";
import { logsService } from "./services/logs/index.ts";
import { rdsService } from "./services/rds/index.ts";
import { s3Service } from "./services/s3/index.ts";
import { secretsmanagerService } from "./services/secretsmanager/index.ts";
import { snsService } from "./services/sns/index.ts";
import { stsService } from "./services/sts/index.ts";
import { wafv2Service } from "./services/wafv2/index.ts";

export interface LocalAwsOptions {
  /** Data folder. Default: a temporary folder that `close` removes. */
  readonly dataDir?: string;
  /** 0: any free port. */
  readonly port?: number;
  readonly clock?: LocalClock;
  readonly faults?: Faults;
  readonly settings?: Partial<Settings>;
  readonly log?: (line: string) => void;
  /** Handler of `POST /_local/stop`. Without it that address does not exist. */
  readonly onStop?: () => void;
}
export interface LocalAws {
  readonly url: string;
  readonly port: number;
  readonly services: readonly LocalService[];
  readonly env: LocalEnv;
  close(): Promise<void>;
}

export const LOCAL_ACCOUNT = "000000000000";

/** Starts the local AWS on loopback in this process. */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "local-aws-"));
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const store = openStore(join(dataDir, "journal.jsonl"));
  try {
    bringUpToDate(store, dataDir);
    return await open(options, dataDir, store);
  } catch (error) {
    store.close();
    throw error;
  }
}

async function open(options: LocalAwsOptions, dataDir: string, store: Store): Promise<LocalAws> {
  const address = { endpoint: "http://127.0.0.1" };
  const { env, services, dispatcher } = compose(options, dataDir, store, () => address.endpoint);
  const server = await listen(options.port ?? 0, dispatcher, services, env, options.onStop);
  address.endpoint = `http://127.0.0.1:${server.port}`;
  const close = async (): Promise<void> => {
    await server.close();
    for (const service of services.toReversed()) await service.stop?.();
  };
  try {
    await Promise.all(services.map((service) => service.start?.()));
    server.open();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: address.endpoint,
    port: server.port,
    services,
    env,
    async close() {
      await close();
      store.close();
      if (!options.dataDir) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Builds the services and the `env` that they share. A service reaches the others through `env` only. */
function compose(options: LocalAwsOptions, dataDir: string, store: Store, endpoint: () => string) {
  const services: LocalService[] = [];
  const dispatcher = createDispatcher(
    () => services,
    () => env,
    options.faults ?? faultPlan([], { keepCalls: 200 }),
  );
  const env: LocalEnv = {
    account: LOCAL_ACCOUNT,
    clock: options.clock ?? realClock,
    store,
    dataDir,
    endpoint,
    settings: { realism: false, databases: "real", databasePort: 5432, hosts: [], ...options.settings },
    dispatch: dispatcher.dispatch,
    decide: (principal, permission) => iam.decide(principal, permission),
    assume: (roleArn, session, seconds) => sts.assume(roleArn, session, seconds),
    identify: (accessKeyId) => sts.identify(accessKeyId),
    log: options.log ?? (() => {}),
  };
  const sts = stsService(env);
  const iam = iamService(env);
  services.push(sts.service, iam.service, ...FACTORIES.map((make) => make(env)));
  return { env, services, dispatcher };
}

const FACTORIES = [
  logsService,
  secretsmanagerService,
  s3Service,
  dynamodbService,
  kmsService,
  snsService,
  ec2Service,
  rdsService,
  lambdaService,
  apigatewayService,
  wafv2Service,
  cloudwatchService,
] as const;
