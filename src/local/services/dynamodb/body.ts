import { Readable } from "node:stream";
import { createGunzip, createInflate } from "node:zlib";
import { LocalFault } from "../../core/service.ts";

/** SDKs compress large requests. */
export function uncompressed(headers: Readonly<Record<string, string>>, body: Readable): Readable {
  const coding = headers["content-encoding"]?.toLowerCase();
  if (!coding || coding === "identity" || coding === "aws-chunked") return body;
  // AWS answers 500 to a coding that it does not know, too.
  if (coding !== "gzip" && coding !== "deflate")
    throw new LocalFault("InternalServerError", `The Content-Encoding ${coding.slice(0, 60)} is not known.`, 500);
  return Readable.from(decoded(body, coding));
}

async function* decoded(body: Readable, coding: "gzip" | "deflate"): AsyncGenerator<Buffer> {
  const decoder = coding === "gzip" ? createGunzip() : createInflate();
  body.on("error", (error) => decoder.destroy(error));
  try {
    yield* body.pipe(decoder) as AsyncIterable<Buffer>;
  } catch {
    throw new LocalFault("InternalServerError", `The request body is not ${coding}, as its Content-Encoding says.`, 500);
  }
}
