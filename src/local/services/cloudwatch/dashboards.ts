import type * as CW from "@aws-sdk/client-cloudwatch";
import { type Handler, LocalFault, type Operations } from "../../core/service.ts";
import { tagsOf, withTags } from "../../core/tags.ts";
import { type CloudWatchState, type DashboardDocument, dashboardArn, invalidValue, pageOf } from "./state.ts";

const MOST_WIDGETS = 500;
const PAGE = 1_000;
const WIDGETS = ["metric", "text", "log", "alarm", "explorer", "custom", "metricInsights"];

export function dashboardOperations(state: CloudWatchState): Operations {
  const { env, dashboards } = state;
  const put: Handler<CW.PutDashboardCommandInput, CW.PutDashboardCommandOutput> = (input) => {
    const name = input.DashboardName ?? "";
    if (!/^[\w-]{1,255}$/.test(name))
      throw invalidInput([["", `The dashboard name "${name}" must consist of letters, digits, "-" and "_".`]]);
    const messages = problemsOf(input.DashboardBody ?? "");
    if (messages.length > 0) throw invalidInput(messages);
    const there = dashboards.get(name);
    // AWS uses the tags of the call that creates the dashboard, and ignores them in later calls.
    const tags = there?.tags ?? withTags({}, tagsOf(input.Tags), invalidValue);
    dashboards.put(name, { name, body: input.DashboardBody ?? "", changedAt: env.clock.now(), tags });
    return { DashboardValidationMessages: [] };
  };
  const get: Handler<CW.GetDashboardCommandInput, CW.GetDashboardCommandOutput> = (input, { account }) => {
    const { name, body } = requireDashboard(input.DashboardName);
    return { DashboardArn: dashboardArn(account, name), DashboardBody: body, DashboardName: name };
  };
  const list: Handler<CW.ListDashboardsCommandInput, CW.ListDashboardsCommandOutput> = (input, { account }) => {
    const named = dashboards.values().filter(({ name }) => name.startsWith(input.DashboardNamePrefix ?? ""));
    const { items, next } = pageOf(
      named.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      ({ name }) => name,
      input.NextToken,
      PAGE,
    );
    const DashboardEntries = items.map(({ name, body, changedAt }) => ({
      DashboardName: name,
      DashboardArn: dashboardArn(account, name),
      LastModified: new Date(changedAt),
      Size: Buffer.byteLength(body),
    }));
    return { DashboardEntries, NextToken: next };
  };
  // If one dashboard is missing, AWS deletes none of them.
  const remove: Handler<CW.DeleteDashboardsCommandInput, CW.DeleteDashboardsCommandOutput> = (input) => {
    const found = (input.DashboardNames ?? []).map(requireDashboard);
    for (const { name } of found) dashboards.delete(name);
    return {};
  };
  const requireDashboard = (name: string | undefined): DashboardDocument => {
    const found = dashboards.get(name ?? "");
    if (!found) throw new LocalFault("DashboardNotFoundError", `Dashboard ${name} does not exist`);
    return found;
  };
  return { PutDashboard: put, GetDashboard: get, ListDashboards: list, DeleteDashboards: remove };
}

type Problem = readonly [path: string, message: string];
const invalidInput = (messages: readonly Problem[]): LocalFault =>
  new LocalFault("DashboardInvalidInputError", "The field DashboardBody must be a valid JSON object", undefined, {
    dashboardValidationMessages: messages.map(([DataPath, Message]) => ({ DataPath, Message })),
  });

function problemsOf(body: string): readonly Problem[] {
  let read: unknown;
  try {
    read = JSON.parse(body);
  } catch {
    return [["/", "The dashboard body is not valid JSON."]];
  }
  const widgets = (read as { widgets?: unknown } | null)?.widgets;
  if (typeof read !== "object" || read === null || !Array.isArray(widgets)) return [["/", 'Should have the property "widgets".']];
  if (widgets.length > MOST_WIDGETS) return [["/widgets", `Should have no more than ${MOST_WIDGETS} items.`]];
  return widgets.flatMap((widget, at) => widgetProblems(widget as Widget, `/widgets/${at}`));
}
type Widget = {
  readonly type?: unknown;
  readonly width?: unknown;
  readonly properties?: { readonly metrics?: unknown; readonly region?: unknown };
} | null;
function widgetProblems(widget: Widget, path: string): readonly Problem[] {
  if (typeof widget !== "object" || widget === null) return [[path, "Should be an object."]];
  if (!WIDGETS.includes(String(widget.type))) return [[`${path}/type`, `Should be one of ${WIDGETS.join(", ")}.`]];
  if (widget.type !== "custom" && typeof widget.properties !== "object") return [[path, 'Should have the property "properties".']];
  if (widget.width !== undefined && (typeof widget.width !== "number" || widget.width < 1 || widget.width > 24))
    return [[`${path}/width`, "Should be between 1 and 24."]];
  if (widget.type !== "metric") return [];
  const { metrics, region } = widget.properties ?? {};
  if (typeof region !== "string") return [[`${path}/properties`, 'Should have the property "region".']];
  if (metrics !== undefined && !(Array.isArray(metrics) && metrics.every(Array.isArray)))
    return [[`${path}/properties/metrics`, "Should be a list of lists."]];
  return [];
}
