import type { Call, Operations } from "../../core/service.ts";
import { invalid } from "./state.ts";

/**
 * Operations that AWS refuses when the client's region is not the topic's. Recorded (LocalStack's tests of SNS, 2023-11-17 and 2025-05-28)
 * for all of these; the other operations were not recorded.
 */
const REGIONAL = [
  "DeleteTopic",
  "GetTopicAttributes",
  "ListSubscriptionsByTopic",
  "Publish",
  "PublishBatch",
  "SetTopicAttributes",
  "Subscribe",
];

/** The operations with a check that the topic is in the client's region. */
export function withRegionCheck(operations: Operations): Operations {
  const checked = REGIONAL.map((name) => {
    const perform = operations[name] as Operations[string];
    const handler = (input: { readonly TopicArn?: string }, call: Call) => {
      const region = input.TopicArn?.split(":")[3];
      if (region && region !== call.region) throw invalid("TopicArn");
      return perform(input, call);
    };
    return [name, handler] as const;
  });
  return { ...operations, ...Object.fromEntries(checked) };
}
