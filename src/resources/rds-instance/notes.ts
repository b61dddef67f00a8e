import { ATTRIBUTES, BASE_IOPS, IOPS_FROM_GB, leastGrowth, majorOf } from "./attributes.ts";
import type { DatabaseLive, DatabaseSpec } from "./types.ts";

/** Notes for the plan about facts that are no difference. */
export function notesOn(spec: DatabaseSpec, live: DatabaseLive | undefined): readonly string[] {
  if (live === undefined) return [];
  const minorOnly = majorOf(spec.engineVersion) === majorOf(live.engineVersion);
  const kept = Object.entries(ATTRIBUTES).flatMap(([path, { growsOnly, wanted }]) =>
    growsOnly?.isMore(spec, live) && !(path === "engineVersion" && minorOnly)
      ? [
          `AWS has ${path} ${live.attributes[path]} for "${live.identifier}", the file says ${wanted(spec, live)}. It cannot go back: write ${growsOnly.keep(live)} in "database".`,
        ]
      : [],
  );
  return [...kept, ...growthNotes(spec, live), ...upgradeNotes(spec, live), ...fixedNotes(spec, live), ...passwordNotes(live)];
}
function upgradeNotes(spec: DatabaseSpec, { identifier, engineVersion }: DatabaseLive): readonly string[] {
  const [from, to] = [majorOf(engineVersion), majorOf(spec.engineVersion)];
  return Number(to) > Number(from)
    ? [
        `"${identifier}" is upgraded from PostgreSQL ${from} to ${to}: it does not answer for some minutes, and the upgrade cannot be undone.`,
      ]
    : [];
}
/** Settings that AWS accepts only at the creation. */
function fixedNotes({ kmsKey, subnetGroup }: DatabaseSpec, live: DatabaseLive): readonly string[] {
  const { identifier } = live;
  return [
    ...(kmsKey !== undefined && live.encrypted && live.kmsKey !== kmsKey
      ? [
          `"${identifier}" keeps its storage under the key ${live.kmsKey ?? "of AWS"}, not the stack's: AWS gives another key only to a copy of it.`,
        ]
      : []),
    ...(live.extendedSupport
      ? [
          `AWS bills "${identifier}" for extended support once its version is out of support: that is set when an instance is created, and cannot be changed later.`,
        ]
      : []),
    ...(subnetGroup !== undefined && live.subnetGroup !== subnetGroup
      ? [
          `"${identifier}" stays in the subnet group ${live.subnetGroup ?? "of its VPC"}, not ${subnetGroup}: AWS moves no instance within its VPC.`,
        ]
      : []),
  ];
}
function passwordNotes({ identifier, attributes }: DatabaseLive): readonly string[] {
  if (attributes.managedPassword !== false) return [];
  return [`RDS gives "${identifier}" a new password and keeps it in Secrets Manager: the present one stops working.`];
}
function growthNotes({ storageGb }: DatabaseSpec, live: DatabaseLive): readonly string[] {
  const least = leastGrowth(live);
  if (storageGb <= live.storageGb) return [];
  return [
    ...(storageGb < least
      ? [
          `AWS raises storage by 10 % at least: "${live.identifier}" gets ${least} GB, not ${storageGb}. Write "storageGb": ${least} in "database".`,
        ]
      : []),
    ...(storageGb >= IOPS_FROM_GB
      ? [`From ${IOPS_FROM_GB} GB on, AWS wants IOPS with the size: "${live.identifier}" gets ${Math.max(live.iops ?? 0, BASE_IOPS)}.`]
      : []),
  ];
}
