import { changedTags, differences } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { fromTagList, mayBeOurs, toTagList } from "../aws/ownership.ts";
import type { Place, ResourceKind } from "../engine/contract.ts";

export interface DashboardId {
  readonly name: string;
}
export interface DashboardSpec {
  /** `{ widgets: […] }`, as CloudWatch documents the body of a dashboard. */
  readonly body: object;
}
interface DashboardLive {
  readonly arn: string;
  /** undefined: what somebody wrote there is no JSON. */
  readonly body: unknown;
}

const GONE = ["DashboardNotFoundError", "ResourceNotFound", "ResourceNotFoundException"];

export const cloudwatchDashboard: ResourceKind<DashboardId, DashboardSpec, DashboardLive, object, AwsClients> = {
  kind: "cloudwatch.dashboard",
  holdsData: false,
  settle: { timeoutMs: 60_000, pollMs: 500 },
  notFound: { provenBy: "cloudwatch:GetDashboard", codes: GONE },

  access: {
    on: ({ name }, { partition, account }) => [`arn:${partition}:cloudwatch::${account}:dashboard/${name}`],
    read: ["cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource"],
    write: ["cloudwatch:PutDashboard", "cloudwatch:TagResource"],
    delete: ["cloudwatch:DeleteDashboards"],
    everywhere: { read: ["cloudwatch:ListDashboards"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) => differences({ body: [live.body, spec.body] }),
  outputs: () => ({}),
  predict: () => ({}),
  describe: ({ arn }) => ({ arn, state: "ready" }),
  retry({ code }) {
    return /^ConcurrentModification/.test(code) ? "busy" : undefined;
  },

  async read({ name }, ctx) {
    const cloudwatch = await ctx.world.cloudwatch();
    const found = await cloudwatch.getDashboard({ DashboardName: name });
    const arn = found.DashboardArn ?? arnOf(name, ctx.place);
    const { Tags } = await cloudwatch.listTagsForResource({ ResourceARN: arn });
    return { state: "ready", live: { arn, body: parsed(found.DashboardBody) }, tags: fromTagList(Tags) };
  },
  // PutDashboard writes over a dashboard that is there and then passes over the tags: one is made only when it was read as absent.
  async create({ name }, { body }, ctx) {
    const cloudwatch = await ctx.world.cloudwatch();
    await cloudwatch.putDashboard({ DashboardName: name, DashboardBody: JSON.stringify(body), Tags: toTagList(ctx.tags) });
  },
  async update({ name }, { body }, { arn }, changes, ctx) {
    const cloudwatch = await ctx.world.cloudwatch();
    if (changes.some(({ path }) => path === "body"))
      await cloudwatch.putDashboard({ DashboardName: name, DashboardBody: JSON.stringify(body) });
    const tags = changedTags(changes);
    if (tags) await cloudwatch.tagResource({ ResourceARN: arn, Tags: toTagList(tags) });
  },
  async delete({ name }, _live, _how, ctx) {
    await (await ctx.world.cloudwatch()).deleteDashboards({ DashboardNames: [name] });
  },
  async candidates(ctx) {
    const ids: DashboardId[] = [];
    for await (const { DashboardEntries = [] } of (await ctx.world.cloudwatch()).paginateListDashboards({}))
      ids.push(...DashboardEntries.flatMap(({ DashboardName }) => (mayBeOurs(DashboardName) ? [{ name: DashboardName }] : [])));
    return ids;
  },
};

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
/** Dashboards belong to the account, not to a region: the ARN names none. */
const arnOf = (name: string, { partition, account }: Place) => `arn:${partition}:cloudwatch::${account}:dashboard/${name}`;
