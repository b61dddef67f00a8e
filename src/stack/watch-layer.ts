import { defined } from "../defined.ts";
import { declare, type ResourceNode } from "../engine/contract.ts";
import { cloudwatchAlarm, cloudwatchDashboard, snsSubscription, snsTopic } from "../resources/index.ts";
import { alarmsOf } from "./alarms.ts";
import { dashboardBody } from "./dashboard.ts";
import { type StackInput, shortHash } from "./layer.ts";
import { alarmsTopicPolicy } from "./permissions.ts";

/** Topic of the alarms, and of the events of a production database. */
export const alarmsTopic = ({ config, names, place, key }: StackInput) =>
  declare(snsTopic, "topic.alarms", {
    needs: defined({ key }),
    identity: () => ({ name: config.alarms.topicName }),
    // CloudWatch cannot publish to a topic with AWS's own key. Without a customer key the topic has none, and SNS encrypts its disks.
    spec: (from) => ({ kmsKey: from.key?.arn, policy: alarmsTopicPolicy(names, place) }),
  });

/** Dashboard, alarms and their subscribers. They need the topic only: an alarm names its metric. */
export function watchLayer({ config, names, place }: StackInput, topic: ResourceNode<{ readonly arn: string }>): readonly ResourceNode[] {
  const alarms = alarmsOf(config).map(({ what, spec }) =>
    declare(cloudwatchAlarm, `alarm.${what}`, {
      needs: { topic },
      identity: () => ({ name: names.alarm(what) }),
      spec: (from) => ({ ...spec, topic: from.topic.arn }),
    }),
  );
  const subscriptions = config.alarms.emails.map((endpoint) =>
    declare(snsSubscription, `subscription.alarms:${shortHash(endpoint)}`, {
      needs: { topic },
      identity: (from) => from.topic && { topicArn: from.topic.arn, protocol: "email", endpoint },
      spec: () => ({}),
    }),
  );
  const dashboard = declare(cloudwatchDashboard, "dashboard.main", {
    identity: () => ({ name: config.alarms.dashboardName }),
    spec: () => ({ body: dashboardBody(config, names, place) }),
  });
  return [topic, ...subscriptions, ...alarms, dashboard];
}
