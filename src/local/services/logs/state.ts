import type { LogGroupClass } from "@aws-sdk/client-cloudwatch-logs";
import { type LocalEnv, LocalFault } from "../../core/service.ts";
import type { StreamKey } from "./event-files.ts";

export interface Group {
  /** Name of the group's folder of events. A recreated group has a new id, and so no old events. */
  readonly id: string;
  readonly name: string;
  readonly region: string;
  /** Without the `:*` that some responses append. */
  readonly arn: string;
  readonly createdAt: number;
  readonly retentionInDays?: number | undefined;
  readonly kmsKeyId?: string | undefined;
  readonly logClass: LogGroupClass;
  readonly protected: boolean;
  readonly tags: Readonly<Record<string, string>>;
}
export interface Stream extends StreamKey {
  readonly name: string;
  readonly createdAt: number;
}

export interface Groups {
  list(region: string): Group[];
  all(): Group[];
  find(region: string, name: string): Group | undefined;
  /** The group of `logGroupName` or `logGroupIdentifier` (name or ARN). Throws ResourceNotFoundException. */
  require(region: string, input: { logGroupName?: string | undefined; logGroupIdentifier?: string | undefined }): Group;
  put(group: Group): void;
  remove(group: Group): void;
  streams(group: Group): Stream[];
  stream(group: Group, name: string | undefined): Stream;
  hasStream(group: Group, name: string): boolean;
  putStream(stream: Stream): void;
  removeStream(stream: Stream): void;
}

export function groupsOf(env: LocalEnv): Groups {
  const groups = env.store.collection<Group>("logs.groups");
  const streams = env.store.collection<Stream>("logs.streams");
  const streamKey = (group: string, name: string): string => `${group}/${name}`;
  const find: Groups["find"] = (region, name) => groups.get(`${region}/${name}`);
  const streamsOf = (group: Group): Stream[] => streams.values().filter((stream) => stream.group === group.id);
  return {
    find,
    all: () => groups.values(),
    list: (region) =>
      groups
        .values()
        .filter((group) => group.region === region)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    require(region, { logGroupName, logGroupIdentifier }) {
      if (logGroupName !== undefined && logGroupIdentifier !== undefined)
        throw new LocalFault("ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.");
      if (logGroupName === undefined && logGroupIdentifier === undefined)
        throw invalid("Exactly one of logGroupName and logGroupIdentifier must be specified");
      const group = find(region, nameIn(logGroupName ?? logGroupIdentifier ?? ""));
      if (!group) throw new LocalFault("ResourceNotFoundException", "The specified log group does not exist.");
      return group;
    },
    put: (group) => groups.put(`${group.region}/${group.name}`, group),
    remove(group) {
      groups.delete(`${group.region}/${group.name}`);
      for (const stream of streamsOf(group)) streams.delete(streamKey(group.id, stream.name));
    },
    streams: streamsOf,
    stream(group, name) {
      const stream = streams.get(streamKey(group.id, name ?? ""));
      if (!stream) throw new LocalFault("ResourceNotFoundException", "The specified log stream does not exist.");
      return stream;
    },
    hasStream: (group, name) => streams.has(streamKey(group.id, name)),
    putStream: (stream) => streams.put(streamKey(stream.group, stream.name), stream),
    removeStream: (stream) => void streams.delete(streamKey(stream.group, stream.name)),
  };
}

export const invalid = (message: string): LocalFault => new LocalFault("InvalidParameterException", message);
export const constraint = (member: string, value: unknown, rule: string): LocalFault =>
  invalid(`1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${rule}`);

/** `arn:aws:logs:…:log-group:NAME` or `…:NAME:*`, or the name itself. */
export const nameIn = (identifier: string): string =>
  identifier.startsWith("arn:") ? (identifier.split(":log-group:")[1] ?? "").replace(/:\*$/, "") : identifier;

/** One page of a list. The token encodes the index of the page's first item. */
export function page<T>(all: readonly T[], token: string | undefined, size: number): { items: T[]; nextToken?: string } {
  const from = token === undefined ? 0 : Number(Buffer.from(token, "base64url").toString());
  if (!Number.isInteger(from) || from < 0) throw invalid("The specified nextToken is invalid.");
  const more = all.length > from + size;
  return { items: all.slice(from, from + size), ...(more && { nextToken: Buffer.from(String(from + size)).toString("base64url") }) };
}
