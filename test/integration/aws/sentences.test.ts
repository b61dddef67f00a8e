import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { AwsClients } from "../../../src/aws/clients.ts";
import { explain } from "../../../src/aws/explain.ts";
import { toFault } from "../../../src/aws/faults.ts";
import { FleetlogixError } from "../../../src/errors.ts";
import { selfSigned } from "../../../src/local/core/certificate.ts";
import { type Fault, type Faults, faultPlan } from "../../../src/local/core/faults.ts";
import { RECORDED } from "../../recordings/player.ts";
import { localAws } from "../../support/local-aws.ts";
import { clientsOfTest } from "../../support/made-clients.ts";

/** Texts that do not help a user: names in the SDK's code, errors of its parser, advice about its objects. */
const INTERNAL =
  /\$response|\$metadata|hidden field|deserializ|UnknownError|@smithy|@aws-sdk|\bproviders?\b|is not expected|Unexpected (token|end)|not valid JSON|socket hang up|\bundefined\b|\[object |callback|fromSSO|getaddrinfo/i;

const { clients, toClose } = clientsOfTest();
/** One read of every service that the product calls. Together they use every protocol of AWS. */
const READS: Readonly<Record<string, (aws: AwsClients) => Promise<unknown>>> = {
  s3: async (aws) => (await aws.s3()).listObjectsV2({ Bucket: "bucket" }),
  dynamodb: async (aws) => (await aws.dynamodb()).describeTable({ TableName: "table" }),
  rds: async (aws) => (await aws.rds()).describeDBInstances({}),
  lambda: async (aws) => (await aws.lambda()).getFunction({ FunctionName: "function" }),
  apigateway: async (aws) => (await aws.apigateway()).getRestApis({}),
  sns: async (aws) => (await aws.sns()).listTopics({}),
  iam: async (aws) => (await aws.iam()).getRole({ RoleName: "role" }),
  sts: async (aws) => (await aws.sts()).getCallerIdentity({}),
  ec2: async (aws) => (await aws.ec2()).describeVpcs({}),
  logs: async (aws) => (await aws.logs()).describeLogGroups({}),
  secretsmanager: async (aws) => (await aws.secretsmanager()).describeSecret({ SecretId: "secret" }),
  kms: async (aws) => (await aws.kms()).describeKey({ KeyId: "key" }),
  cloudwatch: async (aws) => (await aws.cloudwatch()).describeAlarms({}),
  wafv2: async (aws) => (await aws.wafv2()).listWebACLs({ Scope: "REGIONAL" }),
};
const SERVICES = Object.keys(READS);
const read = (service: string, aws: AwsClients): Promise<unknown> =>
  (READS[service] as (typeof READS)[string])(aws).then(
    () => expect.unreachable(`${service} answered`),
    (error: unknown) => error,
  );

/** All texts of an error that a user sees. */
function told(error: unknown, where: Parameters<typeof explain>[2] = { local: false }): string {
  const fault = toFault(error);
  if (fault === undefined) throw error;
  const explained = explain(fault, "table.deliveries", where);
  return explained === undefined ? `${fault.code}: ${fault.message}` : `${explained.message} ${explained.detail.hint}`;
}
function expectPlain(error: unknown, where?: Parameters<typeof explain>[2]): void {
  const text = told(error, where);
  expect(text).not.toMatch(INTERNAL);
  expect(text).not.toMatch(/:\s*$/);
}
async function listening(server: Server & { closeAllConnections(): void }): Promise<string> {
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  toClose.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const answering = async (answer: RequestListener) => `http://${await listening(createServer(answer))}`;

describe("every fault of the catalogue, at every service", () => {
  let aws: Awaited<ReturnType<typeof localAws>>;
  let faults: Faults;
  beforeAll(async () => {
    faults = faultPlan();
    aws = await localAws({ faults });
  });
  afterAll(() => aws.close());
  /** The other kinds answer late or with old values and cause no error. */
  const kinds: readonly Fault[] = [
    { kind: "fail" },
    { kind: "fail", code: "SomethingNew", message: "", status: 400 },
    { kind: "failAfter" },
    { kind: "lose" },
    { kind: "cutBefore" },
    { kind: "hang" },
    { kind: "throttle" },
    { kind: "deny" },
  ];
  const rows = SERVICES.flatMap((service) => kinds.map((fault) => [service, fault.kind, fault] as const));
  test.each(rows)("%s: %s", async (service, _, fault) => {
    faults.clear();
    faults.add({ service: service === "cloudwatch" ? undefined : service, times: null, fault } as Parameters<Faults["add"]>[0]);
    expectPlain(await read(service, clients({ endpoint: aws.url, requestTimeoutMs: 100 })), { local: true, endpoint: aws.url });
  });

  const recordings = [...RECORDED.answers, ...RECORDED.rules].flatMap((one) => (one.error ? [[one.operation, one.error] as const] : []));
  test.each(recordings)("the texts of AWS are unchanged: %s %j", async (operation, { code, message, status = 400 }) => {
    const service = operation.split(":")[0] as string;
    faults.clear();
    faults.add({ service, times: null, fault: { kind: "fail", code, message, status } });
    const error = await read(service, clients({ endpoint: aws.url }));
    expectPlain(error);
    expect(toFault(error)?.message).toBe(message.replace(/\s+/g, " ").trim());
  });
});

describe("answers that are not from AWS", () => {
  const HTML = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Welcome<br></body></html>";
  const answers: readonly (readonly [name: string, status: number, type: string, body: string])[] = [
    ["a page", 200, "text/html", HTML],
    ["a page that says 403", 403, "text/html", HTML],
    ["a page that says 404", 404, "text/html", HTML],
    ["a page that says 503", 503, "text/html", HTML],
    ["a page that says it is JSON", 500, "application/json", HTML],
    ["half of a JSON document", 400, "application/x-amz-json-1.0", '{"__type":"Thro'],
    ["half of an XML document", 400, "text/xml", "<ErrorResponse><Error><Code>Thro"],
    ["nothing at all", 500, "application/json", ""],
    ["nothing at all, refused", 403, "text/xml", ""],
    ["a gateway's time-out", 504, "text/plain", "upstream request timeout"],
  ];
  test.each(SERVICES.flatMap((service) => answers.map((answer) => [service, ...answer] as const)))(
    "%s: %s (%i)",
    async (service, _, status, type, body) => {
      const endpoint = await answering((_request, response) => response.writeHead(status, { "content-type": type }).end(body));
      const error = await READS[service]?.(clients({ endpoint })).then(
        () => undefined,
        (one: unknown) => one,
      );
      // An empty page under 200 may be read as an empty list: no error then.
      if (error !== undefined) expectPlain(error, { local: false, endpoint });
    },
  );
});

describe("the way to AWS", () => {
  const where = { local: false, region: "eu-west-1" };
  test("a clock that is wrong", async () => {
    const text = "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T001500Z - 5 min.)";
    const body = `<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>${text}</Message></Error></ErrorResponse>`;
    const endpoint = await answering((_, response) => response.writeHead(403, { "content-type": "text/xml" }).end(body));
    expectPlain(await read("sts", clients({ endpoint })));
  });
  test("an unknown host, a closed port and a server that never answers", async () => {
    for (const endpoint of ["http://nothing.invalid", "http://127.0.0.1:1", await answering(() => {})]) {
      const error = await read("sts", clients({ endpoint, requestTimeoutMs: 100 }));
      expectPlain(error, where);
      expectPlain(error, { ...where, endpoint });
    }
  });
  test("an untrusted certificate, and TLS to a server without it", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const cert = selfSigned({ name: "127.0.0.1", privateKey, publicKey, from: Date.now() - 1e6, until: Date.now() + 1e9 });
    const key = privateKey.export({ type: "pkcs8", format: "pem" });
    const distrusted = `https://${await listening(createTlsServer({ key, cert }))}`;
    const plain = (await answering((_, response) => response.end())).replace("http:", "https:");
    for (const endpoint of [distrusted, plain]) expectPlain(await read("sts", clients({ endpoint })), { ...where, endpoint });
  });
  test("missing credentials and an unknown profile", async () => {
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"]) vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    for (const name of ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"]) vi.stubEnv(name, "/nowhere/at/all");
    for (const profile of [undefined, "depot"]) {
      expectPlain(await read("sts", clients({ local: false, endpoint: "http://127.0.0.1:1", profile })), where);
    }
  });
});

