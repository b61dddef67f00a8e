import { inspect } from "node:util";

const values = new WeakMap<Secret, string>();

/** A value that must never be printed. Every conversion to text gives `[secret]`. Only `reveal` returns the value. */
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
/** For console.log. It is outside of the class, so that the library's declarations need no types of Node.js. */
Object.defineProperty(Secret.prototype, inspect.custom, { value: () => "[secret]" });
