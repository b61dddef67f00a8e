import type { Outputs } from "../app.ts";
import type { Config } from "../config/config.ts";
import type { CommandContext } from "./context.ts";
import { nextCommand, quote } from "./next-command.ts";
import { columns, widthOf } from "./render/layout.ts";

/** The addresses of the stack and the next commands. Each line can be pasted, and none has a secret. */
export function nextSteps(run: CommandContext, config: Config, outputs: Outputs): string {
  const steps = [...apiSteps(run, config, outputs), ...databaseSteps(run, outputs), ...moreSteps(run)];
  return [
    ...columns(facts(outputs), widthOf(run.io.stdout)),
    "",
    ...steps.flatMap(([what, line]) => [run.paint.out("dim", `# ${what}`), line]),
  ].join("\n");
}

function facts({ api_url, bucket, database }: Outputs): string[][] {
  return [
    ...(api_url ? [["API", api_url]] : []),
    ...(bucket ? [["data lake", `s3://${bucket}`]] : []),
    ...(database
      ? [
          [
            "database",
            database.host ? `${database.host}:${database.port}/${database.name}` : `${database.identifier} is ${database.status}`,
          ],
        ]
      : []),
  ];
}

const EXAMPLE = '{"delivery_id":"D-1001","status":"in_transit","driver_id":"DR-7","vehicle_id":"V-12"}';

function apiSteps(run: CommandContext, config: Config, outputs: Outputs): string[][] {
  if (!outputs.api_url) return [];
  const call = nextCommand(run, "api", "POST", "/delivery", "-d", quote(EXAMPLE));
  return [["a delivery is on its way", call], ...(run.flags.verbose ? curlSteps(run, config, outputs.api_url) : [])];
}

/** The same call without fleetlogix, for the developer of an app. */
function curlSteps(run: CommandContext, { api, region }: Config, url: string): string[][] {
  const key = nextCommand(run, "outputs", "api_key", "--show-secrets");
  const proof = {
    apiKey: ` -H "x-api-key: $(${key})"`,
    iam: ` --aws-sigv4 aws:amz:${region}:execute-api --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"`,
    none: "",
  }[api.auth];
  return [
    ...(api.auth === "apiKey" ? [["the API key", key]] : []),
    ["the same with curl", `curl -sS ${quote(`${url}/delivery`)}${proof} -H 'content-type: application/json' -d ${quote(EXAMPLE)}`],
  ];
}

function databaseSteps(run: CommandContext, { database }: Outputs): string[][] {
  if (!database?.host) return [];
  return [["SQL", nextCommand(run, "db", "psql")]];
}

const moreSteps = (run: CommandContext): string[][] => [
  ["everything and its state", nextCommand(run, "status")],
  ["remove it again; data is kept unless you ask", nextCommand(run, "teardown")],
];
