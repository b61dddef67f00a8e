import { sign as signWithLibrary } from "aws4";
import fc from "fast-check";
import { expect, test } from "vitest";
import { makeSigner } from "../../../handlers/shared/aws/sign.ts";

const DOCUMENTED = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const timeOf = (date: Date) => date.toISOString().replace(/[-:]|\.\d+/g, "");

test("the signature is that of the example in the S3 documentation", () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "Example: PUT Object"
  const sign = makeSigner("s3", "us-east-1", "examplebucket.s3.amazonaws.com");
  const headers = { Date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" };
  const request = { method: "PUT", path: "/test%24file.text", headers, body: "Welcome to Amazon S3." };
  expect(sign(request, DOCUMENTED, new Date("2013-05-24T00:00:00Z")).Authorization).toMatch(
    /Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd$/,
  );
});

test("any request of the functions has the signature that an independent library computes", () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/);
  const value = fc.stringMatching(/^[!-~][ -~]{0,40}$/);
  const segment = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((text) => !/^\.{1,2}$|\//.test(text));
  const path = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.map(encode).join("/")}`);
  const own = /^(host|authorization|date|content-length|content-type|x-amz-.*)$/i;
  const headers = fc
    .dictionary(name, value, { maxKeys: 5 })
    .map((all) => Object.fromEntries(new Map(Object.entries(all).map(([key, text]) => [key.toLowerCase(), text]))))
    .filter((all) => !Object.keys(all).some((key) => own.test(key)));
  const date = fc.date({ min: new Date("2020-01-01"), max: new Date("2030-01-01"), noInvalidDate: true });
  const services = fc.constantFrom("s3", "dynamodb", "sns");
  const session = fc.option(fc.stringMatching(/^[A-Za-z0-9+/]{20,40}$/), { nil: undefined });
  fc.assert(
    fc.property(
      services,
      path,
      headers,
      fc.string({ unit: "grapheme" }),
      date,
      session,
      (service, path, headers, body, date, sessionToken) => {
        const method = "POST";
        const credentials = { ...DOCUMENTED, sessionToken };
        const ours = makeSigner(service, "eu-west-1", "127.0.0.1:4566")({ method, path, headers, body }, credentials, date);
        const theirs = signWithLibrary(
          {
            ...{ service, region: "eu-west-1", host: "127.0.0.1:4566", method, path, body },
            headers: { ...headers, "X-Amz-Date": timeOf(date), "X-Amz-Content-Sha256": ours["X-Amz-Content-Sha256"] },
            // The library adds these two headers to what it signs.
            extraHeadersToIgnore: { "content-length": true, "content-type": true },
          } as Parameters<typeof signWithLibrary>[0],
          { ...DOCUMENTED, ...(sessionToken !== undefined && { sessionToken }) },
        );
        expect(ours.Authorization).toBe(theirs.headers?.Authorization);
      },
    ),
  );
});

test("the key of a day is not used on another day, nor for other credentials", () => {
  const sign = makeSigner("sns", "eu-west-1", "sns.eu-west-1.amazonaws.com");
  const request = { method: "POST", path: "/", headers: {}, body: "Action=Publish" };
  const at = (day: string, secretAccessKey: string) =>
    sign(request, { accessKeyId: "A", secretAccessKey }, new Date(`${day}T00:00:00Z`)).Authorization;
  const first = at("2026-01-01", "one");
  const others = [at("2026-01-02", "one"), at("2026-01-01", "two")];
  expect(new Set([first, ...others]).size).toBe(3);
  expect(at("2026-01-01", "one")).toBe(first);
});

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
