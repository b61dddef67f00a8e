import type { Feed, FeedName } from "../model.ts";
import type { Link } from "./connection.ts";
import type { Context } from "./context.ts";
import { byId, setText, within } from "./dom.ts";

/** Whether the page's data is up to date, shown at its top. */
export interface Condition {
  readonly state: "waiting" | "live" | "stale" | "lost";
  readonly text: string;
}

export function conditionOf({ store, say, format }: Context, link: Link): Condition {
  if (link === "refused") return { state: "lost", text: say("pageRefused") };
  if (link === "lost") return { state: "lost", text: say("pageLost") };
  const feed = store.feeds.get("vehicles");
  if (feed?.failing) {
    const since = feed.answeredAt ?? feed.failing.since;
    return { state: "stale", text: `${say("noAnswerSince", { time: format.clock(since) })}. ${reasonText(say, feed)}` };
  }
  if (!feed?.answeredAt) return { state: "waiting", text: say("waiting") };
  return { state: "live", text: `${say("live")} · ${format.clock(feed.answeredAt)}` };
}

function reasonText(say: Context["say"], { failing }: Feed): string {
  return failing ? say(failing.reason, { status: failing.status ?? "" }) : "";
}

export function showCondition(context: Context, link: Link): Condition {
  const condition = conditionOf(context, link);
  const element = byId("connection");
  element.dataset.state = condition.state;
  setText(element, condition.text);
  document.body.classList.toggle("stale", condition.state === "stale" || condition.state === "lost");
  return condition;
}

/** Shows a note in a panel when its data is old or missing. */
export function showNote({ store, say, format }: Context, panel: string, name: FeedName): void {
  const note = within(byId(panel), ".note");
  const feed = store.feeds.get(name);
  note.hidden = !feed?.failing;
  if (!feed?.failing) return;
  const asOf = feed.answeredAt === null ? "" : ` ${say("asOf", { time: format.clock(feed.answeredAt) })}`;
  setText(note, `${reasonText(say, feed)}${asOf}`);
}
