import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

interface MeasuredAws {
  readonly url: string;
  /** The longest uninterrupted processor time of the server since the last call, in ms. */
  longestPause(): Promise<number>;
  close(): void;
}

/** A local AWS in its own process, so that the client's time is not counted. */
export async function measuredAws(): Promise<MeasuredAws> {
  const server = fork(fileURLToPath(new URL("./pauses-process.ts", import.meta.url)), { execArgv: ["--import", "tsx"] });
  const [url] = (await once(server, "message")) as [string];
  return {
    url,
    async longestPause() {
      const answer = once(server, "message");
      server.send("longest");
      const [ms] = (await answer) as [number];
      return ms;
    },
    close: () => server.disconnect(),
  };
}
