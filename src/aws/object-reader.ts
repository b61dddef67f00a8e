import { createHash, getFips } from "node:crypto";
import type { HttpRequest, HttpResponse } from "@smithy/core/protocols";
import { defined } from "../defined.ts";
import { FleetlogixError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";

export interface ObjectReader {
  readonly bucket: string;
  /** AWS refuses the call when the bucket belongs to another account. */
  readonly account: string;
  readonly region: string;
  /** undefined: AWS itself. */
  readonly endpoint: string | undefined;
}

/**
 * Reads small objects, of which a day has 100,000. A GET of 300 bytes takes 0.2 to 0.5 ms of processor time here, and 0.9 to 1.6 ms through
 * the SDK's getObject (1,000 GETs of each, three times in turn, local AWS). Credentials, endpoint rules, connections and proxy are those of the SDK's client.
 * undefined: the answer is no 2xx; the SDK's own call then tells why. LAKE_DIFFERS: the body is not the stored object.
 */
export async function openObjectReader(
  clients: Pick<AwsClients, "s3">,
  { bucket, account, region, endpoint }: ObjectReader,
): Promise<(key: string) => Promise<Buffer | undefined>> {
  const [{ HttpRequest: Request }, { SignatureV4 }, { Sha256 }] = await Promise.all([
    import("@smithy/core/protocols"),
    import("@smithy/signature-v4"),
    import("@smithy/core/checksum"),
  ]);
  const { config } = await clients.s3();
  const { url } = config.endpointProvider({
    Bucket: bucket,
    Region: region,
    Endpoint: endpoint,
    ForcePathStyle: endpoint !== undefined,
    UseFIPS: await config.useFipsEndpoint(),
    UseDualStack: await config.useDualstackEndpoint(),
  });
  // S3 signs the path encoded once, as it is sent. Other services encode it twice.
  const signer = new SignatureV4({ service: "s3", region, credentials: config.credentials, sha256: Sha256, uriEscapePath: false });
  const { protocol, hostname, host, port } = url;
  const folder = url.pathname.replace(/\/$/, "");
  return async (key) => {
    const headers = { host, "x-amz-expected-bucket-owner": account, "x-amz-content-sha256": EMPTY_SHA256 };
    const path = `${folder}/${key.split("/").map(encode).join("/")}`;
    const request = new Request({
      method: "GET",
      protocol,
      hostname,
      ...defined({ port: port === "" ? undefined : Number(port) }),
      path,
      headers,
    });
    const { response } = await config.requestHandler.handle((await signer.sign(request)) as HttpRequest);
    const body = await bytesOf(response.body as AsyncIterable<Buffer>);
    if (response.statusCode < 200 || response.statusCode >= 300) return undefined;
    if (!isIntact(body, response)) throw differs(bucket, key);
    return body;
  };
}

/**
 * AWS's API reference, "Object": the ETag is the MD5 of the content where one PutObject wrote it, without encryption or with S3's own keys.
 * Node itself rejects a body that is shorter than its Content-Length, and refuses MD5 in FIPS mode.
 */
function isIntact(body: Buffer, { headers }: HttpResponse): boolean {
  const md5 = /^"([0-9a-f]{32})"$/.exec(headers.etag ?? "")?.[1];
  const encryption = headers["x-amz-server-side-encryption"] ?? "AES256";
  if (md5 === undefined || encryption !== "AES256" || getFips() === 1) return true;
  return createHash("md5").update(body).digest("hex") === md5;
}
const differs = (bucket: string, key: string) =>
  new FleetlogixError("LAKE_DIFFERS", `The object "${key}" of the bucket "${bucket}" arrived with other bytes than S3 has stored.`, {
    hint: "Run the same command again: nothing was removed.",
  });
/** SHA-256 of an empty body. */
const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

async function bytesOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}
/** Percent-encodes as SigV4 requires: everything but letters, digits and `-._~`. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
