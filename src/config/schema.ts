import * as z from "zod";
import type { Rule } from "./complaint.ts";
import * as names from "./names.ts";
import { allowedCidr, corsOrigin } from "./network.ts";
import { tagComplaints } from "./tags.ts";

/** Retention periods that CloudWatch Logs accepts, in days. */
const LOG_RETENTION = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653] as const;

const ruled = (rule: Rule<string>) =>
  z.string().superRefine((value, ctx) => {
    const complaint = rule(value);
    if (complaint) ctx.addIssue({ code: "custom", message: complaint.message, params: { remedy: complaint.remedy } });
  });
const nameSetting = (rule: Rule<string>, fallback: string, description: string) =>
  ruled(rule)
    .optional()
    .meta({ description: `${description} Environments other than dev add their name to the default.`, default: fallback });
const listOf = (rule: Rule<string>) =>
  z.array(ruled(rule)).superRefine((list, ctx) => {
    for (const [i, value] of list.entries()) {
      if (list.indexOf(value) === i) continue;
      ctx.addIssue({ code: "custom", path: [i], message: `${value} is listed twice.`, params: { remedy: "Remove one of the two." } });
    }
  });

const bucket = z.strictObject({
  name: ruled(names.bucketName)
    .nullable()
    .default(null)
    .describe(
      "Name of the data lake's bucket. null: fleetlogix-data-<account>-<region>, followed by the environment's name unless it is dev.",
    ),
  glacierAfterDays: z.int().min(1).max(3650).default(90).describe("Days after which the raw archive of `lake compact` moves to Glacier."),
  noncurrentExpireDays: z.int().min(1).max(3650).default(30).describe("Days for which overwritten and deleted versions are kept."),
});
const tables = z.strictObject({
  deliveries: nameSetting(names.tableName, "FleetLogix_Deliveries_Status", "Table of the deliveries."),
  alerts: nameSetting(names.tableName, "FleetLogix_Alerts", "Table of the route alerts."),
  vehicles: nameSetting(names.tableName, "FleetLogix_Vehicle_Tracking", "Table of the vehicles' last positions."),
  routes: nameSetting(names.tableName, "FleetLogix_Routes_Waypoints", "Table of the planned routes."),
});
const database = z.strictObject({
  identifier: nameSetting(names.databaseIdentifier, "fleetlogix-db", "Name of the RDS instance."),
  name: ruled(names.databaseName).default("fleetlogix").describe("Name of the database inside the instance."),
  username: ruled(names.databaseUser).default("fleetlogix_admin").describe("Owner of the database; RDS creates and stores the password."),
  engineVersion: ruled(names.engineVersion)
    .default("17")
    .describe("PostgreSQL version. Prefer a major version alone: RDS then chooses the minor version."),
  instanceClass: ruled(names.instanceClass).default("db.t4g.micro").describe("Size of the instance."),
  storageGb: z.int().min(20).max(65_536).default(20).describe("Storage in GB. RDS can increase it, but never decrease it."),
  backupRetentionDays: z
    .int()
    .min(1)
    .max(35)
    .optional()
    .meta({ description: "Days for which automatic backups are kept. The default is 30 when hardening is production.", default: 7 }),
  publiclyAccessible: z.boolean().optional().meta({
    description: "Whether allowedCidrs can reach it from outside the VPC. Always false when hardening is production.",
    default: true,
  }),
  allowedCidrs: z
    .union([z.literal("auto"), listOf(allowedCidr).max(50)])
    .default("auto")
    .describe('Address ranges that may connect; "auto": the public address of the caller.'),
});
const functions = z.strictObject({
  memoryMb: z.int().min(128).max(10_240).default(256).describe("Memory of each function in MB. AWS assigns processor time in proportion."),
  timeoutSeconds: z.int().min(1).max(29).default(10).describe("Time limit of a call in seconds. The API waits 29 seconds at most."),
  logRetentionDays: z
    .literal(LOG_RETENTION)
    .optional()
    .meta({ description: "Days for which logs are kept. The default is 365 when hardening is production.", default: 30 }),
});
const alerts = z.strictObject({
  deviationThresholdKm: z
    .number()
    .positive()
    .max(1000)
    .default(2)
    .describe("Distance in km from the route above which a vehicle is off its route."),
  renotifyMinutes: z
    .number()
    .positive()
    .max(10_080)
    .default(15)
    .describe("Minutes after which the message about an open alert is repeated."),
  confirmFixes: z.int().min(1).max(5).default(1).describe("Number of deviated fixes in a row that open an alert."),
  emails: listOf(names.email).default([]).describe("E-mail addresses that receive the alerts."),
  sms: listOf(names.phone).default([]).describe('Telephone numbers that receive the alerts by SMS, such as "+34600123456".'),
  timeZone: ruled(names.timeZone).default("America/Bogota").describe("IANA time zone of the times in e-mails and SMS."),
  language: z.enum(["es", "en"]).default("es").describe("Language of e-mails and SMS."),
});
const tracking = z.strictObject({
  speedWindowMinutes: z.number().min(1).max(120).default(10).describe("Period in minutes over which the average speed is calculated."),
  stoppedAfterMinutes: z.number().min(1).max(240).default(5).describe("Minutes within 100 m after which a vehicle counts as stopped."),
  maxSpeedKmh: z
    .number()
    .min(30)
    .max(1000)
    .default(200)
    .describe("Highest plausible speed in km/h. A fix that requires a higher speed is implausible."),
  maxAccuracyM: z
    .number()
    .positive()
    .max(10_000)
    .default(200)
    .describe("Largest accepted accuracy radius of a fix in metres. A fix with a larger one is implausible."),
  silentAfterMinutes: z.number().min(1).max(1440).default(15).describe("Minutes without a fix after which a vehicle counts as silent."),
});
const alarms = z.strictObject({
  enabled: z.boolean().default(true).describe("Create the CloudWatch dashboard, the alarms and their topic."),
  emails: listOf(names.email)
    .default([])
    .describe("E-mail addresses that receive the alarms. Dispatchers receive alerts instead (alerts.emails)."),
});
const snowflake = z.strictObject({
  userArn: ruled(names.iamPrincipal)
    .nullable()
    .default(null)
    .describe("IAM user of the Snowflake account (STORAGE_AWS_IAM_USER_ARN). With externalId, fleetlogix creates a role for it."),
  externalId: ruled(names.externalId).nullable().default(null).describe("External id that Snowflake sends (STORAGE_AWS_EXTERNAL_ID)."),
  notificationArn: ruled(names.queueArn)
    .nullable()
    .default(null)
    .describe("SQS queue of the Snowflake pipes (notification_channel). The bucket notifies it of new files in lake/."),
});
const warehouse = z.strictObject({ snowflake: snowflake.prefault({}).describe("Snowflake's access to the data lake.") });
const api = z.strictObject({
  name: nameSetting(names.apiName, "FleetLogixAPI", "Name of the REST API."),
  stage: ruled(names.stageName).default("prod").describe("Name of the API's stage."),
  auth: z.enum(["apiKey", "iam", "none"]).default("apiKey").describe("Authentication of the callers."),
  rateLimit: z.number().positive().max(10_000).default(50).describe("Most calls per second."),
  burstLimit: z.int().min(1).max(5_000).default(100).describe("Most calls at once."),
  corsOrigins: listOf(corsOrigin).default([]).describe("Web origins that may call the API from a browser."),
  waf: z.boolean().default(true).describe("Protect the stage with a web ACL when hardening is production."),
});
const tags = z
  .record(z.string(), z.string())
  .superRefine((value, ctx) => {
    for (const [key, { message, remedy }] of tagComplaints(value)) {
      ctx.addIssue({ code: "custom", path: key ? [key] : [], message, params: { remedy } });
    }
  })
  .default({})
  .describe("Additional tags of every resource.");

