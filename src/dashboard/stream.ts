import type { ServerResponse } from "node:http";
import type { Update } from "./model.ts";

/** The open pages. All of them hear the same updates, however many they are. */
export interface Stream {
  readonly size: number;
  /** Answers with server-sent events: everything first, then what changes. */
  add(response: ServerResponse): void;
  send(update: Update): void;
  close(): void;
}

const HEARTBEAT_MS = 10_000;
/** A page that does not read is sent nothing more until it has; then it gets everything anew. */
const MOST_WAITING_BYTES = 4_000_000;

export function makeStream(snapshot: () => Update, onChange: () => void): Stream {
  /** Whether the page has missed something. */
  const pages = new Map<ServerResponse, boolean>();
  const event = (update: Update): string => `data: ${JSON.stringify(update)}\n\n`;
  const write = (text: string) => {
    for (const [response, isBehind] of pages) {
      if (isBehind) continue;
      if (response.writableLength > MOST_WAITING_BYTES) pages.set(response, true);
      else response.write(text);
    }
  };
  // A message and no comment: the page sees by it that the connection lives.
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
