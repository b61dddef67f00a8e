import { request } from "node:http";

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** The headers of a call of this service by the machine's user, whose signature is not checked. */
export const signedFor = (service: string): Record<string, string> => ({
  authorization: `AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
});

/** Sends any bytes, as no SDK would. */
export function sendRaw(
  url: string,
  { method = "POST", path = "/", headers, body = "" }: RawRequest,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url + path, { method, headers: { ...headers, "content-length": Buffer.byteLength(body) } }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk)).on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    // A body that is refused by its length is not read to its end.
    sent.on("error", (error: NodeJS.ErrnoException) =>
      ["EPIPE", "ECONNRESET"].includes(error.code ?? "") ? resolve({ status: 413, text: "" }) : reject(error),
    );
    sent.end(body);
  });
}
