import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigError } from "../../../src/config/config-error.ts";
import { loadConfig, validateConfig } from "../../../src/config/load.ts";
import type { FleetlogixError } from "../../../src/errors.ts";
import { removeFolder } from "../../support/folders.ts";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "config-"));
});
afterEach(() => removeFolder(cwd));

const write = (content: unknown, name = "fleetlogix.config.json") =>
  writeFileSync(join(cwd, name), typeof content === "string" ? content : JSON.stringify(content, null, 2));
const load = (options: { file?: string; env?: string; region?: string; variables?: Record<string, string> } = {}) =>
  loadConfig({ cwd, variables: {}, ...options });
function problemsOf(act: () => unknown): { path: string; at: string; message: string; remedy: string }[] {
  try {
    act();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((p) => ({ path: p.path, at: `${p.place?.line}:${p.place?.column}`, message: p.message, remedy: p.remedy }));
  }
  return [];
}
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as FleetlogixError).code;
  }
  return "none";
};

describe("defaults", () => {
  test("without a file, and with an empty one, every setting has its default", () => {
    const none = load();
    write({});
    const empty = load();
    expect(empty.config).toEqual(none.config);
    expect(none.file).toBeUndefined();
    expect(empty.file).toBe(join(cwd, "fleetlogix.config.json"));
    expect(none.config).toEqual({
      project: "FleetLogix",
      environment: "dev",
      region: "us-east-1",
      hardening: "development",
      bucket: { name: null, glacierAfterDays: 90, noncurrentExpireDays: 30 },
      tables: {
        deliveries: "FleetLogix_Deliveries_Status",
        alerts: "FleetLogix_Alerts",
        vehicles: "FleetLogix_Vehicle_Tracking",
        routes: "FleetLogix_Routes_Waypoints",
      },
      topic: { name: "fleetlogix-alerts" },
      database: {
        identifier: "fleetlogix-db",
        name: "fleetlogix",
        username: "fleetlogix_admin",
        engineVersion: "17",
        instanceClass: "db.t4g.micro",
        storageGb: 20,
        backupRetentionDays: 7,
        publiclyAccessible: true,
        allowedCidrs: "auto",
      },
      functions: {
        memoryMb: 256,
        timeoutSeconds: 10,
        logRetentionDays: 30,
        names: {
          "verify-delivery": "fleetlogix-verify-delivery",
          "calculate-eta": "fleetlogix-calculate-eta",
          "route-deviation": "fleetlogix-route-deviation",
        },
      },
      alerts: {
        deviationThresholdKm: 2,
        renotifyMinutes: 15,
        confirmFixes: 1,
        emails: [],
        sms: [],
        timeZone: "America/Bogota",
        language: "es",
      },
      tracking: { speedWindowMinutes: 10, stoppedAfterMinutes: 5, maxSpeedKmh: 200, maxAccuracyM: 200, silentAfterMinutes: 15 },
      alarms: { enabled: true, emails: [], topicName: "fleetlogix-alarms", dashboardName: "FleetLogix-dev" },
      api: { name: "FleetLogixAPI", stage: "prod", auth: "apiKey", rateLimit: 50, burstLimit: 100, corsOrigins: [], waf: true },
      warehouse: { snowflake: { userArn: null, externalId: null, notificationArn: null } },
      tags: {},
      suffix: "",
    });
  });

  test("production keeps data longer and makes the database private", () => {
    write({ hardening: "production" });
    const { config } = load();
    expect(config.database).toMatchObject({ publiclyAccessible: false, backupRetentionDays: 30 });
    expect(config.functions.logRetentionDays).toBe(365);
  });
});

