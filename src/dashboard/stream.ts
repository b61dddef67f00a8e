import type { ServerResponse } from "node:http";
import type { Update } from "./model.ts";

/** The open pages. All of them receive the same updates. */
export interface Stream {
  /** Number of open pages. */
  readonly size: number;
  /** Answers with server-sent events: first a full update, then each change. */
  add(response: ServerResponse): void;
  send(update: Update): void;
  close(): void;
}

const HEARTBEAT_MS = 10_000;
/** Above this, the server sends nothing to a slow page until the page has read its backlog, and then sends a full update. */
const MOST_WAITING_BYTES = 4_000_000;

export function makeStream(snapshot: () => Update, onChange: () => void): Stream {
  /** Each page, and whether it has missed an update. */
  const pages = new Map<ServerResponse, boolean>();
  const event = (update: Update): string => `data: ${JSON.stringify(update)}\n\n`;
  const write = (text: string) => {
    for (const [response, isBehind] of pages) {
      if (isBehind) continue;
      if (response.writableLength > MOST_WAITING_BYTES) pages.set(response, true);
      else response.write(text);
    }
  };
  // This must be a message, not a comment of the event stream: EventSource hides comments, and the page checks that the connection works.
  const heartbeat = setInterval(() => write(event({ now: Date.now() })), HEARTBEAT_MS);
  heartbeat.unref();
  return {
    get size() {
      return pages.size;
    },
    add(response) {
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      response.write(`retry: 2000\n${event(snapshot())}`);
      pages.set(response, false);
      response.on("drain", () => {
        if (!pages.get(response)) return;
        pages.set(response, false);
        response.write(event(snapshot()));
      });
      response.on("close", () => {
        pages.delete(response);
        onChange();
      });
      onChange();
    },
    send(update) {
      if (pages.size > 0) write(event(update));
    },
    close() {
      clearInterval(heartbeat);
      for (const response of pages.keys()) response.end();
    },
  };
}
