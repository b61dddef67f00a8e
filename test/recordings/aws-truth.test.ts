import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { RECORDED } from "./player.ts";

const PAGE = readFileSync("docs/aws-truth.md", "utf8");
const sources = ["src", "handlers"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file.replaceAll("\\", "/")}`),
);

test("docs/aws-truth.md lists exactly the beliefs that are marked unproven, one for each mark", () => {
  const marked = sources
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => [...readFileSync(file, "utf8").matchAll(/\bunproven\b/gi)].map(() => file));
  const [, list = ""] = PAGE.split("## Unproven");
  const listed = [...list.matchAll(/^\| `([^`]+)` \| .{20,} \|$/gm)].map(([, file]) => file);
  expect(listed.toSorted()).toEqual(marked.toSorted());
});

test("each recording says where it was read, and the page counts them", () => {
  const unsourced = [...RECORDED.answers, ...RECORDED.rules].filter(({ source }) => source.length < 10);
  expect(unsourced).toEqual([]);
  expect(PAGE).toContain(`holds ${RECORDED.answers.length} answers`);
});
