import { localDataDir } from "../local-aws.ts";
import { withSpinner } from "../progress.ts";
import { columns } from "../render/words.ts";
import type { Action } from "../run.ts";
import { localPort } from "../target.ts";

const control = () => import("../../local/daemon/control.ts");

export const start: Action = async (run, _args, options) => {
  const dataDir = localDataDir(run);
  const { port } = localPort(run.flags, run.io.env);
  const { startLocal } = await control();
  const faultsFile = options.faults as string | undefined;
  const started = await withSpinner(
    run,
    "Starting the local AWS",
    startLocal({ dataDir, port, realism: options.realism === true, ...(faultsFile ? { faultsFile } : {}) }),
  );
  const { url, pid, alreadyRunning } = started;
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
  const dataDir = localDataDir(run);
  const { stopLocal } = await control();
  const { wasRunning } = await withSpinner(run, "Stopping the local AWS", stopLocal({ dataDir }));
  return {
    text: wasRunning ? "The local AWS has stopped; its data stays." : "The local AWS was not running.",
    json: { command: run.command, ok: true, running: false, was_running: wasRunning },
  };
};

export const status: Action = async (run) => {
  const dataDir = localDataDir(run);
  const { statusLocal } = await control();
  const { running, url, port, pid } = await statusLocal({ dataDir });
  const rows = [
    ["address", url ?? "-"],
    ["process", String(pid ?? "-")],
    ["data", dataDir],
  ];
  return {
    text: running ? ["The local AWS is running.", ...columns(rows)].join("\n") : `The local AWS is not running; its data is in ${dataDir}.`,
    json: { command: run.command, ok: true, running, url: url ?? null, port: port ?? null, pid: pid ?? null, data_dir: dataDir },
  };
};

export const reset: Action = async (run) => {
  const dataDir = localDataDir(run);
  const { resetLocal } = await control();
  await withSpinner(run, "Emptying the local AWS", resetLocal({ dataDir }));
  return { text: "The local AWS is empty.", json: { command: run.command, ok: true, data_dir: dataDir } };
};
