import type {
  Authorizer,
  CreateAuthorizerCommandInput,
  DeleteAuthorizerCommandInput,
  FlushStageAuthorizersCacheCommandInput,
  GetAuthorizerCommandInput,
  GetAuthorizersCommandInput,
  UpdateAuthorizerCommandInput,
} from "@aws-sdk/client-api-gateway";
import { LocalFault, type Operations } from "../../../core/service.ts";
import type { AuthorizationCache } from "../authorization-cache.ts";
import {
  type ApiDoc,
  badRequest,
  changeApi,
  conflict,
  defined,
  type Gateway,
  newId,
  notFound,
  requireApi,
  requireStage,
} from "../state.ts";
import { functionIn } from "./function-uri.ts";
import { page, sortedByName } from "./paging.ts";
import { amount, applyPatches, text } from "./patch.ts";

const DEFAULT_TTL_SECONDS = 300;
const MAX_TTL_SECONDS = 3_600;

/** Operations of Lambda authorizers. They are stored with the API; execute-api calls those of the deployed snapshot. */
export function authorizerOperations(gateway: Gateway, cache: AuthorizationCache): Operations {
  return {
    CreateAuthorizer: (input: CreateAuthorizerCommandInput, call): Authorizer =>
      changeApi(gateway, input.restApiId, call, (api) => createAuthorizer(api, input)),
    GetAuthorizer: (input: GetAuthorizerCommandInput, call): Authorizer =>
      requireAuthorizer(requireApi(gateway, input.restApiId, call), input.authorizerId),
    GetAuthorizers: (input: GetAuthorizersCommandInput, call) =>
      page(sortedByName(requireApi(gateway, input.restApiId, call).authorizers), input.position, input.limit),
    UpdateAuthorizer: (input: UpdateAuthorizerCommandInput, call): Authorizer =>
      changeApi(gateway, input.restApiId, call, (api) => {
        const authorizer = applyPatches(requireAuthorizer(api, input.authorizerId), input.patchOperations, {
          "/name": text("name"),
          "/type": text("type"),
          "/authType": text("authType"),
          "/authorizerUri": text("authorizerUri"),
          "/authorizerCredentials": text("authorizerCredentials"),
          "/identitySource": text("identitySource"),
          "/identityValidationExpression": text("identityValidationExpression"),
          "/authorizerResultTtlInSeconds": amount("authorizerResultTtlInSeconds"),
        });
        checkAuthorizer(authorizer);
        return authorizer;
      }),
    DeleteAuthorizer: (input: DeleteAuthorizerCommandInput, call) =>
      changeApi(gateway, input.restApiId, call, (api) => {
        const { id, name } = requireAuthorizer(api, input.authorizerId);
        const methods = Object.values(api.resources).flatMap((resource) => Object.values(resource.methods));
        if (methods.some((method) => method.authorizerId === id))
          throw conflict(`Cannot delete authorizer '${name}', is referenced in method request`);
        delete api.authorizers[id ?? ""];
        return {};
      }),
    FlushStageAuthorizersCache(input: FlushStageAuthorizersCacheCommandInput, call) {
      const stage = requireStage(gateway, input.restApiId, input.stageName, call);
      cache.flush(stage.apiId, stage.name);
      return {};
    },
  };
}

function requireAuthorizer(api: ApiDoc, id: string | undefined): Authorizer {
  const found = api.authorizers[id ?? ""];
  if (!found) throw notFound("Invalid Authorizer identifier specified");
  return found;
}

function createAuthorizer(api: ApiDoc, input: CreateAuthorizerCommandInput): Authorizer {
  const { restApiId: _api, ...given } = input;
  if (Object.values(api.authorizers).some((one) => one.name === given.name))
    throw conflict("Authorizer name must be unique. Authorizer already exists in this RestApi.");
  const authorizer = newAuthorizer({ id: newId(), ...given });
  api.authorizers[authorizer.id ?? ""] = authorizer;
  return authorizer;
}

/** An authorizer with AWS's defaults. Throws BadRequestException when it is invalid. */
export function newAuthorizer(given: Authorizer): Authorizer {
  const authorizer: Authorizer = defined({ authType: "custom", authorizerResultTtlInSeconds: DEFAULT_TTL_SECONDS, ...defined(given) });
  checkAuthorizer(authorizer);
  return authorizer;
}

const SOURCE = /^(method\.request\.(header|querystring|multivalueheader|multivaluequerystring)|stageVariables|context)\.[^\s,]+$/;
function checkAuthorizer(authorizer: Authorizer): void {
  const { type, authorizerUri = "", identitySource, authorizerResultTtlInSeconds: ttl = DEFAULT_TTL_SECONDS } = authorizer;
  if (type === "COGNITO_USER_POOLS")
    throw new LocalFault(
      "NotImplemented",
      `The local AWS has no Cognito user pools: authorizer '${authorizer.name}'. It supports Lambda authorizers (TOKEN, REQUEST).`,
      501,
    );
  if (type !== "TOKEN" && type !== "REQUEST")
    throw badRequest("Invalid authorizer type specified. Must be one of: [TOKEN, REQUEST, COGNITO_USER_POOLS]");
  if (functionIn(authorizerUri) === undefined)
    throw badRequest(
      `Invalid Authorizer URI: ${authorizerUri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.`,
    );
  if (!Number.isInteger(ttl) || ttl < 0 || ttl > MAX_TTL_SECONDS)
    throw badRequest(`Authorizer result TTL in seconds must be between 0 and ${MAX_TTL_SECONDS}`);
  const sources = sourcesOf(identitySource);
  if (type === "TOKEN" && !/^method\.request\.header\.[^\s,]+$/.test(identitySource ?? ""))
    throw badRequest("Invalid identity source specified. A TOKEN authorizer takes one header: method.request.header.<name>");
  if (type === "REQUEST" && (sources.some((source) => !SOURCE.test(source)) || (ttl > 0 && sources.length === 0)))
    throw badRequest("Identity source must be specified when caching is enabled, as mapping expressions separated by commas");
}

/** The request parts that identify the caller, e.g. `method.request.header.Authorization`. */
export const sourcesOf = (identitySource: string | undefined): string[] =>
  (identitySource ?? "")
    .split(",")
    .map((source) => source.trim())
    .filter(Boolean);
