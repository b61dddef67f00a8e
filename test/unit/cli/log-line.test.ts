import { expect, test } from "vitest";
import { entryOf, jsonLine, prettyLine } from "../../../src/cli/render/log-line.ts";

const line = (message: string) => entryOf({ function: "calculate-eta", timestamp: Date.UTC(2026, 2, 1, 14, 5, 1, 123), message });
const marked = (style: string, text: string) => (style === "dim" ? text : `<${style}>${text}</>`);
const pretty = (message: string) => prettyLine(line(message), marked).slice("14:05:01.123  ".length);

test.each([
  [
    { level: "INFO", message: "answered", operation: "POST /vehicle", status: 200, duration_ms: 12, request_id: "r-1" },
    "calculate-eta    INFO   POST /vehicle  <good>200</>  12 ms  r-1",
  ],
  [
    { level: "INFO", message: "refused", operation: "POST /vehicle", status: 404, code: "ROUTE_NOT_FOUND", request_id: "r-1" },
    "calculate-eta    INFO   POST /vehicle  <warn>404</>  ROUTE_NOT_FOUND  r-1",
  ],
  [
    { level: "ERROR", message: "refused", operation: "POST /vehicle", status: 500, error_name: "TypeError", error_message: "x is not y" },
    "calculate-eta    <bad>ERROR</>  POST /vehicle  <bad>500</>  <bad>TypeError: x is not y</>",
  ],
  [{ level: "WARN", message: "the clock is wrong" }, "calculate-eta    <warn>WARN </>  the clock is wrong"],
])("a line of a function is shown by its fields: %j", (fields, text) => {
  expect(pretty(JSON.stringify(fields))).toBe(text);
});

test.each([
  ["START RequestId: 1 Version: 3", "debug"],
  ['{"time":"2026-03-01T14:05:01Z","type":"platform.report","record":{}}', "debug"],
  ["2026-03-01T14:05:01Z 1 Task timed out after 3.00 seconds", "error"],
  ["TypeError: x is not a function", "error"],
  ['{"level":"FATAL","message":"gone"}', "error"],
  ["plain words", "info"],
  ["{ not JSON", "info"],
])("%s has the level %s", (text, level) => expect(line(text).level).toBe(level));

test("a metric line is recognized, and a text line is one JSON object for programs", () => {
  expect(line('{"_aws":{"CloudWatchMetrics":[]},"Accepted":1}').isMetric).toBe(true);
  expect(JSON.parse(jsonLine(line("plain words")))).toEqual({
    timestamp: "2026-03-01T14:05:01.123Z",
    level: "INFO",
    message: "plain words",
    function: "calculate-eta",
  });
});
