import type { Update } from "../model.ts";

/** `lost`: the dashboard's own server does not answer. `refused`: it no longer accepts this page's token. */
export type Link = "open" | "lost" | "refused";

/** The server sends a message at least every ten seconds, so this much silence means a broken connection. */
const QUIET_MS = 25_000;
const RETRY_MS = 3_000;

/** Listens to the server's events and reconnects after every failure. */
export function listen(onUpdate: (update: Update) => void, onLink: (link: Link) => void): void {
  let source: EventSource | undefined;
  let heardAt = Date.now();
  const open = () => {
    source?.close();
    heardAt = Date.now();
    source = new EventSource("/events");
    source.onmessage = ({ data }) => {
      heardAt = Date.now();
      onLink("open");
      onUpdate(JSON.parse(String(data)) as Update);
    };
    source.onerror = () => {
      if (source?.readyState === EventSource.CLOSED) void retry();
      else onLink("lost");
    };
  };
  // An EventSource does not reconnect after an answer other than 200, and hides the status. A HEAD request finds the status.
  const retry = async () => {
    const status = await fetch("/icon.svg", { method: "HEAD" }).then(
      (answer) => answer.status,
      () => 0,
    );
    onLink(status === 403 ? "refused" : "lost");
    setTimeout(open, RETRY_MS);
  };
  // After a laptop has slept, a dead connection still has the state OPEN.
  setInterval(() => {
    if (source?.readyState !== EventSource.OPEN || Date.now() - heardAt < QUIET_MS) return;
    onLink("lost");
    open();
  }, RETRY_MS);
  open();
}
