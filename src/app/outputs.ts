import * as z from "zod";
import { parseJson } from "../aws/answers.ts";
import type { FunctionName, TableName } from "../config/config.ts";
import { defined } from "../defined.ts";
import { ownerOf } from "../engine/decide.ts";
import { observe } from "../engine/observe.ts";
import { Secret } from "../secret.ts";
import { ALERTS_TOPIC_ID, API_ID, API_KEY_ID, BUCKET_ID, DATABASE_ID, STAGE_ID } from "../stack-ids.ts";
import type { OutputOptions, Outputs } from "./contract.ts";
import { listKeys } from "./keys.ts";
import type { Session } from "./session.ts";

/** Outputs of the nodes of the stack, by id. */
interface Found {
  readonly name?: string;
  readonly arn?: string;
  readonly id?: string;
  readonly apiId?: string;
  readonly stage?: string;
  readonly version?: string | null;
}
interface Database {
  readonly identifier: string;
  readonly status: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly name: string;
  readonly username: string;
  readonly secretArn: string | null;
}
/** The nodes from which each output is read. */
const SOURCES: Readonly<Record<keyof Outputs, RegExp>> = {
  api_url: /^api\.stage$/,
  api_id: /^api\.rest$/,
  api_key: /^api\.key$/,
  api_keys: /^api\.key$/,
  bucket: /^bucket\.data$/,
  tables: /^table\./,
  topic_arn: /^topic\.alerts$/,
  functions: /^function\./,
  database: /^database\.main$/,
};

/** From live reads; null for a resource that does not exist or is foreign. */
export async function readOutputs(session: Session, { secrets, only, known = new Map() }: OutputOptions): Promise<Outputs> {
  const stack = session.stack();
  const wanted = only ?? (Object.keys(SOURCES) as (keyof Outputs)[]);
  const nodes = stack.nodes.filter((node) => !known.has(node.id) && wanted.some((name) => SOURCES[name].test(node.id)));
  const seen = await observe(nodes, session.run(stack), { specs: false, needs: "identity" });
  const found = new Map(known);
  for (const { id, observation, out } of seen) {
    if (observation.state !== "absent" && ownerOf(observation.tags, session.stackName) === "ours") found.set(id, out);
  }
  const get = (id: string) => found.get(id) as Found | undefined;
  const stage = get(STAGE_ID) as { apiId: string; stage: string } | undefined;
  const [apiKey, apiKeys, database] = await Promise.all([
    secrets && wanted.includes("api_key") ? apiKeyValue(session, get(API_KEY_ID)?.id) : null,
    secrets && wanted.includes("api_keys") && get(API_KEY_ID) ? namedKeyValues(session) : undefined,
    databaseOutputs(session, found.get(DATABASE_ID) as Database | undefined, secrets),
  ]);
  return {
    api_url: stage ? apiUrl(session, stage) : null,
    api_id: get(API_ID)?.id ?? null,
    api_key: apiKey,
    ...defined({ api_keys: apiKeys }),
    bucket: get(BUCKET_ID)?.name ?? null,
    tables: byName(Object.keys(session.config.tables) as TableName[], (name) => get(`table.${name}`)?.name ?? null),
    topic_arn: get(ALERTS_TOPIC_ID)?.arn ?? null,
    functions: byName(Object.keys(session.config.functions.names) as FunctionName[], (name) => functionOutputs(get(`function.${name}`))),
    database,
  };
}

const byName = <Name extends string, T>(names: readonly Name[], of: (name: Name) => T) =>
  Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, T>;

function functionOutputs(found: Found | undefined) {
  return found ? { name: found.name ?? "", arn: found.arn ?? "", version: found.version ?? null } : null;
}

/** An endpoint other than AWS has no host name for each API. */
export function apiUrl({ options, place }: Session, { apiId, stage }: { readonly apiId: string; readonly stage: string }): string {
  if (options.endpoint !== undefined) return `${options.endpoint.replace(/\/$/, "")}/restapis/${apiId}/${stage}/_user_request_`;
  const domain = place.partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  return `https://${apiId}.execute-api.${place.region}.${domain}/${stage}`;
}

async function apiKeyValue(session: Session, id: string | undefined): Promise<Secret | null> {
  if (id === undefined) return null;
  const gateway = await session.clients.apigateway();
  const { value } = await session.ask("the API key", () => gateway.getApiKey({ apiKey: id, includeValue: true }));
  return value === undefined ? null : new Secret(value);
}

async function namedKeyValues(session: Session): Promise<Readonly<Record<string, Secret>> | undefined> {
  const keys = await listKeys(session);
  const values = await Promise.all(keys.map(async ({ name, id }) => [name, await apiKeyValue(session, id ?? undefined)] as const));
  const known = values.flatMap(([name, value]) => (value ? [[name, value] as const] : []));
  return known.length > 0 ? Object.fromEntries(known) : undefined;
}

async function databaseOutputs(session: Session, found: Database | undefined, secrets: boolean): Promise<Outputs["database"]> {
  if (!found) return null;
  const { identifier, status, host, port, name, username, secretArn } = found;
  const password = secrets && secretArn ? await passwordOf(session, secretArn) : null;
  const url = password !== null && host !== null ? urlOf({ host, port, name, username }, password) : null;
  return {
    identifier,
    status,
    host,
    port,
    name,
    username,
    secret_arn: secretArn,
    password: password === null ? null : new Secret(password),
    url,
  };
}

const secretSchema = z.object({ password: z.string() });
/** The secret that RDS manages is `{"username": …, "password": …}`. */
async function passwordOf(session: Session, secretArn: string): Promise<string | null> {
  const secrets = await session.clients.secretsmanager();
  const { SecretString = "{}" } = await session.ask("the database's password", () => secrets.getSecretValue({ SecretId: secretArn }));
  return secretSchema.safeParse(parseJson(SecretString)).data?.password ?? null;
}

function urlOf({ host, port, name, username }: Pick<Database, "host" | "port" | "name" | "username">, password: string): Secret {
  const who = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
  return new Secret(`postgresql://${who}@${host}:${port ?? 5432}/${name}?sslmode=require`);
}
