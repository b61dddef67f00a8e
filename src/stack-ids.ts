/** Ids of the stack's resources that other folders name: in outputs, errors and the lock. */
export const ALERTS_TOPIC_ID = "topic.alerts";
export const API_ID = "api.rest";
export const API_KEY_ID = "api.key";
export const BUCKET_ID = "bucket.data";
export const DATABASE_ID = "database.main";
export const STAGE_ID = "api.stage";
