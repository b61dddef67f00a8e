import { readdirSync } from "node:fs";
import { request } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ServiceModel, shapeOf } from "../../src/local/core/model.ts";
import type { LocalService } from "../../src/local/core/service.ts";
import { loadModel } from "../../src/local/core/validation.ts";
import { type Operation, wireService } from "../../src/local/wire/schema.ts";
import { localAws } from "../support/local-aws.ts";

/** Every input over the wire gets an answer in the service's format and never causes an internal error. */
let aws: Awaited<ReturnType<typeof localAws>>;
const complaints: string[] = [];
beforeAll(async () => {
  aws = await localAws({ log: (line) => complaints.push(line) });
});
afterAll(() => aws.close());

const NAMES = [
  "a",
  "__proto__",
  "constructor",
  "toString",
  "",
  "arn:aws:iam::000000000000:role/a",
  "../..",
  "%00",
  "\u2028é",
  "x".repeat(300),
];
const text = fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 20 }), fc.constant('{"a":['.repeat(40)));
const anything = fc.oneof(
  { depthSize: "small" },
  text,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 3 }),
);

/** An input that often fits the model, and sometimes does not. */
function inputOf(model: ServiceModel, name: string, depth: number): fc.Arbitrary<unknown> {
  const shape = shapeOf(model, name);
  const usual = (): fc.Arbitrary<unknown> => {
    if (shape.type === "structure") {
      const members = Object.entries(shape.members ?? {});
      if (depth > 4) return fc.constant({});
      return fc.record(Object.fromEntries(members.map(([member, at]) => [member, inputOf(model, at, depth + 1)])), {
        requiredKeys: [...(shape.required ?? [])],
      });
    }
    if (shape.type === "list") return fc.array(depth > 4 ? text : inputOf(model, shape.of ?? "", depth + 1), { maxLength: 3 });
    if (shape.type === "map") return fc.dictionary(text, depth > 4 ? text : inputOf(model, shape.value ?? "", depth + 1), { maxKeys: 3 });
    if (shape.enum) return fc.constantFrom(...shape.enum);
    if (["integer", "long", "float", "double"].includes(shape.type)) return fc.integer({ min: shape.min ?? -5, max: shape.max ?? 5000 });
    if (shape.type === "boolean") return fc.boolean();
    if (shape.type === "timestamp") return fc.integer({ min: 0, max: 4e9 });
    return text;
  };
  return fc.oneof({ weight: 9, arbitrary: usual() }, { weight: 1, arbitrary: anything });
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}
const asText = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
/** Puts the members of a REST input into the places that the model gives. */
function restRequest(operation: Operation, input: Record<string, unknown>): Sent {
  const [method, uri] = operation.traits.http as readonly [string, string, number];
  const path = uri.replace(/\{([^}+]+)\+?\}/g, (_, label: string) => encodeURIComponent(asText(input[label]).slice(0, 100)) || "x");
  const body = operation.input.isStructSchema() ? JSON.stringify(input) : "";
  return { method, path, headers: {}, body: method === "GET" || method === "HEAD" ? "" : body };
}
function formOf(value: unknown, path: string): [string, string][] {
  if (Array.isArray(value)) return value.flatMap((one, i) => formOf(one, `${path}.member.${i + 1}`));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([name, one]) => formOf(one, path ? `${path}.${name}` : name));
  return [[path, asText(value)]];
}
function requestOf(kind: string, target: string, operation: Operation, input: Record<string, unknown>): Sent {
  if (kind === "awsQuery" || kind === "ec2Query") {
    const form = new URLSearchParams([["Action", operation.name], ...formOf(input, "")]);
    return { method: "POST", path: "/", headers: { "content-type": "application/x-www-form-urlencoded" }, body: form.toString() };
  }
  if (kind.startsWith("awsJson"))
    return { method: "POST", path: "/", headers: { "x-amz-target": `${target}.${operation.name}` }, body: JSON.stringify(input) };
  return restRequest(operation, input);
}

function send(service: LocalService, { method, path, headers, body }: Sent): Promise<{ status: number; text: string }> {
  const scope = `Credential=a/20260101/us-east-1/${service.signsAs ?? service.name}/aws4_request`;
  const signed = { ...headers, authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0` };
  return new Promise((resolve, reject) => {
    const sent = request(aws.url + path, { method, headers: signed, timeout: 30_000 }, (response) => {
      let answer = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        answer += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: answer }));
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer: ${method} ${path} ${body.slice(0, 300)}`)));
    sent.on("error", reject).end(body);
  });
}

/** Operations that would start databases and functions are left out. */
const LEFT_OUT = /^(Invoke|CreateDBInstance|RestoreDB)/;
const SERVICES = readdirSync("src/local/services");
describe.each(SERVICES)("%s", (name) => {
  test("answers every random request in its own format", async () => {
    const service = aws.services.find((one) => one.name === name) as LocalService;
    const model = (await loadModel(name)) as ServiceModel;
    const wire = wireService(await service.sdk());
    const names = Object.keys(model.operations).filter((one) => wire.operations[one] && !LEFT_OUT.test(one));
    const asked = fc.constantFrom(...names).chain((one) => fc.tuple(fc.constant(one), inputOf(model, model.operations[one] as string, 0)));
    await fc.assert(
      fc.asyncProperty(asked, async ([one, value]) => {
        complaints.length = 0;
        const input =
          typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : { x: value };
        const { status, text: answer } = await send(service, requestOf(wire.protocol, "Any_1", wire.operations[one] as Operation, input));
        if (status === 501) return;
        expect([one, status, complaints]).toEqual([one, expect.toSatisfy((got: number) => got >= 200 && got < 500), []]);
        if (status >= 400 && answer)
          expect(answer).toMatch(wire.protocol.includes("Json") || wire.protocol === "restJson1" ? /^\{.*"/s : /^<.*<Code>/s);
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 60), seed: 7, endOnFailure: true },
    );
  });
});
