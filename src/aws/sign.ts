import type { AwsClients } from "./clients.ts";

/** A call of a deployed API, before it is signed. */
export interface ApiCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** Headers for a call of an API with `auth: iam`: its own and those of SigV4, with the credentials that the clients have found. */
export async function signCall(clients: Pick<AwsClients, "sts">, region: string, call: ApiCall): Promise<Readonly<Record<string, string>>> {
  const [{ SignatureV4 }, { Sha256 }] = await Promise.all([import("@smithy/signature-v4"), import("@smithy/core/checksum")]);
  const { credentials } = (await clients.sts()).config;
  const { protocol, hostname, host, pathname, searchParams } = new URL(call.url);
  const signer = new SignatureV4({ service: "execute-api", region, credentials, sha256: Sha256 });
  const query: Record<string, string[]> = {};
  for (const name of searchParams.keys()) query[name] = searchParams.getAll(name);
  const { method, body } = call;
  const signed = await signer.sign({ method, protocol, hostname, path: pathname, query, headers: { ...call.headers, host }, body });
  const { host: _, ...headers } = signed.headers;
  return headers;
}
