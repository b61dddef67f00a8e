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
}
/** For console.log. Outside of the class, so that the declarations of the library need no types of Node.js. */
Object.defineProperty(Secret.prototype, inspect.custom, { value: () => "[secret]" });
