import { inspect } from "node:util";

const values = new WeakMap<Secret, string>();

/** A value that must never be printed: every way of turning it into text gives `[secret]`; only `reveal` gives the value. */
export class Secret {
  constructor(value: string) {
    values.set(this, value);
  }
  reveal(): string {
    return values.get(this) ?? "";
  }
  toString(): string {
    return "[secret]";
  }
  toJSON(): string {
    return "[secret]";
  }
  [inspect.custom](): string {
    return "[secret]";
  }
}
