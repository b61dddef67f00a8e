import type { LocalService } from "../../core/service.ts";
import { policyOf } from "./attributes.ts";
import type { SnsState } from "./state.ts";

const ON_ACCOUNT = new Set([
  "ListTopics",
  "ListSubscriptions",
  "SetSMSAttributes",
  "GetSMSAttributes",
  "GetSMSSandboxAccountStatus",
  "CheckIfPhoneNumberIsOptedOut",
  "ListPhoneNumbersOptedOut",
]);

/** The permissions of a call: the action on its topic, whose policy applies, too. Loopback is treated as a secure transport. */
export const permissionsOf =
  (state: SnsState): NonNullable<LocalService["permissions"]> =>
  (operation, input, call) => {
    const context = { "aws:SecureTransport": "true" };
    if (ON_ACCOUNT.has(operation)) return [{ action: `sns:${operation}`, resource: "*", context }];
    const topicOfSubscription =
      typeof input.SubscriptionArn === "string" ? input.SubscriptionArn.split(":").slice(0, 6).join(":") : undefined;
    const created = operation === "CreateTopic" ? `arn:aws:sns:${call.region}:${call.account}:${input.Name}` : undefined;
    const resource = String(input.TopicArn ?? input.TargetArn ?? input.ResourceArn ?? topicOfSubscription ?? created ?? "*");
    const topic = state.findTopic(resource);
    const action = operation === "PublishBatch" ? "sns:Publish" : `sns:${operation}`;
    const own = { action, resource, policy: topic && policyOf(topic), context };
    return operation === "CreateTopic" && input.Tags ? [own, { ...own, action: "sns:TagResource" }] : [own];
  };
