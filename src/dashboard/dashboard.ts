import { setMaxListeners } from "node:events";
import { type ApiAccess, apiReader } from "./api.ts";
import { runFeeds } from "./feeds.ts";
import { makeFleet } from "./fleet.ts";
import type { About, Traffic } from "./model.ts";
import { readPageFiles } from "./page-files.ts";
import { servePage } from "./server.ts";
import { sourcesOf } from "./sources.ts";
import { makeStream } from "./stream.ts";

export interface DashboardOptions {
  /** undefined: a free one. */
  readonly port: number | undefined;
  /** Folder of the page's built files. */
  readonly folder: string;
  readonly about: About;
  /** Where the API is; `fresh`: read anew. */
  access(fresh: boolean): Promise<ApiAccess>;
  /** The API's calls as CloudWatch counted them. */
  traffic(): Promise<Traffic>;
  /** Calls of the API a second at most. */
  readonly rate: number;
  readonly signal: AbortSignal;
}
export interface RunningDashboard {
  readonly port: number;
  /** Holds the token. */
  readonly url: string;
  /** Holds a token that opens the page once: for a command line, which others on this machine can read. */
  readonly onceUrl: string;
  /** Resolves when the signal has ended it. */
  readonly ended: Promise<void>;
}

/** Serves the page until the signal aborts, and asks the API only while a page is open. PORT_BUSY when the port is taken. */
export async function startDashboard(options: DashboardOptions): Promise<RunningDashboard> {
  const { signal, about, rate } = options;
  // Each call under way listens to it, and so does each source.
  setMaxListeners(0, signal);
  const fleet = makeFleet(about, Date.now);
  let wake = () => {};
  const stream = makeStream(fleet.snapshot, () => wake());
  const page = await servePage({
    port: options.port,
    files: readPageFiles(options.folder),
    stream,
    tiles: about.tiles ?? undefined,
  });
  const get = apiReader({ access: options.access, rate, signal });
  const feeds = runFeeds({
    sources: sourcesOf({ get, traffic: options.traffic, fleet, send: stream.send, now: Date.now }),
    isWatched: () => stream.size > 0,
    onChange: (feed) => stream.send(fleet.setFeed(feed)),
    signal,
    now: Date.now,
  });
  wake = feeds.wake;
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const { port, url, onceUrl } = page;
  return { port, url, onceUrl, ended: aborted.then(page.close).then(() => feeds.ended) };
}
