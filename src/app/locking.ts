import { hostname, userInfo } from "node:os";
import { acquireLock, breakLock, type LockPlace, readLock } from "../aws/lock.ts";
import { ownerOf } from "../engine/decide.ts";
import { type ObservedNode, observe } from "../engine/observe.ts";
import { naming } from "../stack/naming.ts";
import { BUCKET_ID } from "../stack-ids.ts";
import type { LockHolder } from "./contract.ts";
import type { Session } from "./session.ts";

export interface Held {
  /** This run may create the bucket that stores the lock: then it acquires the lock when the bucket is ready. */
  onReady(id: string): Promise<void>;
  release(): Promise<void>;
}

/** Throws LOCKED while another run works on the stack. Without a bucket of the stack there is no lock. */
export async function holdLock(session: Session, seen: readonly ObservedNode[], command: string): Promise<Held> {
  const bucket = bucketOf(session, seen);
  const take = (name: string) => acquireLock(placeOf(session, name), { host: hostname(), pid: process.pid, user: userName(), command });
  let release = bucket === undefined ? undefined : await take(bucket);
  const later = seen.find((item) => item.id === BUCKET_ID)?.subject.label;
  return {
    async onReady(id) {
      // The lock can fail here when two runs began without a bucket. Both continue and end with the same stack.
      if (id === BUCKET_ID && release === undefined && later !== undefined) release = await take(later).catch(() => undefined);
    },
    release: async () => release?.(),
  };
}

export async function forceUnlock(session: Session): Promise<void> {
  const bucket = await stackBucket(session);
  if (bucket !== undefined) await session.ask("the lock", () => breakLock(placeOf(session, bucket)));
}

/** undefined also when the caller may not read the lock. A bucket of this name that is not ours holds no lock of this form. */
export async function lockHolder(session: Session): Promise<LockHolder | undefined> {
  const { bucket } = naming(session.config, session.place);
  const held = await session.ask("the lock", () => readLock(placeOf(session, bucket), hostname())).catch(() => undefined);
  if (!held) return undefined;
  const { owner, since } = held;
  return { who: `${owner.user} on ${owner.host}`, command: owner.command, pid: owner.pid, since: new Date(since).toISOString() };
}

async function stackBucket(session: Session): Promise<string | undefined> {
  const stack = session.stack();
  const bucket = stack.nodes.filter((node) => node.id === BUCKET_ID);
  return bucketOf(session, await observe(bucket, session.run(stack), { specs: false }));
}

function bucketOf(session: Session, seen: readonly ObservedNode[]): string | undefined {
  const found = seen.find((item) => item.id === BUCKET_ID);
  if (!found || found.observation.state === "absent") return undefined;
  return ownerOf(found.observation.tags, session.stackName) === "ours" ? found.subject.label : undefined;
}

function placeOf({ clients, place, ports }: Session, bucket: string): LockPlace {
  return { clients, bucket, account: place.account, now: ports.clock.now, alive };
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // The user of a container may have no entry in the user database.
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}
