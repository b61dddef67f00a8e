import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** The two READMEs are in two languages. Their commands and links must be the same. */
const [english, spanish] = ["README.md", "README.es.md"].map((file) => readFileSync(file, "utf8")) as [string, string];

/** Code blocks without their comments, which are translated. */
const blocks = (text: string): string[] =>
  [...text.matchAll(/^```\w*\n(.*?)^```$/gms)].map(([, code = ""]) =>
    code
      .split("\n")
      .map((line) => line.replace(/(^|\s+)(#|\/\/) .*$/, ""))
      .filter((line) => line !== "")
      .join("\n"),
  );
const headings = (text: string): number[] =>
  [...text.replace(/^```.*?^```$/gms, "").matchAll(/^(#+) /gm)].map(([, marks = ""]) => marks.length);
const links = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, to = ""]) => to).filter((to) => !to.startsWith("README"));
/** First cells of the tables: commands and calls. */
const cells = (text: string): string[] => [...text.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = ""]) => cell);

/** Code within the sentences: commands, flags, settings, tables. */
const codeInText = (text: string): string[] => [...text.replace(/^```.*?^```$/gms, "").matchAll(/`[^`]+`/g)].map(([code]) => code);

test("both READMEs have the same sections, commands, calls and links", () => {
  expect(blocks(english).length).toBeGreaterThan(6);
  expect(blocks(spanish)).toEqual(blocks(english));
  expect(headings(spanish)).toEqual(headings(english));
  expect(cells(spanish)).toEqual(cells(english));
  expect(codeInText(spanish).toSorted()).toEqual(codeInText(english).toSorted());
  expect(links(spanish).toSorted()).toEqual(links(english).toSorted());
});

test("each README links to the other, and all linked files exist", () => {
  expect(english).toContain("(README.es.md)");
  expect(spanish).toContain("(README.md)");
  for (const to of links(english).filter((link) => !/^https?:/.test(link))) expect(existsSync(to), to).toBe(true);
});
