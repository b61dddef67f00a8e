import { spawn } from "node:child_process";
import { mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";

/** The command's environment: folders, files, links, encodings, a full disk. A shell runs it, as users do. */
const BIN = resolve("bin/fleetlogix.js");
let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "around-"));
});
afterEach(() => removeFolder(cwd));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
/** `fleetlogix` in the script is the command. */
function shell(script: string): Promise<Ended> {
  const env = { PATH: process.env.PATH, HOME: cwd, AWS_EC2_METADATA_DISABLED: "true" };
  const text = `fleetlogix() { "${process.execPath}" "${BIN}" "$@"; }\n${script}`;
  const child = spawn("bash", ["-c", text], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].on("data", (chunk) => {
      output[name] += chunk;
    });
  return new Promise((done) => child.on("close", (code) => done({ code, ...output })));
}
const write = (content: string | Buffer) => writeFileSync(join(cwd, "fleetlogix.config.json"), content);
const TRACE = /\n\s+at /;

test.each(["config schema", "config show", "config show --json", "--help"])("%s to a full disk is exit 1 and one line", async (command) => {
  const { code, stderr } = await shell(`fleetlogix ${command} > /dev/full`);
  expect(stderr).toBe("OUTPUT_LOST  the answer could not be written: no space left on device\n");
  expect(code).toBe(1);
});
test("an error keeps its exit code when its document cannot be written", async () => {
  const { code, stderr } = await shell("fleetlogix teardown --json > /dev/full");
  expect({ code, lost: stderr.includes("OUTPUT_LOST") }).toEqual({ code: 4, lost: true });
});

test("in a deleted folder a command prints a sentence without a stack trace; commands without a folder work", async () => {
  const { code, stderr } = await shell("mkdir gone; cd gone; rmdir ../gone; fleetlogix config validate");
  expect(stderr).toContain("FOLDER_GONE  The current folder does not exist any more.");
  expect(stderr).not.toMatch(TRACE);
  expect(code).toBe(2);
  const json = await shell("mkdir gone; cd gone; rmdir ../gone; fleetlogix plan --json");
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, error: { code: "FOLDER_GONE" } });
  expect(await shell("mkdir gone; cd gone; rmdir ../gone; fleetlogix --version")).toMatchObject({ code: 0 });
});

test("a broken link is an error, unlike a missing file", async () => {
  symlinkSync(join(cwd, "away.json"), join(cwd, "fleetlogix.config.json"));
  const { code, stdout, stderr } = await shell("fleetlogix config show");
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("CONFIG_MISSING  fleetlogix.config.json is a link that points to nowhere");
  writeFileSync(join(cwd, "away.json"), '{"region":"eu-west-1"}');
  expect((await shell("fleetlogix config show")).stdout).toContain("eu-west-1");
});

const JSON_TEXT = '{"region":"eu-west-1"}';
const swapped = (text: Buffer) => Buffer.from(text).swap16();
test.each([
  ["UTF-16, little end first", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(JSON_TEXT, "utf16le")])],
  ["UTF-16, big end first", Buffer.concat([Buffer.from([0xfe, 0xff]), swapped(Buffer.from(JSON_TEXT, "utf16le"))])],
  ["UTF-8 with a mark", Buffer.from(`\ufeff${JSON_TEXT}`)],
])("a file in %s is read", async (_name, bytes) => {
  write(bytes);
  const { code, stdout } = await shell("fleetlogix config show --json");
  expect({ code, region: JSON.parse(stdout).config.region }).toEqual({ code: 0, region: "eu-west-1" });
});
test.each([
  ["UTF-16 without a mark", Buffer.from(JSON_TEXT, "utf16le"), "Save it as UTF-8"],
  ["an old code page", Buffer.from([0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d]), "not UTF-8"],
  ["nothing", Buffer.alloc(0), "Write {} for the defaults"],
  ["5,000 levels", Buffer.from(`${'{"tags":'.repeat(5_000)}1${"}".repeat(5_000)}`), "nests deeper"],
  ["5,000 levels of lists", Buffer.from(`{"tags":${"[".repeat(5_000)}`), "nests deeper"],
])("a configuration that is %s gets an error that names the problem", async (_name, bytes, words) => {
  write(bytes);
  const { code, stderr } = await shell("fleetlogix config validate");
  expect(stderr).toContain("CONFIG_INVALID");
  expect(stderr).toContain(words);
  expect(stderr).not.toMatch(TRACE);
  expect(code).toBe(2);
});
test("an endless file is too large; a file from a pipe is read", async () => {
  const endless = await shell("fleetlogix config validate --config /dev/zero");
  expect(endless).toMatchObject({ code: 2, stderr: expect.stringContaining("CONFIG_INVALID") });
  const piped = await shell(`fleetlogix config show --config <(echo '${JSON_TEXT}')`);
  expect(piped).toMatchObject({ code: 0, stdout: expect.stringContaining("eu-west-1") });
});

test("an unlisted region gets a warning with the most similar one, and no error", async () => {
  write('{"region":"us-esat-1"}');
  const { code, stderr } = await shell("fleetlogix config validate");
  expect(stderr).toContain('"us-esat-1" is no region of AWS that this version knows. Did you mean us-east-1');
  expect(code).toBe(0);
});
