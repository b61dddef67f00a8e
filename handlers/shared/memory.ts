import { createHash } from "node:crypto";

/**
 * The last events of a delivery, or of one POST route of a vehicle. They are stored in its item as one text of fixed-width entries,
 * because every write pays for the size of the item: 64 events take 1.5 KB, a list of ids and times would take 10 KB.
 */
export interface RememberedEvent {
  /** 48 bits of the hash of its id. */
  readonly idHash: string;
  /** 40 bits of its fingerprint: distinguishes the same event from another one with the same id. */
  readonly mark: string;
  /** Its time, in ms since 1970. */
  readonly ms: number;
  /** It was stored before the keys of raw copies contained the delivery or vehicle. */
  readonly old: boolean;
}
/** In order of arrival. */
export type Memory = readonly RememberedEvent[];

export const REMEMBERED = 64;
const ID_WIDTH = 8;
const MARK_WIDTH = 7;
const TIME_WIDTH = 8;
const WIDTH = ID_WIDTH + MARK_WIDTH + TIME_WIDTH + 1;
const TIME_BYTES = 6;
const OLD = "o";
const NEW = ".";

const idHashOf = (id: string): string => createHash("sha256").update(id).digest().subarray(0, 6).toString("base64url");
/** `fingerprint`: hexadecimal. */
export const markOf = (fingerprint: string): string => Buffer.from(fingerprint, "hex").subarray(0, 5).toString("base64url");

export const findEvent = (memory: Memory, id: string): RememberedEvent | undefined => {
  const idHash = idHashOf(id);
  return memory.findLast((one) => one.idHash === idHash);
};

export interface NewEvent {
  readonly id: string;
  readonly fingerprint: string;
  readonly ms: number;
}
export const toRemembered = ({ id, fingerprint, ms }: NewEvent, old = false): RememberedEvent => ({
  idHash: idHashOf(id),
  mark: markOf(fingerprint),
  ms: Math.max(0, ms),
  old,
});

/** The memory with one more event; the oldest is dropped when it is full. */
export const remember = (memory: Memory, event: NewEvent): Memory => [...memory, toRemembered(event)].slice(-REMEMBERED);

export const toText = (memory: Memory): string =>
  memory.map((one) => `${one.idHash}${one.mark}${timeText(one.ms)}${one.old ? OLD : NEW}`).join("");

function timeText(ms: number): string {
  const bytes = Buffer.alloc(TIME_BYTES);
  bytes.writeUIntBE(ms, 0, TIME_BYTES);
  return bytes.toString("base64url");
}

export function fromText(text: string): Memory {
  return Array.from({ length: Math.floor(text.length / WIDTH) }, (_, index) => {
    const entry = text.slice(index * WIDTH, (index + 1) * WIDTH);
    const time = entry.slice(ID_WIDTH + MARK_WIDTH, WIDTH - 1);
    return {
      idHash: entry.slice(0, ID_WIDTH),
      mark: entry.slice(ID_WIDTH, ID_WIDTH + MARK_WIDTH),
      ms: Buffer.from(time, "base64url").readUIntBE(0, TIME_BYTES),
      old: entry.endsWith(OLD),
    };
  });
}
