import { describe, expect, test } from "vitest";
import { type Failure, toErrorText } from "../../../src/cli/failure.ts";
import { buildProgram } from "../../../src/cli/program.ts";
import { auditText } from "../../../src/cli/render/audit.ts";
import { findingText } from "../../../src/cli/render/findings.ts";
import { keysTable } from "../../../src/cli/render/keys.ts";
import { columns, cut, displayWidth, hanging, labelled, table, wrapped } from "../../../src/cli/render/layout.ts";
import { mailText } from "../../../src/cli/render/mail.ts";
import { plain, voiceOf } from "../../../src/cli/render/paint.ts";
import { planText } from "../../../src/cli/render/plan.ts";
import { policyText, tooLongText } from "../../../src/cli/render/policy.ts";
import { settingsText, validText } from "../../../src/cli/render/settings.ts";
import { simulationText } from "../../../src/cli/render/simulation.ts";
import { statusText } from "../../../src/cli/render/status.ts";
import { AUDIT, COUNTERS, DIFFERENCES, FINDINGS, KEYS, MAILS, OUTPUTS, PLAN, POLICY, RESOURCES, SETTINGS } from "./layout-samples.ts";

const NOW = Date.parse("2026-11-25T10:00:00Z");
const lock = { who: "ana on laptop", command: "up", pid: 12, since: "2026-11-25T09:58:00.000Z" };
const failure: Failure = {
  ...{
    code: "CREDENTIALS",
    resource: "account",
    awsCode: "ExpiredToken",
    requestId: "1234-5678",
    exit: 5,
    problems: undefined,
    stack: undefined,
  },
  message: "sts:GetCallerIdentity: the credentials have expired and nothing has renewed them since this morning.",
  hint: "Log in again, for instance with `aws sso login --profile logistics-production`, then run the same command again.",
};

function help(words: readonly string[], width: number): string {
  let text = "";
  const program = buildProgram(() => async () => {});
  const command = words.reduce((at, word) => at.commands.find((c) => c.name() === word) ?? at, program);
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => width,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text;
}

/** Every screen in the layout for a width. */
const SCREENS: Readonly<Record<string, (width: number) => string>> = {
  status: (width) =>
    statusText(
      { stack: "FleetLogix/dev", account: "000000000000", region: "us-east-1", resources: RESOURCES, lock },
      { paint: plain, width, now: NOW, all: false },
    ),
  plan: (width) => planText(PLAN, plain, width),
  doctor: (width) => FINDINGS.map((finding) => findingText(finding, plain, width)).join("\n"),
  mail: (width) => mailText(MAILS, plain, width),
  keys: (width) => keysTable(KEYS, width).join("\n"),
  audit: (width) => auditText(AUDIT, plain, width),
  outputs: (width) => columns(OUTPUTS, width).join("\n"),
  "config show": (width) => settingsText(SETTINGS.settings, SETTINGS.origins, width),
  "config validate": (width) =>
    [
      validText("/home/ana/logistics/fleetlogix.config.json", "fleetlogix.config.json", ["dev", "staging", "production"], width),
      validText(undefined, "fleetlogix.config.json", ["dev"], width),
    ].join("\n"),
  simulate: (width) => [simulationText(COUNTERS, [], width), simulationText(COUNTERS, DIFFERENCES, width)].join("\n\n"),
  permissions: (width) => [...labelled("warning", tooLongText(2), width, plain, "warn"), policyText(POLICY)].join("\n"),
  error: (width) => toErrorText(failure, plain, false, width),
  "help up": (width) => help(["up"], width),
  "help simulate": (width) => help(["simulate"], width),
  "help permissions": (width) => help(["permissions"], width),
  help: (width) => help([], width),
};
/** Addresses, ARNs, names and commands must stay whole, so that users can copy them. So must a single word. */
const isWhole = (line: string): boolean => /\S{38,}|`[^`]+`|^\s*\S+$/.test(line);

describe.each(Object.entries(SCREENS))("%s", (_, screen) => {
  test.each([60, 80, 120])("at %i columns", (width) => {
    const text = screen(width);
    expect(text).toMatchSnapshot();
    expect(text.split("\n").filter((line) => displayWidth(line) > width && !isWhole(line))).toEqual([]);
  });
  test("without a terminal nothing is cut or wrapped", () => {
    const text = screen(Number.POSITIVE_INFINITY);
    expect(text).not.toContain("…\n");
    expect(text).not.toContain("\u001b");
  });
});

test("colours change no layout", () => {
  const voice = voiceOf({ isTTY: true, write: () => true }, {}, true);
  const painted = voice.render(planText(PLAN, voice.paint, 80));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression removes the colours.
  expect(painted.replace(/\u001b\[\d+m/g, "")).toBe(planText(PLAN, plain, 80));
  expect(painted).toContain("\u001b[");
});

describe("words", () => {
  test("have the width that a terminal shows", () => {
    expect(displayWidth("Bogotá")).toBe(6);
    expect(displayWidth("Bogota\u0301")).toBe(6);
    expect(displayWidth("物流")).toBe(4);
    expect(cut("物流物流", 5)).toBe("物流…");
    expect(
      columns(
        [
          ["物流", "a"],
          ["abcd", "b"],
        ],
        80,
      ),
    ).toEqual(["物流  a", "abcd  b"]);
  });
  test("wrap between words; a command in backticks stays whole", () => {
    expect(wrapped("one two three four five six", 20)).toEqual(["one two three four", "five six"]);
    const command = "`fleetlogix teardown --delete-data --local`";
    expect(wrapped(`Run this now: ${command} and wait.`, 20)).toContain(command);
    expect(hanging("✔", "one two three four five six", 22)).toEqual(["✔  one two three four", "   five six"]);
  });
});

describe("a table", () => {
  const heads = [{}, { spare: 1 }, { spare: 2 }, { wraps: true }];
  const rows = [["name", "spare one", "spare two", "words that can be wrapped at will"]];
  test("wraps cells first, then leaves out spare columns, and stacks the cells last", () => {
    expect(table(heads, rows, { width: 80 })).toEqual(["name  spare one  spare two  words that can be wrapped at will"]);
    expect(table(heads, rows, { width: 50 })).toEqual([
      "name  spare one  spare two  words that can be",
      "                            wrapped at will",
    ]);
    expect(table(heads, rows, { width: 36 })).toEqual(["name  spare one  words that can be", "                 wrapped at will"]);
    expect(table(heads, rows, { width: 25 })).toEqual(["name  words that can be", "      wrapped at will"]);
    expect(table(heads, rows, { width: 21 })).toEqual(["name", "  words that can be", "  wrapped at will"]);
  });
});
