import { actions, arnAt } from "../aws/access.ts";
import { changedTags, differences, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { collect } from "../aws/pages.ts";
import type { AwsLocation, ResourceKind } from "../engine/contract.ts";

export interface LogGroupId {
  readonly name: string;
}
export interface LogGroupSpec {
  /** A value that CloudWatch Logs accepts: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, … */
  readonly retentionDays: number;
  /** ARN of a customer key for new events; undefined: AWS's own. */
  readonly kmsKey?: string | undefined;
}
interface LogGroupLive {
  readonly arn: string;
  readonly retentionDays: number | undefined;
  readonly kmsKey: string | undefined;
}
export interface LogGroupOutputs {
  readonly name: string;
  readonly arn: string;
}

/**
 * Prefixes of our groups' names: CloudWatch Logs lists by prefix only. API Gateway names the last one after the API's id, so that group
 * remains when its API was replaced.
 */
const FOLDERS = ["/aws/lambda/fleetlogix", "/aws/apigateway/fleetlogix", "/aws/rds/instance/fleetlogix", "API-Gateway-Execution-Logs_"];

export const logsGroup: ResourceKind<LogGroupId, LogGroupSpec, LogGroupLive, LogGroupOutputs, AwsClients> = {
  kind: "logs.group",
  holdsData: false,
  comesBack: true,
  settle: { timeoutMs: 60_000, pollMs: 500 },
  notFound: { provenBy: undefined, codes: ["ResourceNotFoundException"] },
  alreadyExists: ["ResourceAlreadyExistsException"],
  // CloudWatch Logs does not see the policy of a new key yet.
  retries: [{ class: "propagation", codes: ["InvalidParameterException"], message: /KMS key/i }],

  access: {
    on: ({ name }, place) => [arnOf(name, place), `${arnOf(name, place)}:*`],
    read: ["logs:ListTagsForResource"],
    write: actions("logs", "AssociateKmsKey", "CreateLogGroup", "DisassociateKmsKey", "PutRetentionPolicy", "TagResource"),
    delete: ["logs:DeleteLogGroup"],
    everywhere: { read: ["logs:DescribeLogGroups"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) => differences({ retentionDays: [live.retentionDays, spec.retentionDays], encryption: [live.kmsKey, spec.kmsKey] }),
  outputs: ({ arn }) => ({ arn, name: arn.split(":log-group:")[1] ?? "" }),
  predict: ({ name }, place) => ({ name, arn: arnOf(name, place) }),
  describe: ({ arn }) => ({ arn, state: "ready" }),

  async read({ name }, ctx) {
    const logs = await ctx.world.logs();
    const { logGroups = [] } = await logs.describeLogGroups({ logGroupNamePrefix: name });
    const group = logGroups.find((g) => g.logGroupName === name);
    if (!group) return { state: "absent" };
    const arn = arnOf(name, ctx.place);
    const { tags = {} } = await logs.listTagsForResource({ resourceArn: arn });
    return { state: "ready", live: { arn, retentionDays: group.retentionInDays, kmsKey: group.kmsKeyId }, tags };
  },
  async create({ name }, { kmsKey: kmsKeyId }, ctx) {
    const logs = await ctx.world.logs();
    await logs.createLogGroup({ logGroupName: name, kmsKeyId, tags: ctx.tags });
  },
  async update({ name }, spec, { arn }, changes, ctx) {
    const logs = await ctx.world.logs();
    if (touches(changes, "retentionDays")) await logs.putRetentionPolicy({ logGroupName: name, retentionInDays: spec.retentionDays });
    if (touches(changes, "encryption")) {
      if (spec.kmsKey) await logs.associateKmsKey({ logGroupName: name, kmsKeyId: spec.kmsKey });
      else await logs.disassociateKmsKey({ logGroupName: name });
    }
    const tags = changedTags(changes);
    if (tags) await logs.tagResource({ resourceArn: arn, tags });
  },
  async delete({ name }, _live, _how, ctx) {
    await (await ctx.world.logs()).deleteLogGroup({ logGroupName: name });
  },
  async candidates(ctx) {
    const logs = await ctx.world.logs();
    const listed = FOLDERS.map((logGroupNamePrefix) =>
      collect(logs.paginateDescribeLogGroups({ logGroupNamePrefix }), (page) => page.logGroups),
    );
    return (await Promise.all(listed)).flat().map(({ logGroupName: name = "" }) => ({ name }));
  },
};

/** ARN without the `:*` that DescribeLogGroups adds. The tag calls and API Gateway refuse it. */
const arnOf = (name: string, place: AwsLocation) => arnAt(place, "logs", `log-group:${name}`);
