import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wireService } from "../../src/local/wire/schema.ts";
import { localAws } from "../support/local-aws.ts";

const PAGE = "docs/local-aws-coverage.md";
let aws: Awaited<ReturnType<typeof localAws>>;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.close());

interface Coverage {
  readonly name: string;
  readonly done: readonly string[];
  readonly partial: readonly (readonly [operation: string, lacks: string])[];
  readonly refused: readonly string[];
}
/** The coverage of the code: the operations of AWS's model, those with a handler, and the missing parts that these declare. */
async function coverage(): Promise<Coverage[]> {
  return Promise.all(
    aws.services.map(async ({ name, sdk, operations }) => {
      const modelled = Object.keys(wireService(await sdk()).operations).sort();
      const { partial } = (await import(`../../src/local/services/${name}/coverage.ts`)) as { partial: Record<string, string> };
      expect({ service: name, unknown: Object.keys(operations).filter((operation) => !modelled.includes(operation)) }).toEqual({
        service: name,
        unknown: [],
      });
      expect({ service: name, unknown: Object.keys(partial).filter((operation) => !(operation in operations)) }).toEqual({
        service: name,
        unknown: [],
      });
      return {
        name,
        done: modelled.filter((operation) => operation in operations && !(operation in partial)),
        partial: modelled.flatMap((operation) => (operation in partial ? [[operation, partial[operation] as string] as const] : [])),
        refused: modelled.filter((operation) => !(operation in operations)),
      };
    }),
  );
}

function page(all: readonly Coverage[]): string {
  const overview = all.map(
    ({ name, done, partial, refused }) => `| [${name}](#${name}) | ${done.length} | ${partial.length} | ${refused.length} |`,
  );
  const sections = all.map(({ name, done, partial, refused }) =>
    [
      `## ${name}`,
      ...(done.length > 0 ? [`Done: ${done.join(", ")}.`] : []),
      ...(partial.length > 0
        ? [["| partial | what it lacks |", "|---|---|", ...partial.map(([operation, lacks]) => `| ${operation} | ${lacks} |`)].join("\n")]
        : []),
      ...(refused.length > 0 ? [`<details><summary>Refused: ${refused.length}</summary>\n\n${refused.join(", ")}.\n\n</details>`] : []),
    ].join("\n\n"),
  );
  return `${[
    "# What the local AWS can do",
    "Written by `UPDATE_DOCS=1 npx vitest run test/local/coverage.test.ts` from the code; the same test fails when it is out of date.\nA refused operation answers 501 `NotImplemented` with its name, never a silent success.",
    ["| service | done | partial | refused |", "|---|---|---|---|", ...overview].join("\n"),
    ...sections,
  ].join("\n\n")}\n`;
}

test("docs/local-aws-coverage.md matches the code", async () => {
  const current = page(await coverage());
  if (process.env.UPDATE_DOCS === "1") writeFileSync(PAGE, current);
  expect(readFileSync(PAGE, "utf8")).toBe(current);
});
