import type { HttpRequest } from "@smithy/core/protocols";
import { defined } from "../defined.ts";
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
 * Reads small objects. A day has 100,000 of them, and the SDK's chain of middleware took most of the time of each. Credentials, endpoint
 * rules, connections and proxy are those of the SDK's client. undefined: the answer is no 2xx; the SDK's own call then tells why.
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
  // S3 wants the path as it is sent: encoded once, where other services have it encoded twice.
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
    return response.statusCode >= 200 && response.statusCode < 300 ? body : undefined;
  };
}
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
