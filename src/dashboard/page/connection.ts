import type { Update } from "../model.ts";

/** `lost`: the dashboard's own server does not answer. `refused`: it does not know this page any more. */
export type Link = "open" | "lost" | "refused";

/** The server sends something at least every ten seconds. */
const QUIET_MS = 25_000;
const RETRY_MS = 3_000;

/** Listens to the server's events and goes on listening, whatever happens to the connection. */
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
  // An answer other than 200 ends the EventSource for good: the page finds out why, and tries again.
  const retry = async () => {
    const status = await fetch("/icon.svg", { method: "HEAD" }).then(
      (answer) => answer.status,
      () => 0,
    );
    onLink(status === 403 ? "refused" : "lost");
    setTimeout(open, RETRY_MS);
  };
  // A laptop that slept has a connection that looks open and is not.
  setInterval(() => {
    if (source?.readyState !== EventSource.OPEN || Date.now() - heardAt < QUIET_MS) return;
    onLink("lost");
    open();
  }, RETRY_MS);
  open();
}
