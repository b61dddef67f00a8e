/** Writes one line; on Lambda to standard output, where CloudWatch takes it as it is. */
export type WriteLine = (line: string) => void;
export type Level = "INFO" | "WARN" | "ERROR";
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One JSON object a line. Fields are ids, codes and counts: never a position, a note or a person. */
export type Log = (level: Level, message: string, fields?: Fields) => void;

export const makeLog = (write: WriteLine, clock: () => Date, context: Fields): Log => {
  return (level, message, fields = {}) =>
    write(JSON.stringify({ timestamp: clock().toISOString(), level, message, ...context, ...fields }));
};
