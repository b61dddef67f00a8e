import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { sample } from "../sample.ts";
import { PLANTED_BUGS, type PlantedBug } from "./bugs.ts";
import { withBug } from "./plant.ts";

/**
 * npm run test:planted-bugs -- [--sample N] [--seed N] [--only REGEXP]: plants each bug of the list in a copy of the project and plays its scenarios
 * there. Exit 1 when a bug is not caught by the invariant that is to catch it.
 */
const { values } = parseArgs({
  options: { sample: { type: "string" }, seed: { type: "string", default: "1" }, only: { type: "string", default: "" } },
});
const project = resolve(import.meta.dirname, "../../..");
const matching = PLANTED_BUGS.filter(({ invariant, bug }) => new RegExp(values.only).test(`${invariant}: ${bug}`));
const chosen = sample(matching, values.sample === undefined ? undefined : Number(values.sample), Number(values.seed));
/** The kill suite starts the real command, so its copy is built. */
const PARTS = ["src", "handlers", join("test", "fault-injection"), join("test", "recordings"), "package.json", "tsconfig.json"];
const BUILT_PARTS = [...PARTS, "bin", "scripts", "migrations"];
let missed = 0;
for (const bug of chosen) {
  const output = await play(bug);
  const caught = output.includes(`\n  ${bug.invariant}: `);
  if (!caught) missed += 1;
  console.log(`${caught ? "caught" : "MISSED"} ${bug.invariant}: ${bug.bug}`);
  if (!caught) console.log(output.slice(-2_000));
}
console.log(`${chosen.length} bugs planted, ${missed} not caught`);
process.exit(missed > 0 ? 1 : 0);

async function play({ suite = "campaign", file, edits, scenarios }: PlantedBug): Promise<string> {
  const copy = mkdtempSync(join(tmpdir(), "campaign-bug-"));
  try {
    for (const part of suite === "kill" ? BUILT_PARTS : PARTS) cpSync(join(project, part), join(copy, part), { recursive: true });
    symlinkSync(join(project, "node_modules"), join(copy, "node_modules"));
    writeFileSync(join(copy, file), withBug(join(project, file), edits));
    if (suite === "campaign") return await output(copy, ["test/fault-injection/campaign/main.ts", "--only", scenarios, "--workers", "1"]);
    const built = await output(copy, ["scripts/build.ts"]);
    return built + (await output(copy, ["test/fault-injection/kill/main.ts", "--only", scenarios, "--lanes", "1"]));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** What a script prints. */
function output(copy: string, script: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ["--import", "tsx", ...script], { cwd: copy });
  let text = "";
  const collect = (part: Buffer): void => {
    text += part.toString();
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  return new Promise((end, fail) => {
    child.once("error", fail);
    child.once("close", () => end(text));
  });
}
