/**
 * List prices in US dollars, without free tiers, volume discounts, savings plans and taxes. Data transfer out is not included.
 * Source: AWS's price pages (aws.amazon.com/<service>/pricing). RDS, S3, Lambda and CloudWatch were compared with articles
 * of 2026 that quote these pages (infratally.com, usage.ai, signoz.io, cloudburn.io). The other prices were not compared.
 */
export interface Prices {
  readonly region: string;
  /** false: an estimate, not read from a price page. Every output of the price says so. */
  readonly published: boolean;
  readonly apiGateway: {
    /** A million calls of a REST API: the first 333 million of a month, and those after it. */
    readonly perMillionRequests: number;
    readonly perMillionRequestsBeyond333M: number;
  };
  readonly lambda: { readonly perMillionRequests: number; readonly perGbSecondArm: number };
  readonly dynamodb: {
    /** On demand; one write unit is 1 KB, one read unit 4 KB (an eventually consistent read is half of one). */
    readonly perMillionWriteUnits: number;
    readonly perMillionReadUnits: number;
    readonly perGbMonth: number;
    /** Point-in-time recovery. */
    readonly backupPerGbMonth: number;
  };
  readonly s3: {
    readonly standardPerGbMonth: number;
    readonly glacierPerGbMonth: number;
    /** PUT, COPY, POST, LIST. */
    readonly perThousandWrites: number;
    readonly perThousandReads: number;
    readonly perThousandGlacierTransitions: number;
  };
  readonly rds: {
    /** An hour of one Single-AZ PostgreSQL instance; Multi-AZ is twice that, and so is its storage. */
    readonly perHour: ReadonlyMap<string, number>;
    readonly gp3PerGbMonth: number;
    /** Beyond the size of the database's own storage. */
    readonly backupPerGbMonth: number;
  };
  readonly cloudwatch: {
    readonly logsPerGb: number;
    readonly logsStoredPerGbMonth: number;
    readonly perMetricMonth: number;
    readonly perAlarmMonth: number;
    readonly perDashboardMonth: number;
  };
  readonly xray: { readonly perMillionTraces: number };
  readonly sns: { readonly perMillionRequests: number; readonly perThousandEmails: number };
  readonly kms: { readonly perKeyMonth: number; readonly per10kRequests: number };
  readonly secretsManager: { readonly perSecretMonth: number };
  readonly waf: { readonly perAclMonth: number; readonly perRuleMonth: number; readonly perMillionRequests: number };
  readonly firehose: { readonly perGbIngested: number; readonly roundsUpToKb: number };
  readonly kinesis: { readonly perShardHour: number; readonly perMillionPutUnits: number; readonly putUnitKb: number };
}

export const PRICES_DATED = "2026-11-25";
export const HOURS_A_MONTH = 730;

const CLASSES_VIRGINIA: readonly (readonly [string, number])[] = [
  ["db.t4g.micro", 0.016],
  ["db.t4g.small", 0.032],
  ["db.t4g.medium", 0.065],
  ["db.t4g.large", 0.129],
  ["db.m7g.large", 0.168],
  ["db.m7g.xlarge", 0.337],
  ["db.r7g.large", 0.239],
];

const VIRGINIA: Prices = {
  region: "us-east-1",
  published: true,
  apiGateway: { perMillionRequests: 3.5, perMillionRequestsBeyond333M: 2.8 },
  lambda: { perMillionRequests: 0.2, perGbSecondArm: 0.0000133334 },
  dynamodb: { perMillionWriteUnits: 0.625, perMillionReadUnits: 0.125, perGbMonth: 0.25, backupPerGbMonth: 0.2 },
  s3: {
    standardPerGbMonth: 0.023,
    glacierPerGbMonth: 0.0036,
    perThousandWrites: 0.005,
    perThousandReads: 0.0004,
    perThousandGlacierTransitions: 0.03,
  },
  rds: { perHour: new Map(CLASSES_VIRGINIA), gp3PerGbMonth: 0.115, backupPerGbMonth: 0.095 },
  cloudwatch: { logsPerGb: 0.5, logsStoredPerGbMonth: 0.03, perMetricMonth: 0.3, perAlarmMonth: 0.1, perDashboardMonth: 3 },
  xray: { perMillionTraces: 5 },
  sns: { perMillionRequests: 0.5, perThousandEmails: 0.02 },
  kms: { perKeyMonth: 1, per10kRequests: 0.03 },
  secretsManager: { perSecretMonth: 0.4 },
  waf: { perAclMonth: 5, perRuleMonth: 1, perMillionRequests: 0.6 },
  firehose: { perGbIngested: 0.029, roundsUpToKb: 5 },
  kinesis: { perShardHour: 0.015, perMillionPutUnits: 0.014, putUnitKb: 25 },
};

/** Oregon has Virginia's prices for all of these. */
const OREGON: Prices = { ...VIRGINIA, region: "us-west-2" };

/**
 * Other regions as a factor on Virginia's prices for storage, database and logs, which differ most. unproven: the order of magnitude is
 * right, the exact price is not. `published: false` marks them wherever they are printed.
 */
const FACTORS = new Map([
  ["us-east-2", 1],
  ["eu-west-1", 1.12],
  ["eu-central-1", 1.2],
  ["eu-south-2", 1.15],
  ["sa-east-1", 1.7],
]);
const UNKNOWN_REGION_FACTOR = 1.25;

function estimated(region: string, factor: number): Prices {
  const scaled = (value: number) => Math.round(value * factor * 1e9) / 1e9;
  const all = <T extends object>(prices: T): T =>
    Object.fromEntries(Object.entries(prices).map(([key, value]) => [key, typeof value === "number" ? scaled(value) : value])) as T;
  const { dynamodb, s3, rds, cloudwatch } = VIRGINIA;
  const perHour = new Map([...rds.perHour].map(([name, price]) => [name, scaled(price)]));
  return {
    ...VIRGINIA,
    region,
    published: false,
    dynamodb: all(dynamodb),
    s3: all(s3),
    rds: { ...all(rds), perHour },
    cloudwatch: { ...all(cloudwatch), perAlarmMonth: cloudwatch.perAlarmMonth, perDashboardMonth: cloudwatch.perDashboardMonth },
  };
}

/** The prices of a region. A region that is not in the table gets an estimate above Virginia's prices. */
export function pricesOf(region: string): Prices {
  if (region === VIRGINIA.region) return VIRGINIA;
  if (region === OREGON.region) return OREGON;
  return estimated(region, FACTORS.get(region) ?? UNKNOWN_REGION_FACTOR);
}
