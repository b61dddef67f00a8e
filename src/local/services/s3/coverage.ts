const STORED = "stored and read back, not carried out";
/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  PutBucketLifecycleConfiguration: `checked, ${STORED}: nothing expires or moves; answers say when an object would expire`,
  PutBucketCors: STORED,
  PutBucketWebsite: STORED,
  PutBucketReplication: STORED,
  PutBucketLogging: STORED,
  PutBucketAccelerateConfiguration: STORED,
  PutBucketRequestPayment: STORED,
  PutBucketAnalyticsConfiguration: STORED,
  PutBucketInventoryConfiguration: STORED,
  PutBucketMetricsConfiguration: STORED,
  PutBucketIntelligentTieringConfiguration: STORED,
  PutBucketAbac: STORED,
  PutBucketAcl: "stored and read back; access is decided by policies only",
  PutObjectAcl: "stored and read back; access is decided by policies only",
  PutBucketNotificationConfiguration: "topics and functions; no queues, no event bus",
  PutBucketVersioning: "no MFA delete",
  PutObject: "encryption is noted, not done; its KMS key is checked",
};
