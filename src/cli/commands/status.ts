import type { ResourceStatus } from "../../app.ts";
import { withSpinner } from "../progress.ts";
import type { Paint } from "../render/paint.ts";
import { columns, plural } from "../render/words.ts";
import type { Action } from "../run.ts";
import { openSession } from "../session.ts";

export const status: Action = async (run) => {
  const { app } = await openSession(run);
  const resources = await withSpinner(run, "Reading what is there", () => app.status());
  const { account, region } = app.place;
  return {
    text: `${app.stack} in ${account}, ${region}:\n\n${statusText(resources, run.paint.out)}`,
    json: { command: run.command, ok: true, stack: app.stack, account, region, resources },
  };
};

/** Pure. */
export function statusText(resources: readonly ResourceStatus[], paint: Paint): string {
  const rows = columns([["id", "name", "state", "address"], ...resources.map((r) => [r.id, r.name, r.state, r.address ?? ""])]);
  const [head = "", ...lines] = rows;
  const marked = resources.map((r, i) => `${markOf(r, paint)} ${lines[i]}`);
  const sick = resources.filter((r) => !r.healthy && r.state !== "absent").length;
  const absent = resources.filter((r) => r.state === "absent").length;
  const healthy = resources.length - sick - absent;
  const summary = [`${healthy} healthy`, ...(sick > 0 ? [`${sick} not`] : []), ...(absent > 0 ? [`${absent} absent`] : [])];
  const troubles = resources.flatMap((r) => (r.trouble ? [`${paint("warn", "!")} ${r.id}  ${r.trouble}`] : []));
  return [
    paint("dim", `  ${head}`),
    ...marked,
    ...(troubles.length > 0 ? ["", ...troubles] : []),
    "",
    `${plural(resources.length, "resource")}: ${summary.join(", ")}.`,
  ].join("\n");
}
const markOf = (r: ResourceStatus, paint: Paint): string =>
  r.healthy ? paint("good", "✔") : r.state === "absent" ? paint("dim", "·") : paint("bad", "✖");
