import type { WireService } from "./schema.ts";

/**
 * A service that left the query protocol still answers it, and each newer protocol, too: the JavaScript SDK uses JSON with CloudWatch,
 * boto3 and the `aws` command use CBOR, their older versions the query protocol. The headers show which protocol a request uses.
 */
export function withRequestProtocol(wire: WireService, headers: Readonly<Record<string, string>>): WireService {
  if (!wire.queryCompatible) return wire;
  if (headers["smithy-protocol"] === "rpc-v2-cbor") return { ...wire, protocol: "rpcv2Cbor" };
  const form = (headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
  return form && headers["x-amz-target"] === undefined ? { ...wire, protocol: "awsQuery" } : wire;
}
