import type { ContentHandlingStrategy } from "@aws-sdk/client-api-gateway";

/**
 * A body as it goes on: bytes stay bytes and text stays text, unless the other side wants it otherwise. Bytes become text as
 * base64, and text becomes bytes by undoing base64.
 */
export function converted(body: Buffer, binary: boolean, wanted: boolean, handling: ContentHandlingStrategy | undefined): Buffer {
  const toBinary = handling === undefined ? wanted : handling === "CONVERT_TO_BINARY";
  if (toBinary === binary) return body;
  return binary ? Buffer.from(body.toString("base64")) : Buffer.from(body.toString("utf8"), "base64");
}
