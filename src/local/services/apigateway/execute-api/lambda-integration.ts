import { type ApiResponse, type Exchange, GatewayError } from "./exchange.ts";
import { integrationRequest } from "./integration-request.ts";
import { responseFrom } from "./integration-response.ts";
import { invokeIntegration } from "./lambda-proxy-integration.ts";

/** Calls a function with the payload of the request template and maps its result by the integration responses. */
export async function callLambda(exchange: Exchange): Promise<ApiResponse> {
  const { body, headers } = integrationRequest(exchange);
  const payload = body.length > 0 ? body : Buffer.from("{}");
  checkJson(payload);
  const later = headers.get("x-amz-invocation-type")?.[0] === "Event";
  const output = await invokeIntegration(exchange, payload, later ? "Event" : "RequestResponse");
  const result = Buffer.from(output.Payload ?? []);
  const outcome = output.FunctionError ? messageOf(result) : undefined;
  if (outcome !== undefined) exchange.integration.error = outcome;
  return responseFrom(exchange, { headers: [["Content-Type", "application/json"]], body: result }, outcome);
}

/** Lambda accepts only JSON. Its error is sent to the caller. */
function checkJson(payload: Buffer): void {
  try {
    JSON.parse(payload.toString("utf8"));
  } catch (error) {
    throw new GatewayError("BAD_REQUEST_BODY", `Could not parse request body into json: ${(error as Error).message}`);
  }
}

function messageOf(result: Buffer): string {
  const { errorMessage = "" } = JSON.parse(result.toString("utf8")) as { readonly errorMessage?: string };
  return errorMessage;
}
