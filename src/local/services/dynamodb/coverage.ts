/** Operations that do less than AWS's, and what they lack. */
export const partial: Readonly<Record<string, string>> = {
  CreateTable: "no replicas and no vector indexes; streams are described but cannot be read",
  UpdateTable: "no replicas; streams are described but cannot be read",
  UpdateContinuousBackups: "the setting is kept; there is no restore",
  Query: "a FilterExpression never finds lists and maps equal",
  Scan: "a FilterExpression never finds lists and maps equal",
  PutItem: "no ItemCollectionMetrics",
  UpdateItem: "no ItemCollectionMetrics",
  DeleteItem: "no ItemCollectionMetrics",
  BatchWriteItem: "no ItemCollectionMetrics",
  TransactWriteItems: "no ItemCollectionMetrics; never a TransactionConflict, since writes take turns",
};
