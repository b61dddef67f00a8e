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
  /** undefined: any free port. */
  readonly port: number | undefined;
  /** Folder with the page's built files. */
  readonly folder: string;
  readonly about: About;
  /** Address and credentials of the API; with `fresh` it reads from AWS again. */
  access(fresh: boolean): Promise<ApiAccess>;
  /** Numbers of API calls from CloudWatch. */
  traffic(): Promise<Traffic>;
  /** Most API calls per second. */
  readonly rate: number;
  readonly signal: AbortSignal;
}
export interface RunningDashboard {
  readonly port: number;
  /** Contains the token. */
  readonly url: string;
  /** Contains a token that opens the page once. Use it in a command line, which other users of this machine can read. */
  readonly onceUrl: string;
  /** Resolves when the signal has aborted and the server is closed. */
  readonly ended: Promise<void>;
}

/** Serves the page until the signal aborts, and calls the API only while a page is open. Throws PORT_BUSY when the port is in use. */
export async function startDashboard(options: DashboardOptions): Promise<RunningDashboard> {
  const { signal, about, rate } = options;
  // Each running call and each source adds a listener, which would exceed Node's default limit of 10.
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
