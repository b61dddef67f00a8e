import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { completionScript, treeOf } from "../../../src/cli/completion.ts";
import { buildProgram } from "../../../src/cli/program.ts";

const tree = treeOf(
  buildProgram(() => async () => {}),
  { function: ["verify-delivery", "calculate-eta"] },
);

/** The completions of bash at the end of `line`. */
function offered(line: string): string[] {
  const file = join(mkdtempSync(join(tmpdir(), "completion-")), "script.bash");
  writeFileSync(file, completionScript("bash", tree));
  const words = line.split(" ");
  const probe = `source "${file}"; COMP_WORDS=(${words.map((w) => `"${w}"`).join(" ")}); COMP_CWORD=${words.length - 1}; _fleetlogix; echo "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", probe], { encoding: "utf8" }).trim().split(" ").filter(Boolean);
}

describe("in bash", () => {
  test.each([
    ["fleetlogix te", ["teardown"]],
    ["fleetlogix --env staging pl", ["plan"]],
    ["fleetlogix local s", ["start", "stop", "status"]],
    ["fleetlogix config ", ["init", "validate", "show", "schema"]],
    ["fleetlogix --local invoke ver", ["verify-delivery"]],
    ["fleetlogix completion f", ["fish"]],
    ["fleetlogix teardown --del", ["--delete-data"]],
    ["fleetlogix teardown --js", ["--json"]],
    ["fleetlogix up --dele", []],
  ])("%j offers %j", (line, words) => expect(offered(line)).toEqual(words));
});

test("every command and flag is in every script", () => {
  const all = (t: typeof tree): string[] => [
    ...t.flags.flatMap((f) => f.names.filter((n) => n.startsWith("--"))),
    ...t.commands.flatMap((c) => [c.name, ...all(c)]),
  ];
  for (const shell of ["bash", "zsh", "fish"] as const) {
    const script = completionScript(shell, tree);
    for (const word of all(tree)) expect(script).toContain(shell === "fish" ? word.replace(/^--/, "") : word);
  }
});

test("the script calls the command for environments, profiles and resource ids", () => {
  const file = join(mkdtempSync(join(tmpdir(), "completion-")), "script.bash");
  writeFileSync(file, completionScript("bash", tree));
  const asked = (flag: string, current: string) => {
    const probe = `fleetlogix() { echo "$2-one $2-two"; }; source "${file}"; COMP_WORDS=(fleetlogix up ${flag} "${current}"); COMP_CWORD=3; _fleetlogix; echo "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", probe], { encoding: "utf8" }).trim();
  };
  expect(asked("--env", "")).toBe("environments-one environments-two");
  expect(asked("--profile", "profiles-t")).toBe("profiles-two");
  expect(asked("--allow-data-loss", "")).toBe("resources-one resources-two");
  expect(offered("fleetlogix comp")).toEqual(["completion"]);
});
