import type { Violation } from "../../../core/model.ts";
import type { LocalFault } from "../../../core/service.ts";
import { lowerFirst, pathOf, validationFault } from "../../../core/validation.ts";

/** Members of the URL. For them, API Gateway's errors contain only the name. Before members of the body they contain the name of the input, too. */
const IN_ADDRESS =
  /^(restApiId|resourceId|httpMethod|statusCode|parentId|stageName|deploymentId|apiKey|usagePlanId|keyId|authorizerId|modelName|requestValidatorId|responseType|exportType|resourceArn|limit|position)$/;

/** Names a member as AWS does: `createRestApiInput.endpointConfiguration.types`, but `statusCode` (recorded from AWS by LocalStack's tests). */
export function refuseInput(found: readonly Violation[], operation: string): LocalFault {
  const path = (violation: Violation): string =>
    IN_ADDRESS.test(String(violation.path[0])) ? pathOf(violation) : `${lowerFirst(operation)}Input.${pathOf(violation)}`;
  return validationFault(found, "restJson1", path);
}
