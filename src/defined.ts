type Optional<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T];

/**
 * The members whose value is not undefined. For objects in which a member must be absent, not undefined: dependencies of a node,
 * headers, environment variables, documents that are hashed. Requests of the SDK take undefined and do not need this.
 */
export function defined<const T extends object>(members: T): Omit<T, Optional<T>> & { [K in Optional<T>]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as ReturnType<typeof defined<T>>;
}
