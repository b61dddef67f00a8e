import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeRunner } from "./command.ts";
import type { Line } from "./line.ts";

const PORT = 14_699;

/** A lifecycle of the stack on moto_server, if it is installed. moto_server stores no tags of dashboards, so the stack has no alarms. */
export async function motoLines(): Promise<Line[]> {
  const moto = spawn("moto_server", ["-p", String(PORT)], { stdio: "ignore" });
  const folder = mkdtempSync(join(tmpdir(), "bench-moto-"));
  try {
    if (!(await isUp(moto))) return [];
    writeFileSync(join(folder, "fleetlogix.config.json"), JSON.stringify({ alarms: { enabled: false } }));
    const keys = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "us-east-1" };
    const { time } = makeRunner(folder, { ...keys, AWS_ENDPOINT_URL: `http://127.0.0.1:${PORT}` });
    const line = (name: string, atMost: number, ...args: string[]): Line => ({
      name: `moto: ${name}`,
      value: time(...args) / 1000,
      unit: "s",
      atMost,
    });
    return [
      line("`up`", 5, "up", "--yes"),
      line("`up` again", 3, "up", "--yes"),
      line("`plan`", 1.2, "plan"),
      line("`teardown`", 1.5, "teardown", "--yes", "--delete-data"),
    ];
  } finally {
    moto.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function isUp(moto: ReturnType<typeof spawn>): Promise<boolean> {
  let missing = false;
  moto.on("error", () => {
    missing = true;
  });
  for (let tries = 0; tries < 150 && !missing; tries++) {
    const answered = await fetch(`http://127.0.0.1:${PORT}/moto-api/`).then(
      () => true,
      () => false,
    );
    if (answered) return true;
    await sleep(200);
  }
  return false;
}
