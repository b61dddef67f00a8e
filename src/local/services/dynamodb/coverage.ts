/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  CreateTable: "no replicas, no vector indexes and one attribute per key part; streams are described but cannot be read",
  UpdateTable: "no replicas; streams are described but cannot be read",
  UpdateContinuousBackups: "the setting is kept; there is no restore",
  TransactWriteItems: "never a TransactionConflict, since writes take turns",
};
