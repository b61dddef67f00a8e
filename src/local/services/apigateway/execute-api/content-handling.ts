import type { ContentHandlingStrategy } from "@aws-sdk/client-api-gateway";

/**
 * Converts a body for the receiver. Bytes stay bytes and text stays text, unless the receiver wants the other form. Then bytes are encoded
 * to base64, and text is decoded from base64.
 */
export function converted(body: Buffer, binary: boolean, wanted: boolean, handling: ContentHandlingStrategy | undefined): Buffer {
  const toBinary = handling === undefined ? wanted : handling === "CONVERT_TO_BINARY";
  if (toBinary === binary) return body;
  return binary ? Buffer.from(body.toString("base64")) : Buffer.from(body.toString("utf8"), "base64");
}