/** The settings of an environment: all except its name. */
const settings = {
  project: ruled(names.projectName).default("FleetLogix").describe("Name of the project. Project and environment together name the stack."),
  region: ruled(names.regionName).default("us-east-1").describe("AWS region. Without it, AWS_REGION is used."),
  hardening: z
    .enum(["development", "production"])
    .default("development")
    .describe("Security level. production adds Multi-AZ, a private database, deletion protection, longer retention and a customer key."),
  bucket: bucket.prefault({}).describe("The data lake."),
  tables: tables.prefault({}).describe("DynamoDB tables of the live state."),
  database: database.prefault({}).describe("The PostgreSQL database."),
  functions: functions.prefault({}).describe("Settings of the three Lambda functions."),
  alerts: alerts.prefault({}).describe("Conditions and recipients of the alerts."),
  tracking: tracking.prefault({}).describe("Rules for the positions of vehicles."),
  alarms: alarms.prefault({}).describe("CloudWatch alarms of the back end."),
  api: api.prefault({}).describe("The REST API."),
  warehouse: warehouse.prefault({}).describe("The data warehouse."),
  tags,
};
const environment = ruled(names.environmentName)
  .default("dev")
  .describe("Name of the environment. All except dev add it to the default names.");

/** Every setting with its default. */
export const settingsSchema = z.strictObject({ ...settings, environment });
export type Settings = z.output<typeof settingsSchema>;

/** The same schema without defaults, for the file and for overlays. A setting that is not in the file stays undefined. */
const written = (schema: z.ZodType): z.ZodType => {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return z.optional(written(schema.unwrap() as z.ZodType));
  if (!(schema instanceof z.ZodObject)) return schema;
  return z.strictObject(Object.fromEntries(Object.entries(schema.shape).map(([key, part]) => [key, written(part as z.ZodType)])));
};
export const overlaySchema = written(z.strictObject(settings));
const environments = <T extends z.ZodType>(part: T) => z.record(ruled(names.environmentName), part);

/** The file before defaults and overlays. */
export const fileSchema = z.strictObject({
  $schema: z.string().optional(),
  ...(written(settingsSchema) as z.ZodObject).shape,
  environments: environments(overlaySchema).optional(),
});

/** JSON Schema (2020-12) of the file, for editors. */
export function jsonSchema(): Record<string, unknown> {
  const documented = z
    .strictObject({
      $schema: z.string().optional().describe("Path or URL of this schema."),
      ...settingsSchema.shape,
      environments: environments(overlaySchema)
        .default({})
        .describe("Settings by environment. With --env NAME, those of NAME override the others."),
    })
    .meta({ title: "fleetlogix.config.json", description: "Configuration of fleetlogix. Every setting has a default." });
  return z.toJSONSchema(documented, { io: "input" }) as Record<string, unknown>;
}
