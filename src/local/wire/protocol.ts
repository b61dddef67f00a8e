import type { WireService } from "./schema.ts";

/**
 * A service that left the query protocol still answers it, and each of its newer ones: the JavaScript SDK speaks JSON with CloudWatch, boto3
 * and the `aws` command CBOR, older ones the query protocol. What a request speaks is told by its headers.
 */
export function withRequestProtocol(wire: WireService, headers: Readonly<Record<string, string>>): WireService {
  if (!wire.queryCompatible) return wire;
  if (headers["smithy-protocol"] === "rpc-v2-cbor") return { ...wire, protocol: "rpcv2Cbor" };
  const form = (headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
  return form && headers["x-amz-target"] === undefined ? { ...wire, protocol: "awsQuery" } : wire;
}
