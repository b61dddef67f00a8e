/**
 * The events of functions in AWS's documentation, by members and types: a REST API's proxy event of format 1.0, and the events of TOKEN and
 * REQUEST authorizers, of S3 and of SNS. `"string"`, `"number"`, `"boolean"`, `"null"` are types. In maps with the caller's names (headers,
 * parameters, variables), `"*"` holds the type of the values.
 */
const TEXTS = { "*": "string" };
const LISTS = { "*": ["string"] };

const identity = {
  accessKey: "null",
  accountId: "null",
  caller: "null",
  cognitoAuthenticationProvider: "null",
  cognitoAuthenticationType: "null",
  cognitoIdentityId: "null",
  cognitoIdentityPoolId: "null",
  principalOrgId: "null",
  sourceIp: "string",
  user: "null",
  userAgent: "string",
  userArn: "null",
};
const requestContext = {
  accountId: "string",
  apiId: "string",
  deploymentId: "string",
  domainName: "string",
  domainPrefix: "string",
  extendedRequestId: "string",
  httpMethod: "string",
  identity,
  path: "string",
  protocol: "string",
  requestId: "string",
  requestTime: "string",
  requestTimeEpoch: "number",
  resourceId: "string",
  resourcePath: "string",
  stage: "string",
};
const request = {
  resource: "string",
  path: "string",
  httpMethod: "string",
  headers: TEXTS,
  multiValueHeaders: LISTS,
  queryStringParameters: TEXTS,
  multiValueQueryStringParameters: LISTS,
  pathParameters: TEXTS,
  stageVariables: TEXTS,
  requestContext,
};

export const PROXY = { ...request, body: "string", isBase64Encoded: "boolean" };
/** The event of a request without optional parts. AWS sends null for them. */
export const BARE_PROXY = {
  ...PROXY,
  queryStringParameters: "null",
  multiValueQueryStringParameters: "null",
  pathParameters: "null",
  body: "null",
};
export const SIGNED_PROXY = {
  ...BARE_PROXY,
  requestContext: {
    ...requestContext,
    identity: { ...identity, accessKey: "string", accountId: "string", caller: "string", user: "string", userArn: "string" },
  },
};
export const AUTHORIZED_PROXY = {
  ...BARE_PROXY,
  requestContext: {
    ...requestContext,
    operationName: "string",
    identity: { ...identity, apiKey: "string", apiKeyId: "string" },
    // Every value of an authorizer's context reaches the function as text.
    authorizer: { principalId: "string", integrationLatency: "number", count: "string", vip: "string", name: "string" },
  },
};
export const TOKEN = { type: "string", methodArn: "string", authorizationToken: "string" };
export const REQUEST = {
  type: "string",
  methodArn: "string",
  ...request,
  requestContext: { ...requestContext, operationName: "string" },
};

export const S3 = {
  Records: [
    {
      eventVersion: "string",
      eventSource: "string",
      awsRegion: "string",
      eventTime: "string",
      eventName: "string",
      userIdentity: { principalId: "string" },
      requestParameters: { sourceIPAddress: "string" },
      responseElements: { "x-amz-request-id": "string", "x-amz-id-2": "string" },
      s3: {
        s3SchemaVersion: "string",
        configurationId: "string",
        bucket: { name: "string", ownerIdentity: { principalId: "string" }, arn: "string" },
        object: { key: "string", size: "number", eTag: "string", versionId: "string", sequencer: "string" },
      },
    },
  ],
};
export const SNS = {
  Records: [
    {
      EventVersion: "string",
      EventSubscriptionArn: "string",
      EventSource: "string",
      Sns: {
        SignatureVersion: "string",
        Timestamp: "string",
        Signature: "string",
        SigningCertUrl: "string",
        MessageId: "string",
        Message: "string",
        MessageAttributes: { "*": { Type: "string", Value: "string" } },
        Type: "string",
        UnsubscribeUrl: "string",
        TopicArn: "string",
        Subject: "string",
      },
    },
  ],
};

/** Members and types of a value, in the form above. Names that the given shape does not have are included, too. */
export function shapeOf(value: unknown, like: unknown): unknown {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.slice(0, 1).map((item) => shapeOf(item, (like as unknown[] | undefined)?.[0]));
  if (typeof value !== "object") return typeof value;
  const documented = (like ?? {}) as Readonly<Record<string, unknown>>;
  const own = Object.entries(value).map(([name, inner]) => [name, shapeOf(inner, documented["*"] ?? documented[name])] as const);
  if (!("*" in documented)) return Object.fromEntries(own);
  const strange = own.filter(([, shape]) => JSON.stringify(shape) !== JSON.stringify(documented["*"]));
  return { "*": documented["*"], ...Object.fromEntries(strange) };
}
