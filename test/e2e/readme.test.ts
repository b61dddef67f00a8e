import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";

/**
 * Runs the commands of the README in their order, with the built command in a folder of its own. Commands for AWS run with the local AWS
 * as their endpoint. The Spanish README has the same commands (test/unit/readme.test.ts).
 */
const BIN = resolve("bin/fleetlogix.js");
/** Commands that are not run: the tests, and those that need an old server. */
const LEFT_OUT = /^npm test$|old-server/;
/** Programs that the README's readers have and this machine may lack. */
const OTHERS = /^(aws|curl|dbeaver)\b/;
const isInstalled = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

let folder: string;
let port: number;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "readme-"));
  port = await freePort();
  // A browser for the dashboard, and DBeaver, that do nothing.
  for (const program of ["xdg-open", "open", "dbeaver"]) writeFileSync(join(folder, program), "#!/bin/sh\n", { mode: 0o755 });
});
afterAll(() => {
  spawnSync(process.execPath, [BIN, "local", "stop"], { cwd: folder, env: environment(false) });
  removeFolder(folder);
});

async function freePort(): Promise<number> {
  for (let candidate = 20_000 + (process.pid % 8_000); ; candidate++) {
    const free = await new Promise<boolean>((settle) => {
      const server = createServer().once("error", () => settle(false));
      server.listen(candidate, "127.0.0.1", () => server.close(() => settle(true)));
    });
    if (free) return candidate;
  }
}

/** Commands of the shell blocks, without comments; lines that end with a backslash are one. */
function commands(): string[] {
  const blocks = [...readFileSync("README.md", "utf8").matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code = ""]) => code);
  return blocks.flatMap((code) =>
    code
      .replaceAll("\\\n", " ")
      .split("\n")
      .map((line) => line.replace(/(^|\s+)# .*$/, "").replace(/^npm install && /, ""))
      .filter((line) => line !== "" && !line.startsWith("export ") && !LEFT_OUT.test(line)),
  );
}

function environment(isAws: boolean): NodeJS.ProcessEnv {
  const { AWS_ENDPOINT_URL: _, ...inherited } = process.env;
  const keys = { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local", AWS_DEFAULT_REGION: "us-east-1" };
  const path = `${folder}:${process.env.PATH}`;
  return {
    ...inherited,
    ...keys,
    PATH: path,
    FLEETLOGIX_LOCAL_PORT: String(port),
    ...(isAws && { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` }),
  };
}

/** `npx fleetlogix` is the built command. A dashboard is ended after some seconds, a simulation is short, and a question is answered. */
const SHELL = `npx() { shift; case "$1" in
  dashboard) timeout -s INT 5 node "${BIN}" "$@"; [ $? -eq 124 -o $? -eq 130 ] || true;;
  simulate) node "${BIN}" "$@" --minutes 0.1;;
  teardown) node "${BIN}" "$@" --yes;;
  *) node "${BIN}" "$@" </dev/null;; esac; }
`;

describe("every command of the README works", () => {
  for (const command of commands())
    test(command, { timeout: 180_000 }, ({ skip }) => {
      const [, program] = OTHERS.exec(command) ?? [];
      if (program && program !== "dbeaver" && !isInstalled(program)) skip(`${program} is not installed`);
      if (command.includes("db psql") && !isInstalled("psql")) skip("psql is not installed");
      const script = SHELL + command.replaceAll("127.0.0.1:4566", `127.0.0.1:${port}`);
      const { status, stdout, stderr } = spawnSync("bash", ["-c", script], {
        cwd: folder,
        env: environment(!command.includes("--local") && program === undefined),
        encoding: "utf8",
      });
      expect(status, `${stdout}\n${stderr}`).toBe(0);
    });
});