describe("environments", () => {
  test("an environment's settings replace the file's; default names get its suffix, configured names stay", () => {
    write({
      tables: { alerts: "Old_Alerts" },
      tags: { team: "fleet", cost: "1" },
      alerts: { emails: ["a@example.com"], renotifyMinutes: 5 },
      environments: { staging: { region: "eu-west-1", tags: { cost: "2" }, alerts: { emails: [] }, api: { name: "Staged" } } },
    });
    const { config, origins } = load({ env: "staging" });
    expect(config.region).toBe("eu-west-1");
    expect(config.tables).toEqual({
      deliveries: "FleetLogix_Deliveries_Status_staging",
      alerts: "Old_Alerts",
      vehicles: "FleetLogix_Vehicle_Tracking_staging",
      routes: "FleetLogix_Routes_Waypoints_staging",
    });
    expect(config.database.identifier).toBe("fleetlogix-db-staging");
    expect(config.topic.name).toBe("fleetlogix-alerts-staging");
    expect(config.functions.names["calculate-eta"]).toBe("fleetlogix-calculate-eta-staging");
    expect(config.api.name).toBe("Staged");
    expect(config.suffix).toBe("-staging");
    expect(config.tags).toEqual({ team: "fleet", cost: "2" });
    expect(config.alerts).toMatchObject({ emails: [], renotifyMinutes: 5 });
    expect(Object.fromEntries(origins)).toMatchObject({
      region: "environments.staging",
      "tables.alerts": "file",
      "tables.routes": "default",
      "tags.cost": "environments.staging",
      environment: "--env",
    });
  });

  test("an environment without settings is allowed; a note names a similar one", () => {
    write({ environments: { staging: {} } });
    expect(load({ env: "demo" }).config.suffix).toBe("-demo");
    expect(load({ env: "demo" }).notes).toEqual([]);
    expect(load({ env: "stagin" }).notes).toEqual([expect.stringContaining('did you mean "staging"')]);
  });

  test("without --env the file's environment counts", () => {
    write({ environment: "staging", environments: { staging: { region: "eu-west-1" } } });
    expect(load().config).toMatchObject({ environment: "staging", region: "eu-west-1" });
    expect(load({ env: "dev" }).config).toMatchObject({ environment: "dev", region: "us-east-1", suffix: "" });
  });

  test.each(["Staging", "a--b", "-a", "a-", "averyveryverylongname", ""])("the name %j is refused as a flag and in the file", (name) => {
    expect(codeOf(() => load({ env: name }))).toBe("USAGE");
    write({ environments: { [name]: {} } });
    expect(problemsOf(load)).toMatchObject([{ path: `/environments/${name}` }]);
  });
});

describe("region", () => {
  test("the first of flag, environment, file, AWS_REGION, AWS_DEFAULT_REGION and default counts", () => {
    const variables = { AWS_REGION: "ap-south-1", AWS_DEFAULT_REGION: "sa-east-1" };
    expect(load().config.region).toBe("us-east-1");
    expect(load({ variables: { AWS_DEFAULT_REGION: "sa-east-1" } }).config.region).toBe("sa-east-1");
    expect(load({ variables }).config.region).toBe("ap-south-1");
    write({ region: "eu-west-1", environments: { staging: { region: "eu-west-2" } } });
    expect(load({ variables }).config.region).toBe("eu-west-1");
    expect(load({ variables, env: "staging" }).config.region).toBe("eu-west-2");
    expect(load({ variables, env: "staging", region: "eu-north-1" }).config.region).toBe("eu-north-1");
  });
});

describe("problems", () => {
  test("all problems are reported at once, each with its position and a hint", () => {
    write(`{
  "projct": "X",
  "database": { "storageGb": 5, "username": "admin", "engineversion": "17" },
  "functions": { "logRetentionDays": 31, "memoryMb": "256" },
  "alerts": { "sms": ["0600123456"], "deviationThresholdKm": 0 },
  "memoryMb": 512,
  "environments": { "staging": { "api": { "auth": "token" }, "environment": "x" } }
}`);
    expect(problemsOf(load)).toEqual([
      { path: "/projct", at: "2:3", message: 'There is no setting "projct" here.', remedy: 'Did you mean "project"?' },
      { path: "/database/storageGb", at: "3:30", message: "5 is not allowed here.", remedy: "Write a whole number from 20 to 65536." },
      {
        path: "/database/username",
        at: "3:45",
        message: expect.stringContaining("reserved"),
        remedy: expect.stringContaining("another name"),
      },
      { path: "/database/engineversion", at: "3:54", message: expect.anything(), remedy: 'Did you mean "engineVersion"?' },
      {
        path: "/functions/logRetentionDays",
        at: "4:38",
        message: "31 is not allowed here.",
        remedy: expect.stringContaining("14, 30, 60"),
      },
      { path: "/functions/memoryMb", at: "4:54", message: '"256" is not allowed here.', remedy: "Write a whole number from 128 to 10240." },
      { path: "/alerts/sms/0", at: "5:23", message: expect.stringContaining("E.164"), remedy: expect.stringContaining("+34600123456") },
      {
        path: "/alerts/deviationThresholdKm",
        at: "5:62",
        message: "0 is not allowed here.",
        remedy: expect.stringContaining("greater than 0"),
      },
      { path: "/memoryMb", at: "6:3", message: expect.anything(), remedy: '"memoryMb" belongs in "functions".' },
      { path: "/environments/staging/api/auth", at: "7:51", message: expect.anything(), remedy: 'Write one of "apiKey", "iam", "none".' },
      { path: "/environments/staging/environment", at: "7:62", message: expect.anything(), remedy: expect.stringContaining("Remove it") },
    ]);
  });

  test.each([
    ["{", "1:2"],
    ['{\n  "project": "x",\n}', "3:1"],
    ["", "1:1"],
    ["{'a': 1}", "1:2"],
    ['{"project": "a" "region": "b"}', "1:17"],
  ])("broken JSON %j is one problem at %s", (text, at) => {
    write(text);
    expect(problemsOf(load)).toMatchObject([{ at }]);
  });

  test("a duplicate key is a problem", () => {
    write('{"api": {"auth": "iam",\n "auth": "none"}}');
    expect(problemsOf(load)).toMatchObject([{ path: "/api/auth", at: "2:2" }]);
  });

  test("comments are allowed, so that the documentation's example can be pasted", () => {
    write('{ // why\n "region": "eu-west-1" /* because */ }');
    expect(load().config.region).toBe("eu-west-1");
  });

  test("something other than an object is a problem", () => {
    write("[1]");
    expect(problemsOf(load)).toMatchObject([{ path: "", at: "1:1", remedy: "Write an object: {…}." }]);
  });

  test("a missing named file and an unreadable one are errors", () => {
    expect(codeOf(() => load({ file: "other.json" }))).toBe("CONFIG_MISSING");
    mkdirSync(join(cwd, "folder.json"));
    expect(codeOf(() => load({ file: "folder.json" }))).toBe("CONFIG_MISSING");
  });
});

