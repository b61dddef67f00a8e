/**
 * The configuration with defaults, the environment's overlay and default names: every setting has a value.
 * Default names end with the environment's suffix (`-NAME`, for tables `_NAME`); names from the file do not.
 */
export interface Config {
  readonly project: string;
  readonly environment: string;
  readonly region: string;
  readonly hardening: "development" | "production";
  /** `name: null`: the name is `fleetlogix-data-<account>-<region>` and the suffix; account and region are known at run time only. */
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
    /** Names of the functions on AWS, by their short names. */
    readonly names: { readonly "verify-delivery": string; readonly "calculate-eta": string; readonly "route-deviation": string };
  };
  readonly alerts: {
    readonly deviationThresholdKm: number;
    readonly renotifyMinutes: number;
    /** An episode opens after so many deviated fixes in a row. */
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
  /** CloudWatch alarms, for the people who operate the back end; dispatchers get alerts instead. */
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
    /** Has an effect in production only. */
    readonly waf: boolean;
  };
  readonly warehouse: {
    readonly snowflake: { readonly userArn: string | null; readonly externalId: string | null; readonly notificationArn: string | null };
  };
  readonly tags: Readonly<Record<string, string>>;
  /** `""` for dev, otherwise `-<environment>`. It ends the names that the file cannot set. */
  readonly suffix: string;
}
export type FunctionName = keyof Config["functions"]["names"];
export type TableName = keyof Config["tables"];
