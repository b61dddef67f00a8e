import { expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { alarmsOf } from "../../../src/stack/alarms.ts";

const { config } = loadConfig({ cwd: "/nowhere", variables: {} });
const saidIn = (language: "es" | "en") =>
  alarmsOf({ ...config, alerts: { ...config.alerts, language } }).map(({ spec }) => spec.description);

test("every alarm's mail is in the language of the configuration", () => {
  const [spanish, english] = [saidIn("es"), saidIn("en")];
  expect(spanish).toHaveLength(english.length);
  expect(spanish.filter((text) => english.includes(text))).toEqual([]);
  for (const text of spanish) expect(text).not.toMatch(/\b(the|of|than|calls)\b/i);
  for (const text of english) expect(text).not.toMatch(/\b(de|la|los|más)\b/i);
});
