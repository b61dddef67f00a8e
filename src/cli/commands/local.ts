import { defined } from "../../defined.ts";
import type { LocalStatus } from "../../local/daemon/control.ts";
import { bytes } from "../../printable.ts";
import { confirmByYes } from "../confirm.ts";
import type { Action, CommandContext } from "../context.ts";
import { localDataDir } from "../local-aws.ts";
import { canAsk, withSpinner } from "../progress.ts";
import { columns, widthOf } from "../render/layout.ts";
import { duration, plural } from "../render/words.ts";
import { localHosts, localPort } from "../target.ts";

const control = () => import("../../local/daemon/control.ts");

const where = (run: CommandContext) => ({ dataDir: localDataDir(run), port: localPort(run.flags, run.io.env).port });

export const start: Action = async (run, _args, options) => {
  const dataDir = localDataDir(run);
  const { port, chosen } = localPort(run.flags, run.io.env);
  const { startLocal } = await control();
  const { realism, faults: faultsFile, allowHost = [] } = options as { realism?: true; faults?: string; allowHost?: string[] };
  const hosts = [...localHosts(run.io.env), ...allowHost];
  const given = defined({ hosts, realism, faultsFile });
  const started = await withSpinner(run, "Starting the local AWS", () => startLocal({ dataDir, port, ...given }));
  const { url, pid, alreadyRunning } = started;
  // The warning is about options that the running process does not have. A fault plan always counts: its file may have changed.
  const other =
    (realism && !started.options.realism) ||
    faultsFile !== undefined ||
    (chosen && started.port !== port) ||
    hosts.some((host) => !started.options.hosts?.includes(host));
  if (alreadyRunning && other)
    run.warn("The local AWS was already running, and the new options have no effect: run `fleetlogix local stop` first.");
  return {
    text: `The local AWS ${alreadyRunning ? "is running already" : "runs"} at ${url} (process ${pid}).`,
    json: {
      command: run.command,
      ok: true,
      running: true,
      url,
      port: started.port,
      pid,
      already_running: alreadyRunning,
      data_dir: dataDir,
    },
  };
};

export const stop: Action = async (run) => {
  const { stopLocal } = await control();
  const { wasRunning } = await withSpinner(run, "Stopping the local AWS", () => stopLocal(where(run)));
  return {
    text: wasRunning ? "The local AWS has stopped; its data stays." : "The local AWS was not running.",
    json: { command: run.command, ok: true, running: false, was_running: wasRunning },
  };
};

export const status: Action = async (run) => {
  const { statusLocal } = await control();
  const about = await statusLocal(where(run));
  const size = Object.values(about.dataBytes).reduce((sum, part) => sum + part, 0);
  return {
    text: about.running
      ? statusText(about, size, widthOf(run.io.stdout))
      : `The local AWS is not running; ${size > 0 ? `its data (${bytes(size)}) is in` : "there is no data in"} ${about.dataDir}.`,
    json: {
      command: run.command,
      ok: true,
      running: about.running,
      url: about.url ?? null,
      port: about.port ?? null,
      pid: about.pid ?? null,
      uptime_seconds: about.uptimeSeconds ?? null,
      memory_bytes: about.memoryBytes ?? null,
      processes: about.processes ?? null,
      realism: about.realism ?? null,
      data_dir: about.dataDir,
      data_bytes: size,
      data_parts: about.dataBytes,
      log_file: about.logFile,
      services: about.services ?? null,
    },
  };
};

function statusText(about: LocalStatus, size: number, width: number): string {
  const { url = "", pid, memoryBytes = 0, processes = 1, uptimeSeconds = 0, realism, services = {} } = about;
  const rows = [
    ["address", url],
    ["process", `${pid}, up ${duration(uptimeSeconds * 1000)}${realism ? ", with realism" : ""}`],
    ["memory", `${bytes(memoryBytes)} in ${plural(processes, "process", "processes")}`],
    ["folder", `${about.dataDir}, ${bytes(size)}`],
    ["log", about.logFile],
  ];
  const parts = Object.entries(about.dataBytes).sort(([, a], [, b]) => b - a);
  const facts = Object.entries(services).map(([name, known]) => [name, factsText(known)]);
  return [
    "The local AWS is running.",
    ...columns(rows, width),
    "data",
    ...columns(
      parts.map(([part, count]) => [part, bytes(count)]),
      width,
      2,
    ),
    "services",
    ...columns(
      facts.filter(([, text]) => text !== ""),
      width,
      2,
    ),
  ].join("\n");
}
/** `1 table, 199 objects, 66.7 KB`: numbers with their nouns; zeros are left out. */
const factsText = (known: Readonly<Record<string, string | number>>): string =>
  Object.entries(known)
    .filter(([, value]) => value !== 0)
    .map(([what, value]) => (typeof value === "number" ? countText(what, value) : `${what} ${value}`))
    .join(", ");
/** The services report facts under names such as `logGroups`, `policies`, `bytes`. */
function countText(what: string, value: number): string {
  if (what === "bytes") return bytes(value);
  const many = what.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return plural(value, many.replace(/ies$/, "y").replace(/xes$/, "x").replace(/s$/, ""), many);
}

export const reset: Action = async (run) => {
  const { resetLocal, statusLocal } = await control();
  const { dataBytes } = await statusLocal(where(run));
  const size = Object.values(dataBytes).reduce((sum, part) => sum + part, 0);
  // Scripts need no confirmation: nothing on AWS changes.
  if (size > 0 && canAsk(run))
    await confirmByYes(run, `This deletes everything in the local AWS (${bytes(size)}). Continue?`, "Emptying the local AWS");
  const { wasRunning } = await withSpinner(run, "Emptying the local AWS", () => resetLocal(where(run)));
  return {
    text: `The local AWS is empty${wasRunning ? " and running" : ""}.`,
    json: { command: run.command, ok: true, running: wasRunning },
  };
};
