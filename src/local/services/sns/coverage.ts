/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  CreateTopic: "no FIFO topics; encryption keys are kept, not used",
  SetTopicAttributes: "delivery status logging is kept, not done",
  Subscribe: "protocols http, https (this machine only), email, email-json, sms, lambda; no sqs, application, firehose",
  Publish: "e-mail and SMS go to the local mailbox; every back-off function counts as linear; no FIFO",
  PublishBatch: "as Publish",
};
