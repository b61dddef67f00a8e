/** Operations that are there but lack something. */
export const partial: Readonly<Record<string, string>> = {
  ImportRestApi: "OpenAPI 3.0 in JSON; no YAML, no Swagger 2.0",
  PutRestApi: "OpenAPI 3.0 in JSON; no YAML, no Swagger 2.0",
  PutIntegration: "requests are served by AWS_PROXY (Lambda) and MOCK; other types are stored and answer 500",
  CreateAuthorizer: "Lambda authorizers (TOKEN, REQUEST); no Cognito user pools",
  UpdateStage: "access log to CloudWatch Logs; no execution log, metrics, cache or canary",
  GetExport: "oas30 in JSON",
};