test("names of JavaScript's own members are valid names of environments, tags and tables", () => {
  for (const name of ["constructor", "valueof", "prototype"]) {
    write({ tags: { [name]: "a" } });
    expect(load({ env: name }).config).toMatchObject({ environment: name, region: "us-east-1", tags: { [name]: "a" } });
    write({ environments: { [name]: { region: "eu-west-1" } } });
    expect(load({ env: name }).config).toMatchObject({ environment: name, region: "eu-west-1" });
    expect(load().config.region).toBe("us-east-1");
  }
  write('{ "tags": { "__proto__": "a" } }');
  expect(problemsOf(load)).toMatchObject([{ path: "/tags/__proto__", at: "1:13", remedy: "Choose another name." }]);
  for (const name of Object.getOwnPropertyNames(Object.prototype).filter((one) => one !== "__proto__")) {
    write(`{ "tags": { ${JSON.stringify(name)}: "a" }, "tables": { "alerts": ${JSON.stringify(name)} } }`);
    const { config } = load();
    expect([config.tables.alerts, Object.entries(config.tags)]).toEqual([name, [[name, "a"]]]);
    write(`{ ${JSON.stringify(name)}: 1 }`);
    expect(problemsOf(load)).toMatchObject([{ path: `/${name}` }]);
  }
});

describe("rules between settings", () => {
  test("production refuses an open API, a public database and the origin `*`, with their positions", () => {
    write({
      hardening: "production",
      api: { auth: "none", corsOrigins: ["https://a.example", "*"] },
      database: { publiclyAccessible: true },
    });
    expect(problemsOf(load).map((p) => p.path)).toEqual(["/api/auth", "/api/corsOrigins/1", "/database/publiclyAccessible"]);
    write({
      api: { auth: "none" },
      environments: { live: { hardening: "production" }, other: { hardening: "production", api: { auth: "none" } } },
    });
    expect(codeOf(load)).toBe("none");
    expect(problemsOf(() => load({ env: "other" })).map((p) => p.path)).toEqual(["/environments/other/api/auth"]);
    expect(problemsOf(() => validateConfig({ cwd, variables: {} })).map((p) => p.path)).toEqual([
      "/api/auth",
      "/environments/other/api/auth",
    ]);
  });

  test("two tables cannot share a name", () => {
    write({ tables: { alerts: "Same", routes: "Same" } });
    expect(problemsOf(load)).toMatchObject([{ path: "/tables/routes" }]);
    write({ tables: { alerts: "FleetLogix_Alerts_x", routes: "FleetLogix_Alerts" } });
    expect(problemsOf(load)).toEqual([]);
  });

  test("Snowflake's user and external id must both be given", () => {
    write({ warehouse: { snowflake: { userArn: "arn:aws:iam::123456789012:user/sf" } } });
    expect(problemsOf(load).map((p) => p.path)).toEqual(["/warehouse/snowflake/externalId"]);
    write({ warehouse: { snowflake: { externalId: "ACME=1" } } });
    expect(problemsOf(load).map((p) => p.path)).toEqual(["/warehouse/snowflake/userArn"]);
    write({ warehouse: { snowflake: { userArn: "arn:aws:iam::123456789012:user/sf", externalId: "ACME=1" } } });
    expect(problemsOf(load)).toEqual([]);
  });

  test("tags of file and environment are checked together", () => {
    write({ tags: { Team: "a" }, environments: { staging: { tags: { team: "b" } } } });
    expect(codeOf(load)).toBe("none");
    expect(problemsOf(() => load({ env: "staging" }))).toMatchObject([{ path: "/environments/staging/tags/team" }]);
  });
});