/** Error texts of the installed SDK's search for credentials, read from its code. A new text of a new version appears here. */
function sentencesOfTheSdk(): readonly (readonly [name: string, sentence: string])[] {
  const folders = [
    ...["env", "http", "ini", "login", "node", "process", "sso", "web-identity"].map((one) => `@aws-sdk/credential-provider-${one}`),
    "@aws-sdk/token-providers",
    "@smithy/credential-provider-imds",
  ].map((name) => join("node_modules", name, "dist-cjs"));
  const files = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.js$/.test(name))
      .map((name) => join(folder, name)),
  );
  const found = /new (?:\w+\.)?(CredentialsProviderError|TokenProviderError)\(\s*(`[^`]*`|"[^"]*"|'[^']*')/g;
  const all = files.flatMap((file) => [...readFileSync(file, "utf8").matchAll(found)]);
  return [
    ...new Map(
      all.map(([, name = "", text = ""]) => [text, [name, text.slice(1, -1).replace(/\$\{[^}]*\}+/g, "depot")] as const]),
    ).values(),
  ];
}
describe("the texts of the SDK's credential providers", () => {
  test("is found in its code", () => expect(sentencesOfTheSdk().length).toBeGreaterThan(30));
  test.each(sentencesOfTheSdk())("%s: %s", (name, sentence) => {
    const error = Object.assign(new Error(sentence), { name });
    expectPlain(error);
    expect(toFault(error)?.message).not.toBe(sentence);
  });
});

describe("calls that the SDK does not send", () => {
  const ENDPOINT = "http://127.0.0.1:9";
  const sent = { local: false, endpoint: ENDPOINT };
  const settings: readonly (readonly [variable: string, value: string])[] = [
    ["AWS_USE_FIPS_ENDPOINT", "true"],
    ["AWS_USE_DUALSTACK_ENDPOINT", "true"],
    ["AWS_DEFAULTS_MODE", "fastest"],
  ];
  test.each(settings)("%s=%s is named with the next step", async (variable, value) => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
    vi.stubEnv(variable, value);
    for (const service of SERVICES) {
      const error = (await read(service, clients(sent))) as FleetlogixError;
      expect(error).toBeInstanceOf(FleetlogixError);
      expect([error.code, error.message]).toEqual(["CONFIG_INVALID", expect.stringContaining(variable)]);
      expect(error.detail).toMatchObject({ hint: expect.stringMatching(/unset/), cause: expect.any(Error) });
      expect(error.message).not.toMatch(INTERNAL);
    }
  });
  test("the endpoints of AWS are not asked for on the local AWS", async () => {
    for (const [variable] of settings.slice(0, 2)) vi.stubEnv(variable, "true");
    for (const service of SERVICES) expect(toFault(await read(service, clients({ endpoint: ENDPOINT })))?.code).toBe("ECONNREFUSED");
  });
  test("a bug is reported as one, without the SDK's words", async () => {
    const aws = clients({ endpoint: ENDPOINT });
    const broken = [
      (await aws.lambda()).getFunction({ FunctionName: undefined }),
      (await aws.s3()).getObject({ Bucket: "b", Key: undefined }),
    ];
    for (const answer of broken) {
      const error = (await answer.catch((one: unknown) => one)) as FleetlogixError;
      expect([error.code, error.message]).toEqual([
        "INTERNAL",
        expect.stringMatching(/^The call \S+:Get(Function|Object) could not be built\.$/),
      ]);
    }
  });
});
