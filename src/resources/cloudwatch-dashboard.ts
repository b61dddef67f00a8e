import { globalArnAt } from "../aws/access.ts";
import { parseJson } from "../aws/answers.ts";
import { changedTags, differences } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { fromTagList, toTagList } from "../aws/ownership.ts";
import { ourNames } from "../aws/pages.ts";
import type { CloudWatch } from "../aws/sdk/types.ts";
import type { AwsLocation, Ctx, ResourceKind, SeenTags } from "../engine/contract.ts";

export interface DashboardId {
  readonly name: string;
}
export interface DashboardSpec {
  /** `{ widgets: […] }`, as CloudWatch documents the body of a dashboard. */
  readonly body: object;
}
interface DashboardLive {
  readonly arn: string;
  /** undefined: the body is no JSON. */
  readonly body: unknown;
}

/**
 * A line for a text widget that names the owner. Tags come first: the line proves ownership only at an endpoint that keeps no tags of
 * dashboards. It contains the dashboard's name, so a copy under another name does not prove ownership.
 */
export const dashboardOwner = ({
  name,
  stack,
  region,
}: {
  readonly name: string;
  readonly stack: string;
  readonly region: string;
}): string => `fleetlogix:stack=${stack} fleetlogix:region=${region} dashboard=${name}`;

/** The owner of a dashboard without tags, by the line of `dashboardOwner`. "inherited": it is this stack's, and needs no tags. */
function ownerIn(body: unknown, name: string, { stack, place }: Pick<Ctx, "stack" | "place">): SeenTags | undefined {
  const widgets = (body as { readonly widgets?: unknown } | null | undefined)?.widgets;
  for (const widget of Array.isArray(widgets) ? widgets : []) {
    const markdown: unknown = widget?.type === "text" ? widget.properties?.markdown : undefined;
    const found = typeof markdown === "string" ? OWNER.exec(markdown)?.groups : undefined;
    if (found?.name !== name) continue;
    if (found.stack === stack && found.region === place.region) return "inherited";
    return { "fleetlogix:stack": found.stack ?? "", "fleetlogix:region": found.region ?? "" };
  }
  return undefined;
}
const OWNER = /^fleetlogix:stack=(?<stack>\S+) fleetlogix:region=(?<region>\S+) dashboard=(?<name>\S+)$/m;

/**
 * Says whether the endpoint keeps tags of dashboards. For a dashboard that does not exist, moto_server answers an empty list and AWS
 * answers not found. Any failure counts as "keeps tags": then a dashboard without tags is not ours.
 */
async function keepsTags(cloudwatch: CloudWatch, arn: string): Promise<boolean> {
  return cloudwatch.listTagsForResource({ ResourceARN: `${arn}${ABSENT_SUFFIX}` }).then(
    () => false,
    () => true,
  );
}
const ABSENT_SUFFIX = "-of-nobody";

export const cloudwatchDashboard: ResourceKind<DashboardId, DashboardSpec, DashboardLive, object, AwsClients> = {
  kind: "cloudwatch.dashboard",
  holdsData: false,
  settle: { timeoutMs: 60_000, pollMs: 500 },
  notFound: { provenBy: "cloudwatch:GetDashboard", codes: ["DashboardNotFoundError", "ResourceNotFound", "ResourceNotFoundException"] },

  access: {
    on: ({ name }, place) => [arnOf(name, place)],
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

  async read({ name }, ctx) {
    const cloudwatch = await ctx.world.cloudwatch();
    const found = await cloudwatch.getDashboard({ DashboardName: name });
    const arn = found.DashboardArn ?? arnOf(name, ctx.place);
    const { Tags = [] } = await cloudwatch.listTagsForResource({ ResourceARN: arn });
    const body = parseJson(found.DashboardBody);
    const owner = ownerIn(body, name, ctx);
    const proven = Tags.length === 0 && owner !== undefined && !(await keepsTags(cloudwatch, arn));
    return { state: "ready", live: { arn, body }, tags: proven ? owner : fromTagList(Tags) };
  },
  // PutDashboard overwrites an existing dashboard and then ignores the tags. The engine creates only what it read as absent.
  async create({ name }, { body }, ctx) {
    const cloudwatch = await ctx.world.cloudwatch();
    await cloudwatch.putDashboard({ DashboardName: name, DashboardBody: JSON.stringify(body), Tags: toTagList(ctx.tags) });
  },
  async update({ name }, { body }, { arn }, changes, ctx) {
    const cloudwatch = await ctx.world.cloudwatch();
    // The tags first: once the body proves ownership, an adopted dashboard would never get its tags.
    const tags = changedTags(changes);
    if (tags) await cloudwatch.tagResource({ ResourceARN: arn, Tags: toTagList(tags) });
    if (changes.some(({ path }) => path === "body"))
      await cloudwatch.putDashboard({ DashboardName: name, DashboardBody: JSON.stringify(body) });
  },
  async delete({ name }, _live, _how, ctx) {
    await (await ctx.world.cloudwatch()).deleteDashboards({ DashboardNames: [name] });
  },
  candidates: async (ctx) =>
    ourNames((await ctx.world.cloudwatch()).paginateListDashboards({}), (page) => page.DashboardEntries?.map((d) => d.DashboardName)),
};

const arnOf = (name: string, place: AwsLocation) => globalArnAt(place, "cloudwatch", `dashboard/${name}`);
