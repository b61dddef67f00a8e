import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { buildProgram } from "../../src/cli/program.ts";
import { wordsOf } from "../support/typed.ts";

/** The documents name files, scripts, commands and flags that exist. */
const PAGES = [
  ...["README.md", "README.es.md", "CONTRIBUTING.md", "SECURITY.md"],
  ...readdirSync("docs").flatMap((file) => (file.endsWith(".md") ? [`docs/${file}`] : [])),
];
const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
const program = buildProgram(() => () => Promise.resolve());

/** Code of a page: spans within the text, and lines of blocks for a shell without their comments. */
function codeOf(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```(?:sh)?\n(.*?)^```$/gms)].flatMap(([, code = ""]) => code.replaceAll("\\\n", " ").split("\n"));
  const spans = [...text.replace(/^```.*?^```$/gms, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  return [...blocks.map((line) => line.replace(/(^|\s)(#|\s\s+).*$/, "")), ...spans];
}
/** The anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (file: string): readonly string[] =>
  [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

/** The words of each `fleetlogix …` in the code, up to the end of that command. */
const commandsIn = (code: string): readonly (readonly string[])[] =>
  [...code.matchAll(/(?<![\w=/-])fleetlogix ([a-z][^`|&;>)…]*)/g)].map(([, rest = ""]) => wordsOf(rest));
/** Words of a command that the program does not have. */
function unknownWords(words: readonly string[]): readonly string[] {
  let command: Command = program;
  const left = [...words];
  for (let next: Command | undefined; ; command = next) {
    next = command.commands.find((one) => one.name() === left[0]);
    if (!next) break;
    left.shift();
  }
  if (command === program || (command.commands.length > 0 && left[0] !== undefined && !left[0].startsWith("-") && command.name() !== "api"))
    return left.slice(0, 1);
  const flags = left.slice(0, left.includes("--") ? left.indexOf("--") : undefined).filter((word) => /^--?[a-zA-Z]/.test(word));
  const known = [...command.options, ...program.options].flatMap(({ long, short }) => [long, short]);
  return flags.map((flag) => flag.replace(/=.*/, "")).filter((flag) => flag !== "-h" && flag !== "--help" && !known.includes(flag));
}

test("the commands of the README are found", () => {
  expect(codeOf(readFileSync("README.md", "utf8")).flatMap(commandsIn).length).toBeGreaterThan(25);
});

describe.each(PAGES)("%s", (file) => {
  const text = readFileSync(file, "utf8");
  const code = codeOf(text);

  test("names files that exist", () => {
    const paths = code.flatMap((span) => (/^(src|handlers|test|scripts|docs|examples|bin|migrations)\/[\w./-]+$/.test(span) ? [span] : []));
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });
  test("links to files and headings that exist", () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, to = ""]) => (/^\w+:/.test(to) ? [] : [to]));
    const broken = links.filter((to) => {
      const [path = "", anchor] = to.split("#");
      const target = path === "" ? file : join(dirname(file), path);
      return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
    });
    expect(broken).toEqual([]);
  });
  test("names scripts and test files that exist", () => {
    const named = code.flatMap((line) => [...line.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, name = ""]) => name));
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    const run = code.flatMap((line) => /\bvitest run (.*)/.exec(line)?.[1]?.split(" -")[0]?.split(" ") ?? []);
    expect(run.filter((path) => !existsSync(path))).toEqual([]);
  });
  test("names commands and flags that exist", () => {
    const unknown = code.flatMap(commandsIn).flatMap((words) => unknownWords(words).map((word) => `${word} in: ${words.join(" ")}`));
    expect(unknown).toEqual([]);
  });
});
