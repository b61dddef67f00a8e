/** The parts of the engine that are called in process; the package has no types of its own. */
declare module "dynalite/db/index.js" {
  interface Level {
    open(): Promise<void>;
    get(key: string): Promise<unknown>;
    batch(operations: readonly ({ type: "put"; key: string; value: unknown } | { type: "del"; key: string })[]): Promise<void>;
    values(options: object): AsyncIterable<unknown>;
    keys(options: object): AsyncIterable<string>;
    iterator(options: object): AsyncIterable<[string, unknown]>;
    clear(options: object): Promise<void>;
    close(done: (error: unknown) => void): void;
  }
  const db: {
    create(options: { path?: string }): { db: Level };
    compare(operator: string, value: unknown, operands: readonly unknown[]): boolean;
    checkConditional(data: object, item: object | undefined): (Error & { body: object; statusCode: number }) | null | undefined;
    createIndexKey(item: object, table: object, keySchema: readonly object[]): string;
    createKey(item: object, table: object): string;
    itemSize(item: object): number;
    mapPath(path: readonly (string | number)[], item: object): unknown;
    validateKey(key: object, table: object): Error | null | undefined;
    updateIndexes(store: object, table: object, before: object | undefined, after: object | undefined, done: (e?: unknown) => void): void;
    capacityUnits(item: object | undefined, isRead: boolean, isConsistent: boolean): number;
  };
  export = db;
}
declare module "dynalite/validations/index.js" {
  const validations: {
    checkTypes(data: object, types: object): Record<string, unknown>;
    checkValidations(data: object, types: object, custom: unknown, store: object): void;
    validateAttributeValue(value: object): string | undefined;
  };
  export = validations;
}
declare module "dynalite/validations/*.js" {
  const validation: { types: object; custom?: unknown };
  export = validation;
}
declare module "dynalite/actions/*.js" {
  const action: (store: object, data: object, done: (error: unknown, output: Record<string, unknown>) => void) => void;
  export = action;
}
