import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { svgOf } from "../../scripts/recording/svg.ts";
import { framesOf } from "../../scripts/recording/terminal.ts";

const SIZE = { columns: 20, rows: 3 };
const TEXT = { title: "a run", description: "<a & b>" };

test("a frame shows redrawn lines once, as the terminal does", async () => {
  const frames = await framesOf(
    [
      { atMs: 0, data: "\x1b[36m⠋\x1b[39m 1 of 2\r\n  more" },
      { atMs: 50, data: "\x1b[2K\x1b[1A\x1b[2K\r\x1b[32m✔\x1b[39m \x1b[1mdone\x1b[22m" },
      { atMs: 250, data: "" },
    ],
    SIZE,
  );
  expect(frames).toHaveLength(1);
  expect(frames[0]?.lines[0]).toEqual([
    { column: 0, text: "✔", color: 2, bold: false, dim: false },
    { column: 1, text: " ", color: undefined, bold: false, dim: false },
    { column: 2, text: "done", color: undefined, bold: true, dim: false },
  ]);
  expect(frames[0]?.lines[1]).toEqual([]);
});

test("the drawing escapes text, draws an equal line once and stands still at its last frame", async () => {
  const frames = await framesOf(
    [
      { atMs: 0, data: "a <b> & c\r\n" },
      { atMs: 500, data: "second" },
    ],
    SIZE,
  );
  const svg = svgOf(frames, SIZE, TEXT);
  expect(svg).toContain('<desc id="d">&lt;a &amp; b&gt;</desc>');
  expect(svg.match(/a &lt;b&gt; &amp; c/g)).toHaveLength(1);
  expect(svg.match(/href="#l0"/g)).toHaveLength(2);
  expect(svg).toMatch(/\.film\{transform:translateY\(-82px\)/);
});

test("the recording in docs shows a kill, a run that goes on, and a plan without changes", () => {
  const text = readFileSync("docs/images/recording.svg", "utf8");
  expect(text).toContain(">Killed<");
  expect(text).toMatch(/Done: \d+ created(, \d+ updated)? in/);
  expect(text).toMatch(/>63 unchanged</);
});
