import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { toFault } from "../../../src/aws/faults.ts";
import { identify, refuseForeignAccount, refuseUnlessLoopback } from "../../../src/aws/identity.ts";
import { removeFolder } from "../../support/folders.ts";
import { clientsOfTest } from "../../support/made-clients.ts";

const { clients, toClose } = clientsOfTest();
async function endpoint(answer: RequestListener): Promise<string> {
  const server: Server = createServer(answer);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  toClose.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const IDENTITY = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
  <Arn>arn:aws-cn:iam::123456789012:user/x</Arn><UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult>
  <ResponseMetadata><RequestId>r-7</RequestId></ResponseMetadata></GetCallerIdentityResponse>`;
const refusal = (code: string) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`;
const keyOf = (authorization: string | undefined) => /Credential=([^/]+)/.exec(authorization ?? "")?.[1];

test("a client tries once, names the operation in its errors and itself in the user agent", async () => {
  const seen: (string | undefined)[] = [];
  const url = await endpoint((request, response) => {
    seen.push(request.headers["user-agent"]);
    response.writeHead(503, { "x-amzn-requestid": "r-8" }).end(refusal("ServiceUnavailable"));
  });
  const calls: string[] = [];
  const error = await identify(clients({ endpoint: url, onCall: (operation) => calls.push(operation) }), "eu-west-1").catch(
    (e: unknown) => e,
  );
  expect(toFault(error)).toMatchObject({ code: "ServiceUnavailable", status: 503, operation: "sts:GetCallerIdentity", requestId: "r-8" });
  expect(calls).toEqual(["sts:GetCallerIdentity"]);
  expect(seen).toEqual([expect.stringContaining("fleetlogix/1.2.3")]);
});
test("the user's credentials are never sent to the local AWS", async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAREAL");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "real");
  const keys: (string | undefined)[] = [];
  const url = await endpoint((request, response) => {
    keys.push(keyOf(request.headers.authorization));
    response.end(IDENTITY);
  });
  const place = await identify(clients({ endpoint: url }), "eu-west-1");
  expect(place).toEqual({ account: "123456789012", region: "eu-west-1", partition: "aws-cn" });
  expect(keys).toEqual(["local"]);
});
test.each(["credentials file", "credential_process"])(
  "credentials of a %s that ran out are looked up again, once, and the call goes on with the new ones",
  async (source) => {
    const folder = mkdtempSync(join(tmpdir(), "credentials-"));
    toClose.push(() => removeFolder(folder));
    const file = join(folder, "credentials");
    const config = join(folder, "config");
    const fromProcess = source === "credential_process";
    if (fromProcess) writeFileSync(config, `[default]\ncredential_process = cat ${file}\n`);
    const write = (key: string) => {
      const Expiration = new Date(Date.now() + 3_600_000).toISOString();
      const found = { Version: 1, AccessKeyId: key, SecretAccessKey: "s", SessionToken: "t", Expiration };
      writeFileSync(file, fromProcess ? JSON.stringify(found) : `[default]\naws_access_key_id = ${key}\naws_secret_access_key = s\n`);
    };
    write("OLD");
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"]) vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", fromProcess ? join(folder, "none") : file);
    vi.stubEnv("AWS_CONFIG_FILE", config);
    const keys: (string | undefined)[] = [];
    const url = await endpoint((request, response) => {
      const key = keyOf(request.headers.authorization);
      keys.push(key);
      if (key === "OLD") {
        write("NEW");
        response.writeHead(403).end(refusal("ExpiredToken"));
      } else response.end(IDENTITY);
    });
    const made = clients({ endpoint: url, local: false });
    expect((await identify(made, "eu-west-1")).account).toBe("123456789012");
    await (await made.sns()).listTopics({}).catch(() => {});
    expect(keys).toEqual(["OLD", "NEW", "NEW"]);
  },
);
test("a call without an answer, a closed connection and a port without a server give different errors", async () => {
  const silent = await endpoint(() => {});
  const slow = await identify(clients({ endpoint: silent, requestTimeoutMs: 50 }), "x").catch((e: unknown) => e);
  expect(toFault(slow)).toMatchObject({ code: "ETIMEDOUT", status: undefined });
  const rude = await endpoint((request) => request.socket.destroy());
  expect(toFault(await identify(clients({ endpoint: rude }), "x").catch((e: unknown) => e))?.code).toBe("ECONNRESET");
  const nobody = await identify(clients({ endpoint: "http://127.0.0.1:1" }), "x").catch((e: unknown) => e);
  expect(toFault(nobody)?.code).toBe("ECONNREFUSED");
});
test("--local calls only this computer", () => {
  for (const url of ["http://127.0.0.1:4566", "http://localhost:1", "http://[::1]:1"])
    expect(() => refuseUnlessLoopback(url)).not.toThrow();
  for (const url of [undefined, "https://sts.amazonaws.com", "http://127.0.0.1.evil.example", "http://10.0.0.1:4566", "nonsense"]) {
    expect(() => refuseUnlessLoopback(url)).toThrow(expect.objectContaining({ code: "LOCAL_REFUSED", exit: 2 }));
  }
  const place = { partition: "aws", region: "x", account: "123456789012" };
  expect(() => refuseForeignAccount(place, "http://127.0.0.1:1")).toThrow("123456789012");
  expect(() => refuseForeignAccount({ ...place, account: "000000000000" }, "http://127.0.0.1:1")).not.toThrow();
});
