/**
 * The configuration after defaults, environment overlay and default names: every value is there.
 * Names carry the environment's suffix already (`-NAME`, `_NAME` for tables), unless the file names them.
 */
export interface Config {
  readonly project: string;
  readonly environment: string;
  readonly region: string;
  readonly hardening: "development" | "production";
  /** `name: null` = `fleetlogix-data-<account>-<region>` plus suffix: account and region are known only at run time. */
  readonly bucket: { readonly name: string | null; readonly glacierAfterDays: number; readonly noncurrentExpireDays: number };
  readonly tables: { readonly deliveries: string; readonly alerts: string; readonly vehicles: string; readonly routes: string };
  readonly topic: { readonly name: string };
  readonly database: {
    readonly identifier: string;
    readonly name: string;
    readonly username: string;
    readonly engineVersion: string;
    readonly instanceClass: string;
    readonly storageGb: number;
    readonly backupRetentionDays: number;
    readonly publiclyAccessible: boolean;
    readonly allowedCidrs: "auto" | readonly string[];
  };
  readonly functions: {
    readonly memoryMb: number;
    readonly timeoutSeconds: number;
    readonly logRetentionDays: number;
    /** The functions' names on AWS, by their short names. */
    readonly names: { readonly "verify-delivery": string; readonly "calculate-eta": string; readonly "route-deviation": string };
  };
  readonly alerts: {
    readonly deviationThresholdKm: number;
    readonly renotifyMinutes: number;
    /** Deviated fixes in a row that open an episode. */
    readonly confirmFixes: number;
    readonly emails: readonly string[];
    readonly sms: readonly string[];
    /** IANA time zone of the times in e-mails and SMS. */
    readonly timeZone: string;
    readonly language: "es" | "en";
  };
  readonly tracking: {
    readonly speedWindowMinutes: number;
    readonly stoppedAfterMinutes: number;
    readonly maxSpeedKmh: number;
    readonly maxAccuracyM: number;
    readonly silentAfterMinutes: number;
  };
  /** CloudWatch: the people who run the back end, apart from the dispatchers. */
  readonly alarms: {
    readonly enabled: boolean;
    readonly emails: readonly string[];
    readonly topicName: string;
    readonly dashboardName: string;
  };
  readonly api: {
    readonly name: string;
    readonly stage: string;
    readonly auth: "apiKey" | "iam" | "none";
    readonly rateLimit: number;
    readonly burstLimit: number;
    readonly corsOrigins: readonly string[];
    /** Counts in production only. */
    readonly waf: boolean;
  };
  readonly warehouse: {
    readonly snowflake: { readonly userArn: string | null; readonly externalId: string | null; readonly notificationArn: string | null };
  };
  readonly tags: Readonly<Record<string, string>>;
  /** `""` for dev, else `-<environment>`: added to names that the file cannot set. */
  readonly suffix: string;
}
export type FunctionName = keyof Config["functions"]["names"];
export type TableName = keyof Config["tables"];
