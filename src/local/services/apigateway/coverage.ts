/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  ImportRestApi: "OpenAPI 3.0 in JSON; no YAML, no Swagger 2.0",
  PutRestApi: "OpenAPI 3.0 in JSON; no YAML, no Swagger 2.0",
  PutIntegration:
    "AWS_PROXY and AWS with functions, HTTP and HTTP_PROXY with endpoints of this machine, MOCK; other services, other hosts and VPC links are refused",
  CreateAuthorizer: "Lambda authorizers (TOKEN, REQUEST); no Cognito user pools",
  UpdateStage: "access log to CloudWatch Logs; no execution log, metrics, cache or canary",
  GetExport: "oas30 in JSON",
};
