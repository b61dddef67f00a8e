import { expect, test } from "vitest";
import { voiceOf } from "../../../src/cli/render/paint.ts";
import { oneLine, printable } from "../../../src/printable.ts";

const hostile = "\u001b[31mroot\u001b[0m\r\u009b2J\u202egnp.exe\u2028next\u0007\u007f";
const stream = (isTTY: boolean) => {
  const written: string[] = [];
  return { written, isTTY, write: (text: string | Uint8Array) => written.push(String(text)) > 0 };
};

test("foreign text cannot control a terminal and stays readable", () => {
  expect(printable(hostile)).toBe("\\u001b[31mroot\\u001b[0m\\u000d\\u009b2J\\u202egnp.exe\\u2028next\\u0007\\u007f");
  expect(printable("two\nlines\tand ñ, 日本, 😀")).toBe("two\nlines\tand ñ, 日本, 😀");
  expect(oneLine("Done.\nNothing\tto do")).toBe("Done.\\nNothing\\tto do");
});
test("only our own marks become colours", () => {
  const out = stream(true);
  const voice = voiceOf(out, {}, true);
  voice.write(`${voice.paint("bad", `no ${hostile}`)} ${voice.paint("good", "yes")}`);
  const codes = out.written
    .join("")
    .split("\u001b")
    .slice(1)
    .map((part) => part.slice(0, 4));
  expect(codes).toEqual(["[31m", "[39m", "[32m", "[39m"]);
  expect(out.written.join("")).toContain("\\u001b[31mroot");
});
test("without a terminal or with colours turned off there are no escape codes", () => {
  for (const [isTTY, env, wanted] of [
    [false, {}, true],
    [true, { NO_COLOR: "1" }, true],
    [true, { TERM: "dumb" }, true],
    [true, {}, false],
  ] as const) {
    const out = stream(isTTY);
    const voice = voiceOf(out, env, wanted);
    voice.write(voice.paint("bad", hostile));
    expect(out.written.join("")).not.toContain("\u001b");
  }
});
test("JSON stays JSON, with the same meaning", () => {
  const out = stream(false);
  voiceOf(out, {}, true).write(JSON.stringify({ hostile }));
  expect(out.written.join("")).not.toMatch(/[\u0080-\u009f\u2028\u202e]/);
  expect(JSON.parse(out.written.join(""))).toEqual({ hostile });
});
