import { describe, expect, test } from "vitest";
import type { CommandContext, GlobalFlags } from "../../../src/cli/context.ts";
import { nextCommand } from "../../../src/cli/next-command.ts";
import { plain } from "../../../src/cli/render/paint.ts";
import { localPort, targetOf } from "../../../src/cli/target.ts";

describe("the target of the calls", () => {
  test.each([
    [{ local: false }, {}, { kind: "aws" }],
    [{ local: false }, { AWS_ENDPOINT_URL: "http://m:1" }, { kind: "endpoint", url: "http://m:1" }],
    [{ local: false }, { AWS_ENDPOINT_URL: "http://m:1", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" }, { kind: "aws" }],
    [{ local: false, endpointUrl: "http://f:1" }, { AWS_ENDPOINT_URL: "http://m:1" }, { kind: "endpoint", url: "http://f:1" }],
    [{ local: true }, { AWS_ENDPOINT_URL: "http://m:1" }, { kind: "local", url: undefined }],
    [{ local: false }, { FLEETLOGIX_LOCAL: "1" }, { kind: "local", url: undefined }],
    [{ local: true, endpointUrl: "http://127.0.0.1:9" }, {}, { kind: "local", url: "http://127.0.0.1:9" }],
    [{ local: false }, { FLEETLOGIX_LOCAL: "0" }, { kind: "aws" }],
  ])("%j and %j", (flags, variables, target) => expect(targetOf(flags, variables)).toEqual(target));

  test.each([{ FLEETLOGIX_LOCAL: "1" }, {}])("--local uses only the local AWS (%j)", (variables) => {
    const flags = { local: !variables.FLEETLOGIX_LOCAL, endpointUrl: "https://dynamodb.us-east-1.amazonaws.com" };
    expect(() => targetOf(flags, variables)).toThrow(expect.objectContaining({ code: "LOCAL_REFUSED", exit: 2 }));
  });

  test("an endpoint for a single service is refused by name, unless a flag, --local or the ignore variable applies", () => {
    const variables = { AWS_ENDPOINT_URL: "http://a.test", AWS_ENDPOINT_URL_S3: "http://b.test" };
    const refusal = expect.objectContaining({ code: "USAGE", message: expect.stringContaining("AWS_ENDPOINT_URL_S3") });
    expect(() => targetOf({ local: false }, variables)).toThrow(refusal);
    expect(targetOf({ local: false, endpointUrl: "http://c.test" }, variables)).toEqual({ kind: "endpoint", url: "http://c.test" });
    expect(targetOf({ local: true }, variables)).toEqual({ kind: "local", url: undefined });
    expect(targetOf({ local: false }, { ...variables, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" })).toEqual({ kind: "aws" });
    expect(targetOf({ local: false }, { ...variables, AWS_ENDPOINT_URL_S3: "http://a.test" })).toMatchObject({ url: "http://a.test" });
  });

  test("the port comes from the flag, the variable or the default", () => {
    expect(localPort({ port: 1 }, { FLEETLOGIX_LOCAL_PORT: "2" })).toEqual({ port: 1, chosen: true });
    expect(localPort({}, { FLEETLOGIX_LOCAL_PORT: "2" })).toEqual({ port: 2, chosen: true });
    expect(localPort({}, {})).toEqual({ port: 4566, chosen: false });
    expect(() => localPort({}, { FLEETLOGIX_LOCAL_PORT: "x" })).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

test("the next command is for the same stack and is quoted for a shell", () => {
  const flags = { local: true, env: "staging", config: "my dir/it's.json", concurrency: 8 } as GlobalFlags;
  const run = (script: string, env: Record<string, string>): CommandContext =>
    ({ flags, io: { script, env, cwd: "/home/u" }, paint: { err: plain, out: plain } }) as unknown as CommandContext;
  const rest = "outputs api_key --local --config 'my dir/it'\\''s.json' --env staging";
  expect(nextCommand(run("/usr/bin/fleetlogix", {}), "outputs", "api_key")).toBe(`fleetlogix ${rest}`);
  expect(nextCommand(run("/x/node_modules/.bin/fleetlogix", { npm_command: "exec" }), "outputs", "api_key")).toBe(`npx fleetlogix ${rest}`);
  expect(nextCommand(run("/home/u/clone/bin/fleetlogix.js", {}), "outputs", "api_key")).toBe(`node clone/bin/fleetlogix.js ${rest}`);
});
